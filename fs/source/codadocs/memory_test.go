package codadocs_test

import (
	"fmt"
	iofs "io/fs"
	"maps"
	"runtime"
	"testing"
	"time"

	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/remote"
	"github.com/codafs/codafs/fs/source/codadocs"
	"github.com/codafs/codafs/fs/treetest"
)

// mtimes gives the time of each file and folder of the tree, which takes all lists.
func mtimes(t *testing.T, tree *remote.Tree) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := iofs.WalkDir(fs.FS(t.Context(), tree.Root()), "docs", func(path string, d iofs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		n, err := fs.Walk(t.Context(), tree.Root(), path)
		if err != nil {
			return err
		}
		v := version(t, n.(fs.File))
		all[path] = v.Key + v.ModTime.String()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// A tree that holds next to nothing in memory shows what one shows that holds all, and sends as little: what was let go of
// comes from the Store.
func TestListsThatWereLetGoOfComeBackWithoutARequest(t *testing.T) {
	w := treetest.New(t, codatest.Sample(), treetest.Options{Select: codadocs.Selection{HTMLPages: true, RowsJSON: true}})
	small := codadocs.New(w.Client, treetest.Memory(t), codadocs.Options{Select: codadocs.Selection{HTMLPages: true, RowsJSON: true},
		Options: remote.Options{Account: "test", Now: w.Clock.Now, Memory: 1}})
	defer small.Close()
	for _, tree := range []*remote.Tree{w.Tree, small} { // so that no index tries the token with a page
		if _, err := iofs.ReadFile(fs.FS(t.Context(), tree.Root()), pagePlan); err != nil {
			t.Fatal(err)
		}
	}
	want := mtimes(t, w.Tree)
	first := mtimes(t, small)
	if !maps.Equal(first, want) {
		t.Error("a tree with little memory shows something else")
	}
	if sent := w.Sent(func() { first = mtimes(t, small) }); len(sent) > 0 || !maps.Equal(first, want) {
		t.Errorf("a second walk sent %q", sent)
	}
	// An index fetches each list once, and no more than with all of the memory.
	held := w.Sent(func() { index(t, w.Tree) })
	equal(t, "an index with little memory", w.Sent(func() { index(t, small) }), held)
	// An edit is seen, and costs the lists of its doc.
	w.State.RenamePage(codatest.SampleDoc, "canvas-RoadMap-_1", "Road ahead")
	held = w.Sent(func() { refresh(t, w); want = mtimes(t, w.Tree) })
	equal(t, "after an edit", w.Sent(func() {
		if err := small.Refresh(t.Context()); err != nil {
			t.Error(err)
		}
		first = mtimes(t, small)
	}), held)
	if !maps.Equal(first, want) {
		t.Error("after an edit a tree with little memory shows something else")
	}
}

// heapOf is what a tree holds once all names were listed and all versions asked for, in bytes a page.
func heapOf(t *testing.T, memory int64) int {
	t.Helper()
	const docs, pages = 10, 100
	w := treetest.New(t, codatest.Generate(1, docs, pages, 2, 3), treetest.Options{})
	mtimes(t, w.Tree) // what the service and the client keep is not the tree's
	tree := codadocs.New(w.Client, treetest.Disk(t, t.TempDir()), codadocs.Options{Options: remote.Options{Account: "test", Memory: memory}})
	defer tree.Close()
	before := liveHeap(w)
	mtimes(t, tree)
	held := liveHeap(w) - before
	runtime.KeepAlive(w)
	return held / (docs * pages)
}

// liveHeap is what is held, without the log of the service.
func liveHeap(w *treetest.Workspace) int {
	w.ForgetRequests()
	runtime.GC()
	runtime.GC() // the first may leave what has a finalizer
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// A page is a record of some 200 bytes, its id, title, link and name take 150; a hundredth of its doc and of two tables comes to that, of what the
// store holds of small contents. Lists that there is no room for go: here, with room for some docs of ten.
func TestATreeHoldsTheListsThatItHasRoomFor(t *testing.T) {
	const mostBytes, mostWithoutLists = 1200, 450
	all, some := heapOf(t, 1<<30), heapOf(t, 64<<10)
	t.Logf("all lists: %d bytes a page; with room for 64 KiB: %d", all, some)
	if all > mostBytes || some > mostWithoutLists {
		t.Errorf("%d bytes a page with all lists, want at most %d; %d with room for 64 KiB, want at most %d", all, mostBytes, some, mostWithoutLists)
	}
}

// Each edit of a doc replaces its lists. There would be room for hundreds of the old ones.
func TestListsThatWereReplacedTakeNoMemory(t *testing.T) {
	const pages, edits = 100, 10
	w := treetest.New(t, flatDoc(pages), treetest.Options{})
	doc := w.State.Docs[0]
	tree := codadocs.New(w.Client, treetest.Disk(t, t.TempDir()), codadocs.Options{Options: remote.Options{Account: "test", Now: w.Clock.Now}})
	defer tree.Close()
	edit := func(n int) {
		for range n {
			w.State.RenamePage(doc.ID, doc.Pages[0].ID, fmt.Sprint("Title ", w.Clock.Now().Unix()))
			w.Clock.Advance(time.Minute)
			must(t, func() error { return tree.Refresh(t.Context()) })
			mtimes(t, tree)
		}
	}
	edit(5)
	before := liveHeap(w)
	edit(edits)
	// 60 KB were left when the old lists stayed. What an edit leaves otherwise is what the store knows of list versions.
	const most = 15 << 10
	per := (liveHeap(w) - before) / edits
	runtime.KeepAlive(w)
	t.Logf("%d bytes an edit", per)
	if per > most {
		t.Errorf("%d bytes an edit, want at most %d", per, most)
	}
}

// Nodes are made when they are asked for, so their making must cost little: 12 allocations a lookup and 5 an entry when this was
// written, one more with the race detector.
func TestANodeIsFewAllocations(t *testing.T) {
	const pages, mostOfLookup, mostOfEntry = 100, 16, 7
	w := treetest.New(t, flatDoc(pages), treetest.Options{})
	names, err := folder(t, w, "docs").Entries(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	dir := folder(t, w, "docs/"+names[0].Name()+"/pages")
	nodes, err := dir.Entries(t.Context())
	if err != nil || len(nodes) != pages {
		t.Fatalf("%d nodes, %v", len(nodes), err)
	}
	name := nodes[pages/2].Name()
	lookup := testing.AllocsPerRun(100, func() { must(t, func() error { _, err := dir.Lookup(t.Context(), name); return err }) })
	entries := testing.AllocsPerRun(100, func() { must(t, func() error { _, err := dir.Entries(t.Context()); return err }) }) / pages
	t.Logf("%.0f allocations a lookup, %.1f a listed page", lookup, entries)
	if lookup > mostOfLookup || entries > mostOfEntry {
		t.Errorf("%.0f allocations a lookup, want at most %d; %.1f a listed page, want at most %d", lookup, mostOfLookup, entries, mostOfEntry)
	}
}

func must(t *testing.T, f func() error) {
	if err := f(); err != nil {
		t.Fatal(err)
	}
}

// flatDoc has one doc, whose pages have no subpages.
func flatDoc(pages int) *codatest.Workspace {
	w := codatest.Generate(1, 1, pages, 0, 0)
	for _, p := range w.Docs[0].Pages {
		p.Parent = ""
	}
	return w
}
