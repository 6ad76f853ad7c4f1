package snapshot_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/snapshot"
	"github.com/codafs/codafs/snapshot/format"
)

// interrupted makes a run that stops when it comes to the last file of its tree. It gives
// the partial folder.
func interrupted(t *testing.T, from *memory, o snapshot.Options) string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	last := from.entries[len(from.entries)-1].Path
	from.open = func(_ context.Context, path string) (io.ReadCloser, error) {
		if path == last {
			cancel()
			return nil, context.Canceled
		}
		return nil, nil
	}
	o.Concurrency = 1
	s, err := snapshot.Run(ctx, from, o)
	wantStopped(t, o, s, err, 130)
	from.open, from.opened = nil, nil
	return partials(t, o.Output)[0]
}

func TestTheNextRunTakesOverWhatIsDone(t *testing.T) {
	from, o := workspace(1), options(t)
	interrupted(t, from, o)
	o.Now = clockAt(day.Add(time.Hour))
	s := mustRun(t, from, o, 0)
	if want := []string{from.entries[len(from.entries)-1].Path}; !slices.Equal(from.opened, want) {
		t.Errorf("fetched %q, want %q", from.opened, want)
	}
	if s.ID != "2026-03-07T111530Z" || s.Files != len(from.entries) || s.TablesExported != 1 || s.ViewsExported != 1 {
		t.Errorf("summary %+v", s)
	}
	wantDocs(t, filepath.Join(o.Output, s.ID), from.content)
	for _, f := range readJSON[format.Manifest](t, filepath.Join(o.Output, s.ID, "manifest.json")).Files {
		if f.Kind == fs.KindRows && *f.Rows != 2 {
			t.Errorf("%s: %d rows", f.Path, *f.Rows)
		}
	}
	mustVerify(t, o.Output, 0)
}

func TestOnlyTrustworthyFilesAreTakenOver(t *testing.T) {
	change := func(t *testing.T, path string, f func([]byte) []byte) {
		t.Helper()
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f(data), 0o400); err != nil {
			t.Fatal(err)
		}
	}
	for name, disturb := range map[string]func(t *testing.T, from *memory, path, partial string){
		"one bit flipped, size and journal as they were": func(t *testing.T, _ *memory, path, partial string) {
			change(t, filepath.Join(partial, path), func(b []byte) []byte { b[0] ^= 1; return b })
		},
		"cut off": func(t *testing.T, _ *memory, path, partial string) {
			change(t, filepath.Join(partial, path), func(b []byte) []byte { return b[:len(b)/2] })
		},
		"gone": func(t *testing.T, _ *memory, path, partial string) {
			if err := os.Remove(filepath.Join(partial, path)); err != nil {
				t.Fatal(err)
			}
		},
		"a link to equal bytes": func(t *testing.T, from *memory, path, partial string) {
			other := filepath.Join(partial, "..", "..", "other")
			if err := os.Rename(filepath.Join(partial, path), other); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(other, filepath.Join(partial, path)); err != nil {
				t.Skip("no symbolic links here")
			}
		},
		"its version moved": func(_ *testing.T, from *memory, path, _ string) { from.edit(path, "# Newer\n") },
		"no version": func(_ *testing.T, from *memory, path, _ string) {
			for i := range from.entries {
				if from.entries[i].Path == path {
					from.entries[i].Version = ""
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			from, o := workspace(1), options(t)
			partial := interrupted(t, from, o)
			path := from.entries[3].Path
			disturb(t, from, path, partial)
			o.Now = clockAt(day.Add(time.Hour))
			s := mustRun(t, from, o, 0)
			if !slices.Contains(from.opened, path) || len(from.opened) != 2 {
				t.Errorf("fetched %q", from.opened)
			}
			wantDocs(t, filepath.Join(o.Output, s.ID), from.content)
			mustVerify(t, o.Output, 0)
		})
	}
}

// Coda's reads may lag behind its stamps: what was fetched within ten minutes of an edit may
// be the text before it.
func TestYoungContentIsFetchedAgain(t *testing.T) {
	for age, again := range map[time.Duration]bool{
		9 * time.Minute: true, 11 * time.Minute: false,
	} {
		from, o := workspace(1), options(t)
		young := &from.entries[3]
		young.ModTime = day.Add(-age)
		interrupted(t, from, o)
		o.Now = clockAt(day.Add(time.Hour))
		mustRun(t, from, o, 0)
		if got := slices.Contains(from.opened, young.Path); got != again {
			t.Errorf("edited %v before the run: fetched again %v, want %v", age, got, again)
		}
	}
}

func TestWhatLeftTheWorkspaceLeavesThePartialFolder(t *testing.T) {
	from, o := workspace(1), options(t)
	partial := interrupted(t, from, o)
	for _, e := range from.entries[:5] {
		delete(from.content, e.Path)
	}
	from.entries = from.entries[5:]
	from.add(fs.Entry{Path: "docs/Moved__doc0/doc.json", Kind: fs.KindDoc, DocID: "doc0", ObjectID: "doc0"}, "{}\n")
	for _, folder := range []string{"docs", "bases"} { // another source calls its folder so
		_ = os.Mkdir(filepath.Join(partial, folder), 0o700)
		if err := os.WriteFile(filepath.Join(partial, folder, "stray"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	o.Now = clockAt(day.Add(time.Hour))
	s := mustRun(t, from, o, 0)
	dir := filepath.Join(o.Output, s.ID)
	wantDocs(t, dir, from.content)
	tables := filepath.Dir(filepath.Dir(from.entries[0].Path))
	if _, err := os.Stat(filepath.Join(dir, tables, "..", "pages")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("an empty folder stayed: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "bases")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("another folder stayed: %v", err)
	}
	mustVerify(t, o.Output, 0)
}

// A link where the run has a folder of its own must not lead what is removed, or written, into a sealed snapshot.
func TestALinkInThePartialFolderIsNotFollowed(t *testing.T) {
	from, o := workspace(1), options(t)
	sealed := mustRun(t, from, o, 0)
	before := readTree(t, filepath.Join(o.Output, sealed.ID))
	for n, link := range []struct{ partial, docs, target string }{
		{".partial-2026-01-01T000000Z", "docs", "../" + sealed.ID + "/docs"},
		{".partial-2026-01-02T000000Z", "docs", "docs"},
		{".partial-2026-01-03T000000Z", "", sealed.ID},
	} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(o.Output, link.partial, link.docs)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(link.target, filepath.Join(o.Output, link.partial, link.docs)); err != nil {
			t.Skip("no symbolic links here")
		}
		o.Now = clockAt(day.Add(time.Duration(n+1) * time.Hour))
		s := mustRun(t, from, o, 0)
		wantDocs(t, filepath.Join(o.Output, s.ID), from.content)
		if after := readTree(t, filepath.Join(o.Output, sealed.ID)); asJSON(after) != asJSON(before) {
			t.Errorf("%s: the sealed snapshot was changed", link.target)
		}
		mustVerify(t, o.Output, 0)
	}
}

func TestWhatIsNotOfTheRunIsNotSealed(t *testing.T) {
	from, o := workspace(1), options(t)
	partial := interrupted(t, from, o)
	write(t, filepath.Join(partial, ".DS_Store"), "")
	write(t, filepath.Join(partial, "mine", "file"), "")
	write(t, filepath.Join(partial, "manifest.json", "file"), "")
	from.open = func(context.Context, string) (io.ReadCloser, error) { // and while the run works
		write(t, filepath.Join(o.Output, ".partial-2026-03-07T111530Z", ".DS_Store"), "")
		write(t, filepath.Join(o.Output, ".partial-2026-03-07T111530Z", "late", "file"), "")
		return nil, nil
	}
	o.Now = clockAt(day.Add(time.Hour))
	s := mustRun(t, from, o, 0)
	if len(from.opened) != 1 {
		t.Errorf("fetched %q", from.opened)
	}
	wantDocs(t, filepath.Join(o.Output, s.ID), from.content)
	mustVerify(t, o.Output, 0)
}

func TestThePartialFolderOfAnotherSelectionStays(t *testing.T) {
	from, o := workspace(1), options(t)
	partial := interrupted(t, from, o)
	before := readTree(t, partial)
	o.Selection = map[string]any{"doc": "doc0"}
	o.Now = clock() // even in the same second
	s := mustRun(t, from, o, 0)
	if len(from.opened) != len(from.entries) || s.ID != "2026-03-07T101530Z-2" {
		t.Errorf("id %q, fetched %d files", s.ID, len(from.opened))
	}
	if after := readTree(t, partial); asJSON(after) != asJSON(before) {
		t.Error("the other's folder was changed")
	}
}

func TestATornJournalLineIsOneFileOnly(t *testing.T) {
	from, o := workspace(1), options(t)
	partial := interrupted(t, from, o)
	name := filepath.Join(partial, "journal.jsonl")
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, data[:len(data)-10], 0o600); err != nil {
		t.Fatal(err)
	}
	o.Now = clockAt(day.Add(time.Hour))
	s := mustRun(t, from, o, 0)
	if len(from.opened) != 2 {
		t.Errorf("fetched %q", from.opened)
	}
	wantDocs(t, filepath.Join(o.Output, s.ID), from.content)
}

func TestManyFailedNightsLeaveOnePartialFolder(t *testing.T) {
	from, o := workspace(1), options(t)
	from.indexErr = errors.New("down")
	for night := range 5 {
		o.Now = clockAt(day.AddDate(0, 0, night))
		s, err := snapshot.Run(t.Context(), from, o)
		wantStopped(t, o, s, err, 1)
	}
}
