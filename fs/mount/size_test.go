//go:build linux

package mount

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"

	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/treetest"
)

// A shell opens a file for a program that asks for no size and goes by the kernel's: busybox cat sends what
// sendfile(2) gives.
func TestRedirectedFileIsCompleteAndNoLonger(t *testing.T) {
	for _, mode := range []Sizes{Auto, Estimate} {
		for _, before := range []string{"true", `ls -l "$1"`} {
			t.Run(fmt.Sprint(mode, " after ", before), func(t *testing.T) {
				tool(t, "busybox")
				var nodes []fs.Node
				for i, size := range []int{0, 1, 5000, 128 << 10, 256 << 10, 1_000_001, 3 << 20} {
					nodes = append(nodes, newFile(fmt.Sprint("f", i), sample(size)).estimating(int64(size)+5<<20))
				}
				dir := mountTree(t, newDir("", nodes...), Options{Sizes: mode})
				for _, n := range nodes {
					f := n.(*fakeFile)
					path := join(dir, f.name)
					cmd := exec.Command("sh", "-c", before+` >/dev/null; busybox cat < "$1"`, "-", path)
					got, err := cmd.CombinedOutput()
					if want := f.data["v1"]; err != nil || string(got) != string(want) {
						t.Errorf("%d bytes, want %d (%v)", len(got), len(want), err)
					}
				}
			})
		}
	}
}

// renamed puts a program under another name, which is what /proc has of it then.
func renamed(t *testing.T, program, name string) string {
	path, err := exec.LookPath(program)
	if err != nil {
		t.Skip(program, "is not installed")
	}
	link := join(t.TempDir(), name)
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	return link
}

func TestWhoOnlyLooksGetsAnEstimateAndFetchesNothing(t *testing.T) {
	file := newFile("a.md", sample(5000)).estimating(7777)
	dir, s := mountServer(t, newDir("", file), Options{})
	want := Stats{Silent: s.silent}
	for _, name := range statOnlyPrograms {
		if len(name) > 15 {
			t.Errorf("%s is longer than the kernel keeps a name", name)
		}
		if got := output(t, renamed(t, "stat", name), "--format=%s", join(dir, "a.md")); got != "7777\n" {
			t.Errorf("%s is told %s", name, got)
		}
		want.Estimated++
	}
	if got := output(t, renamed(t, "stat", "updatedb.plocate"), "--format=%s", join(dir, "a.md")); got != "7777\n" {
		t.Errorf("a name of 16 bytes is told %s", got)
	}
	want.Estimated++
	if got := s.Stats(); got != want || file.opens.Load() != 0 {
		t.Errorf("%+v and %d opens, want %+v and none", got, file.opens.Load(), want)
	}
	// Anybody else is told the truth, and from then on everybody is.
	for _, name := range []string{"cp", "lss", "ls"} {
		if got := output(t, renamed(t, "stat", name), "--format=%s", join(dir, "a.md")); got != "5000\n" {
			t.Errorf("%s is told %s", name, got)
		}
	}
	want.Fetched++
	want.Opens++
	if got := s.Stats(); got != want || file.opens.Load() != 1 {
		t.Errorf("%+v and %d opens, want %+v and one", got, file.opens.Load(), want)
	}
}

// What is made anew for each who opens it, at a high price, is not made for those who look. Whoever opens it has its size.
func TestWhoOnlyLooksHasNothingCostlyMade(t *testing.T) {
	for _, o := range []Options{{Notified: true}, {Notified: true, blind: true}} {
		costly, cheap := newFile("index", sample(5000)).estimating(7777), newFile("status", sample(50)).estimating(7777)
		costly.costly = true
		costly.everNew.Store(true)
		cheap.everNew.Store(true)
		dir, s := mountServer(t, newDir("", costly, cheap), o)
		for _, name := range []string{"ls", "find", "du", "bash"} {
			if name == "bash" && !s.silent {
				continue // it may be opening the file for another program, and that cannot be seen
			}
			if got := output(t, renamed(t, "stat", name), "--format=%s", join(dir, "index"), join(dir, "status")); got != "7777\n50\n" {
				t.Errorf("%+v: %s is told %s", o, name, got)
			}
		}
		if n := costly.opens.Load(); n > 0 {
			t.Errorf("%+v: it was made %d times", o, n)
		}
		open := tool(t, "python3", "-c", "import os, sys; f = os.open(sys.argv[1], os.O_RDONLY); print(os.fstat(f).st_size, len(os.read(f, 9999)))")
		open.Args = append(open.Args, join(dir, "index"))
		if got, err := open.Output(); err != nil || string(got) != "5000 5000\n" {
			t.Errorf("%+v: opened, it has %s bytes (%v)", o, got, err)
		}
	}
}

// A program that cannot be seen must have the size.
func TestAProgramThatCannotBeSeenGetsNoEstimate(t *testing.T) {
	s := serverFor(t)
	for name, caller := range map[string]context.Context{
		"of another namespace": &fuse.Context{},
		"gone":                 &fuse.Context{Caller: fuse.Caller{Pid: 1 << 30}},
		"unknown":              t.Context(),
	} {
		if s.mayEstimate(caller) {
			t.Errorf("a caller %s gets an estimate", name)
		}
	}
}

func TestSizesForAll(t *testing.T) {
	for mode, want := range map[Sizes]string{Exact: "5000\n", Estimate: "7777\n"} {
		t.Run(string(mode), func(t *testing.T) {
			file := newFile("a.md", sample(5000)).estimating(7777)
			path := join(mountTree(t, newDir("", file), Options{Sizes: mode}), "a.md")
			for _, name := range []string{"ls", "stat"} {
				if got := output(t, renamed(t, "stat", name), "--format=%s", path); got != want {
					t.Errorf("%s is told %s, want %s", name, got, want)
				}
			}
			if got := output(t, "cat", path); got != string(sample(5000)) {
				t.Errorf("cat reads %d bytes", len(got))
			}
			if got := output(t, "stat", "--format=%s", path); got != "5000\n" {
				t.Errorf("after an open the size is %s", got)
			}
		})
	}
}

func TestEstimateIsNeverZeroAndTooSmallOnesAreCounted(t *testing.T) {
	small, none := newFile("small.md", sample(5000)).estimating(4999), newFile("none.md", sample(5000)).estimating(0)
	fits := newFile("fits.md", sample(5000)).estimating(5000)
	var log strings.Builder
	dir, s := mountServer(t, newDir("", small, none, fits), Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	if got := strings.Fields(output(t, "ls", "-s", "--block-size=1", "-1", dir)); slices.Contains(got, "0") {
		t.Errorf("ls shows %v", got)
	}
	for _, f := range []*fakeFile{small, none, fits} {
		tool(t, "cat", join(dir, f.name)).Run()
		tool(t, "cat", join(dir, f.name)).Run()
	}
	if got := s.Stats().TooSmall; got != 2 {
		t.Errorf("%d estimates were too small, want 2", got)
	}
	if err := s.Unmount(); err != nil {
		t.Fatal(err)
	}
	<-s.served
	if got := strings.Count(log.String(), "too small"); got != 2 || !strings.Contains(log.String(), "name=small.md") {
		t.Errorf("the log has %d lines of them:\n%s", got, &log)
	}
}

// askedStore counts how often it was asked for the size of a page's text.
type askedStore struct {
	fs.Store
	sizes atomic.Int64
}

func (s *askedStore) Size(key string) (int64, bool) {
	if strings.Contains(key, "/page/") {
		s.sizes.Add(1)
	}
	return s.Store.Size(key)
}

// Each question for a size is a look at the disk. While it is not known, the first stat asks once, and more of them do not.
func TestAStatAsksOnceForASizeThatNobodyKnows(t *testing.T) {
	store := &askedStore{Store: treetest.Disk(t, t.TempDir())}
	w := treetest.New(t, codatest.Calendar(""), treetest.Options{Store: store})
	began := time.Now()
	dir, s := mountServer(t, w.Tree.Root(), Options{Sizes: Estimate, Notified: true})
	path := join(dir, "docs/Calendar__Calendar-1/pages/Text__canvas-Text-001.md")
	for _, stats := range []int{1, 20} {
		for range stats {
			if _, err := os.Stat(path); err != nil {
				t.Fatal(err)
			}
		}
		// A machine may stand still for a second, after which it is asked again.
		if got, most := store.sizes.Load(), 1+int64(time.Since(began)/unknownFor); got > most {
			t.Errorf("%d more stats: the store was asked %d times, want %d", stats, got, most)
		}
	}
	if got := s.Stats().Estimated; got != 21 {
		t.Errorf("%d estimates, want 21", got)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Size() != int64(len(text)) {
		t.Errorf("fetched, it has %d bytes, and the size %v (%v)", len(text), info.Size(), err)
	}
}

func TestLookupFetchesNothing(t *testing.T) {
	file := newFile("a.md", sample(5000))
	dir := mountTree(t, newDir("", file), Options{Sizes: Exact})
	output(t, "stat", "--cached=always", "--format=%n", join(dir, "a.md")) // LOOKUP alone
	if file.versions.Load() != 1 || file.opens.Load() != 0 {
		t.Errorf("%d versions and %d opens, want one and none", file.versions.Load(), file.opens.Load())
	}
}

// A shell that has looked at a file becomes another program, in the same thread, which must have the size.
func TestAProgramInTheThreadOfAShellHasTheSize(t *testing.T) {
	file := newFile("a.md", sample(5000)).estimating(7777)
	dir := mountTree(t, newDir("", fs.Node(file)), Options{})
	const command = `[ -e "$1" ] && exec stat --format=%s "$1"`
	if got := output(t, "sh", "-c", command, "-", join(dir, "a.md")); got != "5000\n" {
		t.Errorf("it is told %s", got)
	}
}
