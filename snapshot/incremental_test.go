package snapshot_test

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/snapshot"
	"github.com/codafs/codafs/snapshot/format"
)

// nights are incremental runs into one folder, a day apart.
type nights struct {
	from *memory
	o    snapshot.Options
	n    int
}

// newNights makes the first run, of a workspace with docs docs.
func newNights(t *testing.T, docs int) *nights {
	t.Helper()
	n := &nights{from: workspace(docs), o: options(t)}
	n.o.Incremental = true
	mustRun(t, n.from, n.o, 0)
	return n
}

// next makes one more run, and forgets what was opened before it.
func (n *nights) next(t *testing.T, from snapshot.Origin, code int) (format.Summary, map[string]format.File) {
	t.Helper()
	n.n++
	n.from.opened = nil
	n.o.Now = clockAt(day.AddDate(0, 0, n.n))
	s := mustRun(t, from, n.o, code)
	mustVerify(t, n.o.Output, 0)
	files := map[string]format.File{}
	for _, f := range readJSON[format.Manifest](t, filepath.Join(n.o.Output, s.ID, "manifest.json")).Files {
		files[f.Path] = f
	}
	return s, files
}

// linked reports whether two paths below the output folder are one file.
func (n *nights) linked(t *testing.T, a, b string) bool {
	t.Helper()
	var infos [2]os.FileInfo
	for i, name := range []string{a, b} {
		var err error
		if infos[i], err = os.Lstat(filepath.Join(n.o.Output, name)); err != nil {
			t.Fatal(err)
		}
	}
	return os.SameFile(infos[0], infos[1])
}

func (n *nights) wantOpened(t *testing.T, want ...string) {
	t.Helper()
	slices.Sort(n.from.opened)
	slices.Sort(want)
	if !slices.Equal(n.from.opened, want) {
		t.Errorf("opened %q, want %q", n.from.opened, want)
	}
}

const firstID = "2026-03-07T101530Z"

func TestAnUnchangedWorkspaceIsLinkedNotFetched(t *testing.T) {
	n := newNights(t, 2)
	s, files := n.next(t, n.from, 0)
	n.wantOpened(t)
	if s.SkippedUnchanged != 8 || s.PagesExported != 0 || s.TablesExported != 0 || s.ViewsExported != 0 || s.Files != 22 {
		t.Errorf("summary %+v", s)
	}
	wantDocs(t, filepath.Join(n.o.Output, s.ID), n.from.content)
	for path, f := range files {
		if f.Status != format.StatusUnchanged || !n.linked(t, firstID+"/"+path, s.ID+"/"+path) {
			t.Errorf("%s: status %q, or no link", path, f.Status)
		}
		if f.Kind == fs.KindRows && (f.Rows == nil || *f.Rows != 2) {
			t.Errorf("%s: rows %v", path, f.Rows)
		}
	}
}

func TestOnlyAFreshRunFetchesAll(t *testing.T) {
	n := newNights(t, 1)
	n.o.Incremental = false
	s, _ := n.next(t, n.from, 0)
	if len(n.from.opened) != len(n.from.entries) || s.SkippedUnchanged != 0 {
		t.Errorf("opened %d files, skipped %d", len(n.from.opened), s.SkippedUnchanged)
	}
	n.from.open = failing(map[string]error{n.from.entries[3].Path: errors.New("down")})
	if _, files := n.next(t, n.from, 3); len(files) != len(n.from.entries)-1 {
		t.Errorf("%d files: one is carried though nobody asked for it", len(files))
	}
}

func TestOnlyWhatChangedIsFetched(t *testing.T) {
	n := newNights(t, 2)
	edited, moved := n.from.entries[3].Path, &n.from.entries[15]
	n.from.edit(edited, "# Edited\n")
	old := moved.Path // renamed, with the same version: as a table whose page has a new title
	moved.Path = "docs/Elsewhere__doc1/" + filepath.Base(old)
	n.from.content[moved.Path] = n.from.content[old]
	delete(n.from.content, old)
	s, files := n.next(t, n.from, 0)
	n.wantOpened(t, edited)
	wantDocs(t, filepath.Join(n.o.Output, s.ID), n.from.content)
	if !n.linked(t, firstID+"/"+old, s.ID+"/"+moved.Path) {
		t.Error("the renamed file is no link to the old one")
	}
	if files[edited].Status != format.StatusChanged || files[moved.Path].Status != format.StatusUnchanged {
		t.Errorf("status %q, %q", files[edited].Status, files[moved.Path].Status)
	}
	if s.SkippedUnchanged != 7 || s.PagesExported != 1 {
		t.Errorf("skipped %d, exported %d", s.SkippedUnchanged, s.PagesExported)
	}
}

// What was read within ten minutes of an edit may be older than its stamp says.
func TestYoungContentIsFetchedOnceMoreThenLinked(t *testing.T) {
	n := &nights{from: workspace(1), o: options(t)}
	n.o.Incremental = true
	for i, age := range []time.Duration{-time.Minute, 0, 9 * time.Minute, 10 * time.Minute, time.Hour} {
		n.from.entries[i].ModTime = day.Add(-age)
	}
	marked := &n.from.entries[6] // the origin itself says that it is young
	version := marked.Version
	marked.Version += "-young"
	mustRun(t, n.from, n.o, 0)
	young := []string{n.from.entries[0].Path, n.from.entries[1].Path, n.from.entries[2].Path, marked.Path}
	n.next(t, n.from, 0)
	n.wantOpened(t, young...)
	marked.Version = version
	n.next(t, n.from, 0)
	n.wantOpened(t, marked.Path)
	n.next(t, n.from, 0)
	n.wantOpened(t)
}

func TestAFileWithoutVersionIsFetched(t *testing.T) {
	n := &nights{from: workspace(1), o: options(t)}
	n.o.Incremental = true
	n.from.entries[3].Version = ""
	mustRun(t, n.from, n.o, 0)
	n.next(t, n.from, 0)
	n.wantOpened(t, n.from.entries[3].Path)
}

func TestADamagedFileIsFetchedAgainAndNamed(t *testing.T) {
	for name, hurt := range map[string]func(path string) error{
		"one bit": func(path string) error {
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			data[0] ^= 1
			return errors.Join(os.Remove(path), os.WriteFile(path, data, 0o400))
		},
		"cut off": func(path string) error { return os.Truncate(path, 1) },
		"missing": os.Remove,
	} {
		t.Run(name, func(t *testing.T) {
			n := newNights(t, 1)
			path := n.from.entries[3].Path
			if err := hurt(filepath.Join(n.o.Output, firstID, path)); err != nil {
				t.Skip(err) // not root: the file is read-only
			}
			n.o.Now = clockAt(day.Add(time.Hour))
			n.from.opened = nil
			s := mustRun(t, n.from, n.o, 0)
			n.wantOpened(t, path)
			if len(s.Warnings) != 1 || !strings.Contains(s.Warnings[0], path) || !strings.Contains(s.Warnings[0], firstID) {
				t.Errorf("warnings %q", s.Warnings)
			}
			mustVerify(t, filepath.Join(n.o.Output, s.ID), 0)
		})
	}
}

func TestWhereLinksFailFilesAreCopied(t *testing.T) {
	for _, cause := range []error{syscall.EXDEV, syscall.EPERM, syscall.EMLINK, syscall.ENOTSUP} {
		n := newNights(t, 1)
		n.o.CheckDisk(func(op, name string) error {
			if op == "link" {
				return cause
			}
			return nil
		})
		s, files := n.next(t, n.from, 0)
		n.wantOpened(t)
		wantDocs(t, filepath.Join(n.o.Output, s.ID), n.from.content)
		for path := range files {
			info, err := os.Stat(filepath.Join(n.o.Output, s.ID, path))
			if err != nil || !info.ModTime().Equal(n.from.entries[0].ModTime) || info.Mode().Perm() != 0o400 {
				t.Errorf("%s: %v, %v", path, info, err)
			}
			if n.linked(t, firstID+"/"+path, s.ID+"/"+path) {
				t.Errorf("%s is a link", path)
			}
		}
	}
}

func TestAFailingObjectIsCarriedAndNamed(t *testing.T) {
	n := newNights(t, 1)
	page := n.from.entries[3].Path
	before := n.from.content[page]
	n.from.edit(page, "# Edited\n")
	n.from.open = failing(map[string]error{page: errors.New("export failed")})
	want := maps.Clone(n.from.content)
	want[page] = before
	for range 2 { // from the first, then from the one that has it carried
		s, files := n.next(t, n.from, 3)
		wantDocs(t, filepath.Join(n.o.Output, s.ID), want)
		f := files[page]
		if f.Status != format.StatusCarried || f.Version != versionOf(before) || !n.linked(t, firstID+"/"+page, s.ID+"/"+page) {
			t.Errorf("carried as %+v", f)
		}
		if len(s.Failures) != 1 || s.Failures[0].Path != page || s.Result != format.Incomplete || latest(t, n.o.Output) != s.ID {
			t.Errorf("result %q, failures %+v", s.Result, s.Failures)
		}
	}
	n.from.open = nil
	s, files := n.next(t, n.from, 0)
	n.wantOpened(t, page)
	if files[page].Status != format.StatusChanged {
		t.Errorf("status %q", files[page].Status)
	}
	wantDocs(t, filepath.Join(n.o.Output, s.ID), n.from.content)
}

// The bytes of a young file may be too old for its version. When the second read fails they
// are carried; that must not make them final.
func TestACarriedFileIsNeverTakenForFinal(t *testing.T) {
	n := &nights{from: workspace(1), o: options(t)}
	n.o.Incremental = true
	page := n.from.entries[3].Path
	n.from.entries[3].ModTime = day
	mustRun(t, n.from, n.o, 0)
	n.from.open = failing(map[string]error{page: errors.New("down")})
	n.next(t, n.from, 3)
	n.from.open = nil
	n.from.content[page] = "# What the stamp stood for\n"
	s, _ := n.next(t, n.from, 0)
	n.wantOpened(t, page)
	wantDocs(t, filepath.Join(n.o.Output, s.ID), n.from.content)
}

// gapFor replaces the entries of a doc for which cut holds by one failed listing.
func (n *nights) gapFor(kind fs.Kind, path string, cut func(fs.Entry) bool) {
	n.from.entries = slices.DeleteFunc(slices.Clone(n.from.entries), func(e fs.Entry) bool { return e.DocID == "doc0" && cut(e) })
	n.from.entries = append(n.from.entries, fs.Entry{Path: path, Kind: kind, DocID: "doc0", ObjectID: "doc0",
		Failure: &fs.Failure{Code: "server_error", HTTPStatus: 500, Message: "no"}})
}

func TestWhatAFailedListingHidesIsCarried(t *testing.T) {
	const doc = "docs/Läunch & Plan 0__doc0"
	for name, test := range map[string]struct {
		kind    fs.Kind
		path    string
		hidden  func(fs.Entry) bool
		carried int
	}{
		"pages": {fs.KindPages, doc + "/pages.json",
			func(e fs.Entry) bool { return e.Kind == fs.KindPage || e.Kind == fs.KindPages }, 3},
		"tables": {fs.KindTables, doc + "/tables.json",
			func(e fs.Entry) bool { return strings.Contains(e.Path, "/tables") }, 7},
		"the doc":           {fs.KindDoc, doc, func(fs.Entry) bool { return true }, 11},
		"all but its files": {fs.KindDoc, doc, func(e fs.Entry) bool { return e.Kind != fs.KindDoc }, 10},
	} {
		t.Run(name, func(t *testing.T) {
			n := newNights(t, 2)
			n.gapFor(test.kind, test.path, test.hidden)
			s, files := n.next(t, n.from, 3)
			n.wantOpened(t)
			wantDocs(t, filepath.Join(n.o.Output, s.ID), n.from.content)
			got := 0
			for _, f := range files {
				if f.Status == format.StatusCarried {
					got++
				}
			}
			docs := readJSON[format.Manifest](t, filepath.Join(n.o.Output, s.ID, "manifest.json")).Docs
			if got != test.carried || s.DocsProcessed != 1 || len(docs) != 2 || docs[0].Path != doc {
				t.Errorf("%d files are carried, want %d; %d docs processed; docs %+v", got, test.carried, s.DocsProcessed, docs)
			}
		})
	}
}

func TestCarriedFilesFollowTheirDoc(t *testing.T) {
	n := newNights(t, 1)
	for i, e := range n.from.entries {
		n.from.entries[i].Path = strings.Replace(e.Path, "Läunch & Plan 0__", "New name__", 1)
		n.from.content[n.from.entries[i].Path] = n.from.content[e.Path]
		delete(n.from.content, e.Path)
	}
	n.gapFor(fs.KindPages, "docs/New name__doc0/pages.json", func(e fs.Entry) bool { return e.Kind == fs.KindPage || e.Kind == fs.KindPages })
	s, _ := n.next(t, n.from, 3)
	wantDocs(t, filepath.Join(n.o.Output, s.ID), n.from.content)
}

func TestWhatWasDeletedIsNotCarried(t *testing.T) {
	n := newNights(t, 1)
	n.from.edit(n.from.entries[3].Path, "edited")
	n.from.vanish(n.from.entries[3].Path)          // while the run goes
	delete(n.from.content, n.from.entries[4].Path) // before it
	delete(n.from.content, n.from.entries[3].Path)
	n.from.entries = slices.Delete(n.from.entries, 4, 5)
	s, _ := n.next(t, n.from, 0)
	wantDocs(t, filepath.Join(n.o.Output, s.ID), n.from.content)
}

// gated is a memory that can leave out docs.
type gated struct {
	*memory
	asked map[string]time.Time
}

func (g gated) Index(ctx context.Context, held fs.Held, each func(fs.Entry) error) error {
	all, err := listOf(ctx, g.memory)
	skip := map[string]bool{}
	for _, e := range all {
		if e.Kind == fs.KindDoc && e.Failure == nil {
			if held.Doc != nil {
				g.asked[e.DocID] = e.UpdatedAt
				skip[e.DocID] = held.Doc(e.DocID, e.UpdatedAt)
			}
		}
	}
	if err != nil {
		return err
	}
	return giveAll(slices.DeleteFunc(all, func(e fs.Entry) bool { return skip[e.DocID] && e.Kind != fs.KindDoc }), each)
}

func TestTrustedDocsAreTakenFromTheSnapshotBefore(t *testing.T) {
	n := newNights(t, 3)
	n.o.TrustDocTimestamps = true
	from := gated{n.from, map[string]time.Time{}}
	// Both docs have an edited page; only one moved its stamp.
	n.from.edit(n.from.entries[3].Path, "# Seen\n")
	n.from.edit(n.from.entries[14].Path, "# Not seen\n")
	n.from.entries[0].UpdatedAt = day.Add(time.Hour)
	s, files := n.next(t, from, 0)
	n.wantOpened(t, n.from.entries[3].Path)
	if len(from.asked) != 3 || len(files) != 33 || s.SkippedUnchanged != 11 {
		t.Errorf("asked for %d docs, %d files, %d skipped", len(from.asked), len(files), s.SkippedUnchanged)
	}
	want := maps.Clone(n.from.content)
	want[n.from.entries[14].Path] = "# Status of doc1\n"
	wantDocs(t, filepath.Join(n.o.Output, s.ID), want)
}

func TestADocThatIsNotWholeIsLookedInto(t *testing.T) {
	n := newNights(t, 2)
	n.o.TrustDocTimestamps = true
	from := gated{n.from, map[string]time.Time{}}
	page := n.from.entries[3].Path
	n.from.edit(page, "# Edited\n") // and the doc's stamp did not move
	n.from.entries[0].UpdatedAt = day.Add(time.Hour)
	n.from.open = failing(map[string]error{page: errors.New("down")})
	n.next(t, from, 3)
	n.from.open = nil
	s, _ := n.next(t, from, 0)
	n.wantOpened(t, page)
	wantDocs(t, filepath.Join(n.o.Output, s.ID), n.from.content)
}

func TestARecentlyEditedDocIsLookedInto(t *testing.T) {
	n := newNights(t, 1)
	n.o.TrustDocTimestamps = true
	n.from.entries[0].UpdatedAt = day.AddDate(0, 0, 1).Add(-time.Minute)
	n.next(t, gated{n.from, map[string]time.Time{}}, 0)
	n.from.edit(n.from.entries[3].Path, "# It came late\n")
	n.next(t, gated{n.from, map[string]time.Time{}}, 0)
	n.wantOpened(t, n.from.entries[3].Path)
}

func TestADamagedFileOfATrustedDocIsFetched(t *testing.T) {
	n := newNights(t, 1)
	n.o.TrustDocTimestamps = true
	view := n.from.entries[8].Path
	if err := os.Remove(filepath.Join(n.o.Output, firstID, view)); err != nil {
		t.Fatal(err)
	}
	n.o.Now = clockAt(day.Add(time.Hour))
	n.from.opened = nil
	s := mustRun(t, gated{n.from, map[string]time.Time{}}, n.o, 0)
	n.wantOpened(t, view)
	if s.ViewsExported != 1 || s.TablesExported != 0 {
		t.Errorf("%d views, %d tables", s.ViewsExported, s.TablesExported)
	}
}

// What failed in the first snapshot of all has nothing to be carried from.
func TestAGapInATrustedDocIsLookedInto(t *testing.T) {
	n := &nights{from: workspace(1), o: options(t)}
	n.o.Incremental, n.o.TrustDocTimestamps = true, true
	page := n.from.entries[3].Path
	n.from.open = failing(map[string]error{page: errors.New("down")})
	mustRun(t, n.from, n.o, 3)
	n.from.open = nil
	s, _ := n.next(t, gated{n.from, map[string]time.Time{}}, 0)
	n.wantOpened(t, page)
	wantDocs(t, filepath.Join(n.o.Output, s.ID), n.from.content)
}

// A run that is stopped just before it is sealed has its carried files in the manifest.
func TestACarriedFileOfAStoppedRunIsTriedAgain(t *testing.T) {
	n := &nights{from: workspace(1), o: options(t)}
	n.o.Incremental = true
	page := n.from.entries[3].Path
	n.from.entries[3].ModTime = day // the first read is young, so the next run reads again
	mustRun(t, n.from, n.o, 0)
	n.from.open = failing(map[string]error{page: errors.New("down")})
	n.o.CheckDisk(func(op, name string) error {
		if op == "rename" && isID(name) {
			return syscall.EIO
		}
		return nil
	})
	n.o.Now = clockAt(day.Add(time.Hour))
	if _, err := snapshot.Run(t.Context(), n.from, n.o); snapshot.ExitCode(err) != 13 {
		t.Fatal(err)
	}
	n.from.open = nil
	n.from.content[page] = "# What the stamp stood for\n"
	n.o.CheckDisk(nil)
	s, files := n.next(t, n.from, 0)
	n.wantOpened(t, page)
	wantDocs(t, filepath.Join(n.o.Output, s.ID), n.from.content)
	if files[page].Status != format.StatusChanged {
		t.Errorf("status %q", files[page].Status)
	}
}
