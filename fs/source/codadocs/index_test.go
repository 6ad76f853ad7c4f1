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

// An index of a large workspace takes no more memory than one of a small one: what was given is not held.
func TestAnIndexHoldsAFewDocs(t *testing.T) {
	const docs, pages = 60, 100
	w := treetest.New(t, codatest.Generate(1, docs, pages, 1, 1), treetest.Options{})
	tree := codadocs.New(w.Client, treetest.Disk(t, t.TempDir()), codadocs.Options{Options: remote.Options{Account: "test", Memory: 1, Parallel: 2}})
	defer tree.Close()
	if err := tree.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	n := 0
	heap := map[int]int{} // by the number of pages that were given
	held := fs.Held{File: func(fs.Entry) bool { return true }}
	err := tree.Index(t.Context(), held, func(e fs.Entry) error {
		if e.Kind == fs.KindPage {
			if n++; n == 20*pages || n == docs*pages {
				w.ForgetRequests()
				heap[n] = liveHeap()
			}
		}
		return nil
	})
	if err != nil || n != docs*pages {
		t.Fatalf("%d pages, %v", n, err)
	}
	runtime.KeepAlive(w)
	each := (heap[docs*pages] - heap[20*pages]) / ((docs - 20) * pages)
	t.Logf("%d bytes a page", each)
	if each > 200 {
		t.Errorf("an index holds %d bytes of each page that it gave, want 200 at most", each)
	}
}
