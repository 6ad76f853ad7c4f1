package codadocs_test

import (
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/remote"
	"github.com/codafs/codafs/fs/source/codadocs"
	"github.com/codafs/codafs/fs/treetest"
)

// Files come in the order of their paths, which is not that of the names of docs: "Plan B/" is before "Plan/". Notes come last.
func TestAnIndexIsInTheOrderOfPaths(t *testing.T) {
	state := codatest.Generate(1, 3, 2, 1, 1)
	for i, title := range []string{"Plan", "Plan B", "Plan-C"} {
		state.Docs[i].Name = title
	}
	w := treetest.New(t, state, treetest.Options{Select: codadocs.Selection{Names: fs.NamesTitle, ExcludePages: []string{"nothing"}}})
	entries := index(t, w.Tree)
	first := slices.IndexFunc(entries, func(e fs.Entry) bool { return e.Note != "" })
	if first < 0 || len(entries)-first != 1 {
		t.Fatalf("the first note is at %d of %d", first, len(entries))
	}
	var paths, docs []string
	for _, e := range entries[:first] {
		paths = append(paths, e.Path)
		docs = append(docs, strings.Split(e.Path, "/")[1])
	}
	if !slices.IsSorted(paths) || len(paths) < 3*5 {
		t.Errorf("%q", paths)
	}
	equal(t, "docs", slices.Compact(docs), []string{"Plan B", "Plan-C", "Plan"})
}

// An index of a large workspace takes no more memory than one of a small one: what was given is not held. The 860 bytes of a page in
// the lists are, as small contents of the store, which has room for 16 MiB of them.
func TestAnIndexHoldsAFewDocs(t *testing.T) {
	const small, large, most = 200, 800, 1000 // pages, and bytes of each that may stay
	heapAfterIndex(t, small)                  // pays for what a process makes once
	each := (heapAfterIndex(t, large) - heapAfterIndex(t, small)) / (large - small)
	t.Logf("%d bytes a page", each)
	if each > most {
		t.Errorf("an index holds %d bytes of each page that it gave, want %d at most", each, most)
	}
}

// heapAfterIndex is what an index holds when it gives its last page. There is room for the lists of one doc of 50 pages.
func heapAfterIndex(t *testing.T, pages int) (held int) {
	t.Helper()
	w := treetest.New(t, codatest.Generate(1, pages/50, 50, 1, 1), treetest.Options{})
	tree := codadocs.New(w.Client, treetest.Disk(t, t.TempDir()), codadocs.Options{Options: remote.Options{Account: "test", Memory: 64 << 10, Parallel: 2}})
	defer tree.Close()
	must(t, func() error { return tree.Refresh(t.Context()) })
	n, before := 0, liveHeap(w)
	err := tree.Index(t.Context(), fs.Held{File: func(fs.Entry) bool { return true }}, func(e fs.Entry) error {
		if e.Kind != fs.KindPage {
			return nil
		}
		if n++; n == pages {
			held = liveHeap(w) - before
		}
		return nil
	})
	if err != nil || n != pages {
		t.Fatalf("%d pages, %v", n, err)
	}
	runtime.KeepAlive(w)
	return held
}
