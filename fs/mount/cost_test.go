//go:build linux

package mount

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"testing"

	fusefs "github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"

	"github.com/codafs/codafs/fs"
)

// unknownFiles are n files of a doc whose sizes are not known.
func unknownFiles(n int, doc string) (nodes []fs.Node) {
	for i := range n {
		f := newFile(fmt.Sprintf("page-%05d.md", i), nil)
		f.obj.DocID = doc
		nodes = append(nodes, f)
	}
	return nodes
}

// mostNodeBytes is what a file's name that the kernel holds may cost this process, if it was only looked at. 256 bytes are the
// node with go-fuse's part of it, 144 go-fuse's tables, 90 those of the folder there, and 60 its names here; tables grow in steps.
const mostNodeBytes = 750

func TestANameThatTheKernelHoldsCostsLittleMemory(t *testing.T) {
	cost := func(files int) int {
		root, _ := docTree(map[string][]fs.Node{"d1": unknownFiles(files, "d1")})
		dir, s := mountServer(t, root, Options{Notified: true})
		before := liveHeap()
		output(t, "sh", "-c", `find "$1" -ls >/dev/null`, "-", dir)
		after := liveHeap()
		if n := s.known.len(); n < files {
			t.Errorf("%d names of %d are known", n, files)
		}
		runtime.KeepAlive(root)
		return after - before
	}
	const few, many = 1_000, 4_000
	per := (cost(many) - cost(few)) / (many - few)
	t.Logf("%d bytes a name", per)
	if per > mostNodeBytes || per < 100 {
		t.Errorf("%d bytes a name, want at most %d", per, mostNodeBytes)
	}
}

func liveHeap() int {
	runtime.GC()
	runtime.GC() // the first may leave what has a finalizer
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// Most allocations of a lookup, of a name that the kernel does not hold and of one that it does.
const mostAllocs = 40

func TestALookupAllocatesLittle(t *testing.T) {
	const runs = 500
	s := newServer(t.TempDir(), Options{Notified: true})
	defer s.stop()
	s.root = &dirNode{server: s, dir: newDir("", unknownFiles(2*runs, "d1")...)}
	raw := fusefs.NewNodeFS(s.root, s.fuseOptions())
	lookup := func(i int) {
		var out fuse.EntryOut
		if status := raw.Lookup(nil, &fuse.InHeader{NodeId: rootIno}, fmt.Sprintf("page-%05d.md", i), &out); !status.Ok() {
			t.Fatal(status)
		}
	}
	i := 0
	first := testing.AllocsPerRun(runs, func() { lookup(i); i++ })
	again := testing.AllocsPerRun(runs, func() { lookup(0) })
	t.Logf("%v allocations for a new name, %v for one that is known", first, again)
	if first > mostAllocs || again > mostAllocs {
		t.Errorf("%v allocations for a new name, %v for one that is known; want at most %d", first, again, mostAllocs)
	}
}

// A listing of files that nobody has read: what it costs for each file.
func TestAStatOfAnEstimateAsksLittle(t *testing.T) {
	const files = 1000
	nodes := unknownFiles(files, "d1")
	root, folders := docTree(map[string][]fs.Node{"d1": nodes})
	dir, s, asked := countedMount(t, root, Options{Notified: true})
	list := func() (reads int) {
		before := readCalls(t)
		output(t, "sh", "-c", `ls -l "$1" >/dev/null`, "-", join(dir, "docs", folders["d1"].name))
		return readCalls(t) - before
	}
	list()
	if got := asked.take(); got["LOOKUP"] > files+10 || got["GETATTR"] > files+10 {
		t.Errorf("the first listing of %d files asked %v", files, got)
	}
	// One read for the request, one for the name of the program, and one for its system call. A caller that is not yet
	// asleep is looked at again.
	most := 2
	if s.silent {
		most = 3
	}
	reads := list()
	t.Logf("%d reads for %d files", reads, files)
	if reads > most*files+files/2 {
		t.Errorf("%d reads for %d files, want %d each", reads, files, most)
	}
	if got := asked.take(); got["LOOKUP"] > 10 || got["GETATTR"] > files+10 {
		t.Errorf("the second listing of %d files asked %v", files, got)
	}
	for _, n := range nodes {
		// The tree is asked once a minute at most.
		f := n.(*fakeFile)
		if asked := f.sizesAsked.Load(); asked > 1 || f.handsAsked.Load() > 0 || f.versions.Load() > 1 {
			t.Fatalf("%s: asked for the size %d times, whether it is at hand %d times, for the version %d times; want 1, 0, 1 at most",
				f.name, asked, f.handsAsked.Load(), f.versions.Load())
		}
	}
}

// readCalls is how often this process has called read(2) and the like.
func readCalls(t *testing.T) int {
	t.Helper()
	b, err := os.ReadFile("/proc/self/io")
	if err != nil {
		t.Skip("this system does not count reads: ", err)
	}
	_, rest, _ := bytes.Cut(b, []byte("syscr: "))
	line, _, _ := bytes.Cut(rest, []byte("\n"))
	n, err := strconv.Atoi(string(line))
	if err != nil {
		t.Fatal(err)
	}
	return n
}
