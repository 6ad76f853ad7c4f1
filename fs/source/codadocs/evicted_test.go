package codadocs_test

import (
	"context"
	"io"
	iofs "io/fs"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/codafs/codafs/cache"
	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/remote"
	"github.com/codafs/codafs/fs/remote/keys"
	"github.com/codafs/codafs/fs/source/codadocs"
	"github.com/codafs/codafs/fs/treetest"
)

// countedLists is a store that counts how often each list is read from it.
type countedLists struct {
	fs.Store
	mu    sync.Mutex // guards lists
	lists map[string]int
}

func (c *countedLists) Get(ctx context.Context, key string, fill func(context.Context, io.Writer) error) (fs.Content, error) {
	if strings.Contains(key, "/list-") {
		c.mu.Lock()
		c.lists[key]++
		c.mu.Unlock()
	}
	return c.Store.Get(ctx, key, fill)
}

// smallTree has room for nothing but the lists that were used last, in memory. On disk it has room for so many bytes.
func smallTree(t *testing.T, w *treetest.Workspace, bytes int64) (*remote.Tree, *cache.Disk, *countedLists) {
	t.Helper()
	disk, err := cache.OpenDisk(t.TempDir(), cache.Options{MaxBytes: bytes, Last: keys.EvictLast, Undated: keys.Undated, Now: w.Clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { disk.Close() })
	store := &countedLists{Store: treetest.Kept(disk), lists: map[string]int{}}
	tree := codadocs.New(w.Client, store, codadocs.Options{Options: remote.Options{Account: "test", Now: w.Clock.Now, Memory: 1}})
	t.Cleanup(tree.Close)
	return tree, disk, store
}

// A cache that is too small for all pages keeps the names: pages go first, though the lists were used longer ago.
func TestNamesOutliveThePagesOfAFullCache(t *testing.T) {
	state := codatest.Generate(3, 4, 20, 2, 3)
	for _, d := range state.Docs {
		for i, p := range d.Pages {
			p.Body = strings.Repeat(p.ID+"\n", 1000+i)
		}
	}
	w := treetest.New(t, state, treetest.Options{})
	tree, disk, _ := smallTree(t, w, 512<<10) // a third of the pages
	want := mtimes(t, tree)
	w.Clock.Advance(3 * time.Hour)
	err := iofs.WalkDir(fs.FS(t.Context(), tree.Root()), "docs", func(path string, _ iofs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".md") {
			return err
		}
		_, err = iofs.ReadFile(fs.FS(t.Context(), tree.Root()), path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := disk.Trim(t.Context()); err != nil || disk.Counts().Evicted < 30 {
		t.Fatalf("%d contents were evicted, %v", disk.Counts().Evicted, err)
	}
	var now map[string]string
	if sent := w.Sent(func() { now = mtimes(t, tree) }); len(sent) > 0 {
		t.Errorf("a walk after the eviction sent %q", sent)
	}
	for path, v := range want {
		if now[path] != v {
			t.Errorf("%s has another version", path)
		}
	}
}

// While a walk is in a doc, its lists stay: each is read from the store once in each walk, however little room there is.
func TestAWalkReadsEachListOnce(t *testing.T) {
	w := treetest.New(t, codatest.Generate(3, 4, 20, 2, 3), treetest.Options{})
	tree, _, store := smallTree(t, w, 0)
	mtimes(t, tree)
	for range 2 {
		clear(store.lists)
		mtimes(t, tree)
		if len(store.lists) < 4*8 { // four docs, in each the lists of pages and tables, and two of each table
			t.Errorf("%d lists were read: %v", len(store.lists), store.lists)
		}
		for key, n := range store.lists {
			if n > 1 {
				t.Errorf("%s was read %d times", key, n)
			}
		}
	}
}

// Who has a version goes on with it, whatever the tree has let go of since.
func TestAVersionOutlivesTheListsThatItIsFrom(t *testing.T) {
	w := sample(t, codadocs.Selection{})
	tree, _, _ := smallTree(t, w, 0)
	n, err := fs.Walk(t.Context(), tree.Root(), pagePlan)
	if err != nil {
		t.Fatal(err)
	}
	f := n.(fs.File)
	old := version(t, f)
	text, err := open(t.Context(), f, old)
	if err != nil {
		t.Fatal(err)
	}
	w.State.SetPageBody(codatest.SampleDoc, "canvas-_Lp20Plan0", "Another text\n")
	if err := tree.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	mtimes(t, tree) // of all docs: the lists of this one are gone
	var again string
	if sent := w.Sent(func() { again, err = open(t.Context(), f, old) }); len(sent) > 0 || again != text || err != nil {
		t.Errorf("sent %q for %q, want %q (%v)", sent, again, text, err)
	}
	if now := version(t, f); now.Key == old.Key {
		t.Error("the edit is not seen")
	} else if again, err = open(t.Context(), f, now); err != nil || !strings.Contains(again, "Another text") {
		t.Errorf("the present version is %q, %v", again, err)
	}
}
