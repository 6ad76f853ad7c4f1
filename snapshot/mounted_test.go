package snapshot_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	iofs "io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/snapshot"
	"github.com/codafs/codafs/snapshot/format"
)

// mountpoint acts as the root of a mount: .codafs is there and not listed.
type mountpoint struct {
	files fstest.MapFS
	gone  atomic.Bool
	fail  map[string]error
}

func mountpointOf(m *memory) *mountpoint {
	status := `{"schema":"codafs.status/1","api_url":"https://coda.io/apis/v1","account":"someone@example.com","more":[1]}`
	var index strings.Builder
	for _, e := range m.entries {
		index.WriteString(asJSON(e) + "\n")
	}
	p := &mountpoint{files: fstest.MapFS{
		".codafs/status.json": {Data: []byte(status)},
		".codafs/index.jsonl": {Data: []byte(index.String())},
	}, fail: map[string]error{}}
	for path, text := range m.content {
		p.files[path] = &fstest.MapFile{Data: []byte(text)}
	}
	return p
}

func (p *mountpoint) Open(name string) (iofs.File, error) {
	if p.gone.Load() {
		return nil, &iofs.PathError{Op: "open", Path: name, Err: iofs.ErrNotExist}
	}
	if err := p.fail[name]; err != nil {
		return nil, &iofs.PathError{Op: "open", Path: name, Err: err}
	}
	return p.files.Open(name)
}

func (p *mountpoint) ReadDir(name string) ([]iofs.DirEntry, error) {
	list, err := p.files.ReadDir(name)
	return slices.DeleteFunc(list, func(e iofs.DirEntry) bool { return e.Name() == ".codafs" }), err
}

func mounted(t *testing.T, p *mountpoint) *snapshot.Mount {
	t.Helper()
	m, err := snapshot.MountOf(p)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestAMountAndItsTreeGiveTheSameSnapshot(t *testing.T) {
	tree, inProcess, throughMount := workspace(2), options(t), options(t)
	broken := tree.entries[5]
	cause := fs.Failure{Kind: broken.Kind, DocID: broken.DocID, ObjectID: broken.ObjectID, Path: broken.Path,
		Code: "export_failed", HTTPStatus: 500, Attempts: 7, Message: "no"}
	tree.open = failing(map[string]error{broken.Path: errors.New("no")})
	inProcess.Explain = func(string, error) fs.Failure { return cause }
	first := mustRun(t, tree, inProcess, 3)

	point := mountpointOf(tree)
	point.fail[broken.Path] = syscall.EIO
	old := cause
	old.Time, old.Code = day, "timeout"
	cause.Time = day.Add(time.Minute)
	point.files[".codafs/errors.jsonl"] = &fstest.MapFile{Data: []byte(asJSON(old) + "\n" + asJSON(cause) + "\n")}
	mount := mounted(t, point)
	throughMount.Source, throughMount.Explain = mount.Source(), mount.Explain
	second := mustRun(t, mount, throughMount, 3)

	a, b := filepath.Join(inProcess.Output, first.ID), filepath.Join(throughMount.Output, second.ID)
	if asJSON(readTree(t, filepath.Join(a, "docs"))) != asJSON(readTree(t, filepath.Join(b, "docs"))) {
		t.Error("docs/ differ")
	}
	m := readJSON[format.Manifest](t, filepath.Join(a, "manifest.json"))
	n := readJSON[format.Manifest](t, filepath.Join(b, "manifest.json"))
	if !equalManifests(m, n) {
		t.Errorf("manifests differ:\n%s\n%s", asJSON(m), asJSON(n))
	}
}

// However many errors a mount has, to explain the newest takes no more than to explain one.
func TestExplainingTakesNoLongerWithEachError(t *testing.T) {
	explaining := func(errors int) float64 {
		point := mountpointOf(workspace(1))
		var lines strings.Builder
		for i := range errors {
			lines.WriteString(asJSON(fs.Failure{Path: fmt.Sprintf("docs/%d.md", i), Code: "export_failed"}) + "\n")
		}
		lines.WriteString(asJSON(fs.Failure{Path: "docs/0.md", Code: "odd", Warning: true}) + "\n")
		point.files[".codafs/errors.jsonl"] = &fstest.MapFile{Data: []byte(lines.String())}
		mount, path := mounted(t, point), fmt.Sprintf("docs/%d.md", errors-1)
		if f := mount.Explain("docs/0.md", syscall.EIO); f.Code != "export_failed" {
			t.Errorf("the oldest of %d: %+v", errors, f)
		}
		if f := mount.Explain("docs/none.md", syscall.EIO); f.Code != "unreadable" {
			t.Errorf("one that has none: %+v", f)
		}
		return testing.AllocsPerRun(20, func() {
			if f := mount.Explain(path, syscall.EIO); f.Path != path {
				t.Errorf("the newest of %d: %+v", errors, f)
			}
		})
	}
	if few, many := explaining(10), explaining(1000); many > few+50 {
		t.Errorf("%v allocations with 10 errors, %v with 1000", few, many)
	}
}

func TestAFolderThatIsNoMountIsAnError(t *testing.T) {
	empty := t.TempDir()
	status := func(text string) string {
		dir := t.TempDir()
		if err := os.Mkdir(filepath.Join(dir, ".codafs"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, ".codafs", "status.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	for name, dir := range map[string]string{
		"empty": empty, "missing": filepath.Join(empty, "none"),
		"not JSON":     status("hello"),
		"other schema": status(`{"schema":"codafs.status/9"}`),
		"a copy":       status(`{"schema":"codafs.status/1"}`),
	} {
		_, err := snapshot.Mounted(dir)
		if !errors.Is(err, snapshot.ErrNotMount) || snapshot.ExitCode(err) != 10 || !strings.Contains(err.Error(), dir) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// When a mount goes away, every path of it is one that does not exist: that must not
// pass for a workspace in which everything was deleted.
func TestAMountThatGoesAwayEndsTheRun(t *testing.T) {
	point := mountpointOf(workspace(2))
	mount, o := mounted(t, point), options(t)
	o.Concurrency = 1
	o.Progress = after{n: 5, f: func() { point.gone.Store(true) }, seen: new(int)}
	s, err := snapshot.Run(t.Context(), mount, o)
	wantStopped(t, o, s, err, 1)
	if !errors.Is(err, snapshot.ErrMountLost) || len(s.Warnings) != 0 {
		t.Errorf("error %v, warnings %q", err, s.Warnings)
	}
}

// after is a Progress that calls f after n files.
type after struct {
	n    int
	f    func()
	seen *int
}

func (a after) Listed(snapshot.Plan)                 {}
func (a after) Fetching(fs.Entry)                    {}
func (a after) Missed(fs.Failure, snapshot.Estimate) {}
func (a after) Copied(format.File, snapshot.Estimate) {
	if *a.seen++; *a.seen == a.n {
		a.f()
	}
}

func TestABrokenIndexIsAFailedListing(t *testing.T) {
	for name, hurt := range map[string]func(*mountpoint){
		"cut off":  func(p *mountpoint) { f := p.files[".codafs/index.jsonl"]; f.Data = f.Data[:len(f.Data)-9] },
		"no JSON":  func(p *mountpoint) { p.files[".codafs/index.jsonl"].Data = []byte("hello\n") },
		"an error": func(p *mountpoint) { p.fail[".codafs/index.jsonl"] = syscall.EIO },
	} {
		t.Run(name, func(t *testing.T) {
			point, o := mountpointOf(workspace(1)), options(t)
			hurt(point)
			s, err := snapshot.Run(t.Context(), mounted(t, point), o)
			wantStopped(t, o, s, err, 1)
		})
	}
}

// The kernel says EACCES, the mount's list of errors why.
func TestARefusedTokenIsOneThroughAMountToo(t *testing.T) {
	point, o := mountpointOf(workspace(1)), options(t)
	point.fail[".codafs/index.jsonl"] = syscall.EACCES
	cause := fs.Failure{Kind: fs.KindControl, ObjectID: "index.jsonl", Code: "unauthorized", HTTPStatus: 401, Message: "Unauthorized", Time: day}
	point.files[".codafs/errors.jsonl"] = &fstest.MapFile{Data: []byte(asJSON(cause) + "\n")}
	mount := mounted(t, point)
	o.Explain = mount.Explain
	s, err := snapshot.Run(t.Context(), mount, o)
	wantStopped(t, o, s, err, 4)
}

// short is a file whose size is larger than what it gives.
type short struct{ iofs.File }

func (s short) Stat() (iofs.FileInfo, error) {
	info, err := s.File.Stat()
	return longer{info}, err
}

type longer struct{ iofs.FileInfo }

func (l longer) Size() int64 { return l.FileInfo.Size() + 1 }

type shortFS struct {
	*mountpoint
	path string
}

func (s shortFS) Open(name string) (iofs.File, error) {
	f, err := s.mountpoint.Open(name)
	if name == s.path && err == nil {
		return short{f}, nil
	}
	return f, err
}

func TestAShortReadIsAFailure(t *testing.T) {
	tree, o := workspace(1), options(t)
	path := tree.entries[3].Path
	mount, err := snapshot.MountOf(shortFS{mountpointOf(tree), path})
	if err != nil {
		t.Fatal(err)
	}
	s := mustRun(t, mount, o, 3)
	if len(s.Failures) != 1 || s.Failures[0].Path != path {
		t.Errorf("failures %+v", s.Failures)
	}
}

// stuck is a mount in which a system call hangs.
type stuck struct {
	*mountpoint
	path        string
	in, release chan struct{}
}

func (s stuck) Open(name string) (iofs.File, error) {
	if name == s.path {
		close(s.in)
		<-s.release
	}
	return s.mountpoint.Open(name)
}

func TestCancelDoesNotWaitForAHangingMount(t *testing.T) {
	tree, o := workspace(1), options(t)
	hang := stuck{mountpointOf(tree), tree.entries[3].Path, make(chan struct{}), make(chan struct{})}
	defer close(hang.release)
	mount, err := snapshot.MountOf(hang)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() {
		<-hang.in
		cancel(exitCause(130))
	}()
	s, err := snapshot.Run(ctx, mount, o)
	wantStopped(t, o, s, err, 130)
}

func TestMountGivesWhatTheKernelGives(t *testing.T) {
	tree := workspace(1)
	mount := mounted(t, mountpointOf(tree))
	entries, err := listOf(t.Context(), mount)
	if err != nil || asJSON(entries) != asJSON(tree.entries) {
		t.Errorf("index %v, %v", entries, err)
	}
	in, err := mount.Open(t.Context(), tree.entries[3].Path)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if data, err := io.ReadAll(in); err != nil || string(data) != tree.content[tree.entries[3].Path] {
		t.Errorf("%q, %v", data, err)
	}
	if want := options(t).Source; mount.Source() != want {
		t.Errorf("source %+v", mount.Source())
	}
}
