package snapshot_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	iofs "io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/snapshot"
	"github.com/codafs/codafs/snapshot/format"
)

// partials names the partial folders in output.
func partials(t *testing.T, output string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(output, ".partial-*"))
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// wantStopped fails unless a run that gave err sealed nothing, and left one partial
// folder whose summary has the exit code.
func wantStopped(t *testing.T, o snapshot.Options, s format.Summary, err error, code int) {
	t.Helper()
	if err == nil || s.ExitCode != code || snapshot.ExitCode(err) != code || s.Result != format.Failed {
		t.Errorf("exit code %d, result %q, error %v; want %d", s.ExitCode, s.Result, err, code)
	}
	if got := latest(t, o.Output); got != "" {
		t.Errorf("latest.txt names %q", got)
	}
	left := partials(t, o.Output)
	if len(left) != 1 {
		t.Fatalf("partial folders: %q", left)
	}
	written := readJSON[format.Summary](t, filepath.Join(left[0], "summary.json"))
	if written.ExitCode != code || written.Result != format.Failed || written.ID != s.ID {
		t.Errorf("summary.json in the partial folder has %+v", written)
	}
}

func TestAFailingFileCostsThatFileOnly(t *testing.T) {
	from, o := workspace(2), options(t)
	first, last := from.entries[3], from.entries[len(from.entries)-1]
	from.open = func(_ context.Context, path string) (io.ReadCloser, error) {
		switch path {
		case last.Path:
			return nil, errors.New("export failed")
		case first.Path: // breaks off after some bytes
			return io.NopCloser(io.MultiReader(strings.NewReader("half"), errReader{errors.New("reset")})), nil
		}
		return nil, nil
	}
	o.Explain = func(path string, err error) fs.Failure {
		return fs.Failure{Time: day, Code: "export_failed", HTTPStatus: 500, Attempts: 7, Message: err.Error()}
	}
	s := mustRun(t, from, o, 3)
	want := []fs.Failure{
		{Kind: first.Kind, DocID: first.DocID, ObjectID: first.ObjectID, Path: first.Path,
			Code: "export_failed", HTTPStatus: 500, Attempts: 7, Message: "reset"},
		{Kind: last.Kind, DocID: last.DocID, ObjectID: last.ObjectID, Path: last.Path,
			Code: "export_failed", HTTPStatus: 500, Attempts: 7, Message: "export failed"},
	}
	m := readJSON[format.Manifest](t, filepath.Join(o.Output, s.ID, "manifest.json"))
	if s.Result != format.Incomplete || !slices.Equal(s.Failures, want) || !slices.Equal(m.Failures, want) {
		t.Errorf("result %q, failures %+v\nwant %+v", s.Result, s.Failures, want)
	}
	rest := maps.Clone(from.content)
	delete(rest, first.Path)
	delete(rest, last.Path)
	wantDocs(t, filepath.Join(o.Output, s.ID), rest)
	if got := latest(t, o.Output); got != s.ID {
		t.Errorf("latest.txt names %q: named gaps do not keep a snapshot from being the latest", got)
	}
	mustVerify(t, o.Output, 0)
}

type errReader struct{ err error }

func (r errReader) Read([]byte) (int, error) { return 0, r.err }

func TestAKnownGapIsNamed(t *testing.T) {
	from, o := workspace(1), options(t)
	from.entries = append(from.entries, fs.Entry{Kind: fs.KindPages, DocID: "doc0",
		Failure: &fs.Failure{Code: "forbidden", HTTPStatus: 403, Message: "no access"}})
	s := mustRun(t, from, o, 3)
	if len(s.Failures) != 1 || s.Failures[0].DocID != "doc0" || s.Failures[0].Kind != fs.KindPages {
		t.Errorf("failures %+v", s.Failures)
	}
	if s.DocsFound != 1 || s.DocsProcessed != 0 {
		t.Errorf("%d of %d docs processed; a doc without its list of pages is not", s.DocsProcessed, s.DocsFound)
	}
}

func TestAnObjectDeletedDuringTheRunIsAWarning(t *testing.T) {
	from, o := workspace(1), options(t)
	gone := from.entries[4].Path
	from.vanish(gone)
	s := mustRun(t, from, o, 0)
	if len(s.Failures) != 0 || len(s.Warnings) != 1 || !strings.Contains(s.Warnings[0], gone) {
		t.Errorf("failures %v, warnings %q", s.Failures, s.Warnings)
	}
	delete(from.content, gone)
	wantDocs(t, filepath.Join(o.Output, s.ID), from.content)
	mustVerify(t, o.Output, 0)
}

func TestAnObjectThatIsStillListedDidNotVanish(t *testing.T) {
	for name, after := range map[string]func(*memory){
		"nothing changed":  func(*memory) {},
		"renamed":          func(m *memory) { m.entries[4].Path = "docs/Another name__canvas-2.md" },
		"cannot be listed": func(m *memory) { m.indexErr = errors.New("down") },
		"its folder cannot be listed": func(m *memory) {
			m.entries = []fs.Entry{{Kind: fs.KindPages, DocID: "doc0", Failure: &fs.Failure{Code: "forbidden", HTTPStatus: 403}}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			from, o := workspace(1), options(t)
			missing := from.entries[4]
			from.open = func(_ context.Context, path string) (io.ReadCloser, error) {
				if path != missing.Path {
					return nil, nil
				}
				from.mu.Lock()
				defer from.mu.Unlock()
				from.entries = slices.Clone(from.entries)
				after(from)
				return nil, iofs.ErrNotExist
			}
			s := mustRun(t, from, o, 3)
			if len(s.Failures) != 1 || s.Failures[0].Path != missing.Path || s.Failures[0].Code != "not_found" || len(s.Warnings) != 0 {
				t.Errorf("failures %+v, warnings %q", s.Failures, s.Warnings)
			}
		})
	}
}

func TestAFailedListingSealsNothing(t *testing.T) {
	from, o := workspace(2), options(t)
	from.indexErr = errors.New("page 3 of 7 did not come")
	s, err := snapshot.Run(t.Context(), from, o)
	wantStopped(t, o, s, err, 1)
	if !errors.Is(err, from.indexErr) || len(from.opened) != 0 {
		t.Errorf("error %v, opened %q", err, from.opened)
	}
}

func TestARefusedTokenEndsTheRun(t *testing.T) {
	unauthorized := fs.Failure{Code: "unauthorized", HTTPStatus: 401, Message: "Unauthorized"}
	for name, prepare := range map[string]func(*memory){
		"at the listing":  func(m *memory) { m.indexErr = iofs.ErrPermission },
		"in the listing":  func(m *memory) { m.entries[2].Failure = &unauthorized },
		"half-way":        func(m *memory) { m.open = failing(map[string]error{m.entries[6].Path: iofs.ErrPermission}) },
		"at the last one": func(m *memory) { m.open = failing(map[string]error{m.entries[21].Path: iofs.ErrPermission}) },
	} {
		t.Run(name, func(t *testing.T) {
			from, o := workspace(2), options(t)
			o.Concurrency = 1
			o.Explain = func(string, error) fs.Failure { return unauthorized }
			prepare(from)
			s, err := snapshot.Run(t.Context(), from, o)
			wantStopped(t, o, s, err, 4)
			if name == "half-way" && len(from.opened) > 8 {
				t.Errorf("went on to open %d files", len(from.opened))
			}
		})
	}
}

func TestHostilePathsAreRefused(t *testing.T) {
	from, o := workspace(1), options(t)
	good := maps.Clone(from.content)
	bad := []string{
		"docs/../../escape.md", "/etc/escape.md", "../escape.md", "escape.md", "docs", "docs/", "docs//a.md", "docs/./a.md",
		`docs\escape.md`, "docs/a\x00b.md", "docs/a\nb.md", "docs/\xff.md", "", ".codafs/status.json", "manifest.json",
		"manifest.json/a.md", "SHA256SUMS/a.md", "sha256sums/a.md", ".docs/a.md", "Docs/a.md",
		from.entries[0].Path,           // twice
		from.entries[3].Path + "/a.md", // through a file
		"docs/Läunch & Plan 0__doc0",   // a folder
	}
	for i, path := range bad {
		from.entries = append(from.entries, fs.Entry{Path: path, Kind: fs.KindPage, DocID: "doc0", ObjectID: fmt.Sprint("canvas-x", i)})
		if _, ok := from.content[path]; !ok {
			from.content[path] = "evil"
		}
	}
	s := mustRun(t, from, o, 3)
	if len(s.Failures) != len(bad) {
		t.Errorf("%d failures, want %d: %+v", len(s.Failures), len(bad), s.Failures)
	}
	for _, f := range s.Failures {
		if f.Code != "bad_path" {
			t.Errorf("%q: code %q", f.Path, f.Code)
		}
	}
	wantDocs(t, filepath.Join(o.Output, s.ID), good)
	if above := readTree(t, filepath.Dir(o.Output)); slices.ContainsFunc(slices.Collect(maps.Keys(above)),
		func(name string) bool { return strings.Contains(name, "escape") }) {
		t.Errorf("written outside: %q", slices.Sorted(maps.Keys(above)))
	}
	mustVerify(t, o.Output, 0)
}

func TestANameThatTheDiskCannotHoldCostsThatFileOnly(t *testing.T) {
	from, o := workspace(1), options(t)
	long := "docs/" + strings.Repeat("n", 300) + ".md"
	from.add(fs.Entry{Path: long, Kind: fs.KindPage, DocID: "doc0", ObjectID: "canvas-9"}, "text")
	s := mustRun(t, from, o, 3)
	if len(s.Failures) != 1 || s.Failures[0].Path != long || s.Failures[0].Code != "bad_name" {
		t.Errorf("failures %+v", s.Failures)
	}
	mustVerify(t, o.Output, 0)
}

func TestCancelStopsBlockedReadsAtOnce(t *testing.T) {
	from, o := workspace(2), options(t)
	blocked := make(chan struct{}, len(from.entries))
	from.open = func(ctx context.Context, path string) (io.ReadCloser, error) {
		if strings.HasSuffix(path, ".json") {
			return nil, nil
		}
		blocked <- struct{}{}
		<-ctx.Done()
		return nil, context.Cause(ctx)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() {
		<-blocked
		<-blocked
		cancel(exitCause(143))
	}()
	s, err := snapshot.Run(ctx, from, o)
	wantStopped(t, o, s, err, 143)
	if len(s.Failures) != 0 {
		t.Errorf("stopping is no failure of a file: %+v", s.Failures)
	}
}

// exitCause is a cause of cancellation that has an exit code.
type exitCause int

func (c exitCause) Error() string { return fmt.Sprint("stopped with ", int(c)) }
func (c exitCause) ExitCode() int { return int(c) }

func TestAPlainCancelIsAnInterrupt(t *testing.T) {
	from, o := workspace(1), options(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s, err := snapshot.Run(ctx, from, o)
	wantStopped(t, o, s, err, 130)
}

func TestConcurrencyIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		from, o := workspace(2), options(t)
		o.Concurrency = 3
		open := make(chan struct{}, 3)
		from.open = func(ctx context.Context, path string) (io.ReadCloser, error) {
			select {
			case open <- struct{}{}:
			default:
				t.Error("a fourth file is opened")
			}
			time.Sleep(time.Second)
			<-open
			return nil, nil
		}
		start := time.Now()
		mustRun(t, from, o, 0)
		// 22 files of a second each, three at a time.
		if took := time.Since(start); took != 8*time.Second {
			t.Errorf("took %v, want 8 s", took)
		}
	})
}

func TestAnUnusableOutputIsADestinationError(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, output := range []string{file, filepath.Join(file, "below")} {
		o := options(t)
		o.Output = output
		s, err := snapshot.Run(t.Context(), workspace(1), o)
		if snapshot.ExitCode(err) != 13 || s.ExitCode != 13 || s.Result != format.Failed {
			t.Errorf("%s: exit code %d, %v", output, s.ExitCode, err)
		}
	}
}

func TestADiskWithoutModesAndTimesWillDo(t *testing.T) {
	from, o := workspace(1), options(t)
	o.CheckDisk(func(op, name string) error {
		if op == "chmod" || op == "chtimes" || op == "symlink" || op == "sync" && name == "." {
			return syscall.EPERM
		}
		return nil
	})
	s := mustRun(t, from, o, 0)
	if n := strings.Count(strings.Join(s.Warnings, "\n"), "time at which they were written"); n != 1 {
		t.Errorf("%d warnings of lost times, want 1: %q", n, s.Warnings)
	}
	wantDocs(t, filepath.Join(o.Output, s.ID), from.content)
	mustVerify(t, o.Output, 0)
}

// Pages that wait for the service hold up no other file, and the other way round.
func TestPagesAreCopiedBesideTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		from, o := workspace(2), options(t)
		o.Concurrency, o.PageConcurrency = 2, 3
		free := map[bool]chan struct{}{true: make(chan struct{}, 3), false: make(chan struct{}, 2)} // by whether it is a page
		from.open = func(ctx context.Context, path string) (io.ReadCloser, error) {
			page := strings.HasSuffix(path, ".md")
			select {
			case free[page] <- struct{}{}:
			default:
				t.Errorf("%s is opened, one too many of its kind", path)
			}
			time.Sleep(map[bool]time.Duration{true: 5 * time.Second, false: time.Second}[page])
			<-free[page]
			return nil, nil
		}
		start := time.Now()
		mustRun(t, from, o, 0)
		// Four pages of 5 s each, three at a time; beside them 18 files of a second each, two at a time.
		if took := time.Since(start); took != 10*time.Second {
			t.Errorf("took %v, want 10 s", took)
		}
	})
}

func TestASummaryOfAFailureSaysWhy(t *testing.T) {
	from, o := workspace(1), options(t)
	from.indexErr = errors.New("page 3 of 7 did not come")
	s, err := snapshot.Run(t.Context(), from, o)
	left := readJSON[format.Summary](t, filepath.Join(partials(t, o.Output)[0], "summary.json"))
	if s.Error != err.Error() || left.Error != s.Error || !s.FinishedAt.After(s.StartedAt) {
		t.Errorf("error %v; summary %+v, on disk %+v", err, s, left)
	}
	if s := mustRun(t, workspace(1), o, 0); s.Error != "" {
		t.Errorf("a good run says %q", s.Error)
	}
}
