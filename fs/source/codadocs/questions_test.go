package codadocs_test

import (
	"context"
	"crypto/sha256"
	iofs "io/fs"
	"maps"
	"path"
	"sync"
	"testing"
	"time"

	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/remote"
	"github.com/codafs/codafs/fs/source/codadocs"
	"github.com/codafs/codafs/fs/treetest"
)

// askedStore counts what it is asked that may mean a look at the disk.
type askedStore struct {
	fs.Store
	mu sync.Mutex
	n  map[string]int
}

func (s *askedStore) add(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.n[what]++
}

// take returns the counts since the last call.
func (s *askedStore) take() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.n
	s.n = map[string]int{}
	return n
}

func (s *askedStore) Lookup(ctx context.Context, key string) (fs.Content, bool) {
	s.add("Lookup")
	return s.Store.Lookup(ctx, key)
}

func (s *askedStore) Size(key string) (int64, bool) {
	s.add("Size")
	return s.Store.Size(key)
}

func (s *askedStore) Has(key string) bool {
	s.add("Has")
	return s.Store.Has(key)
}

func (s *askedStore) Filled(key string) (time.Time, bool) {
	s.add("Filled")
	return s.Store.Filled(key)
}

func (s *askedStore) Sum(key string) ([sha256.Size]byte, bool) {
	s.add("Sum")
	return s.Store.Sum(key)
}

// A listing of a large workspace asks for the version, the size and an estimate of each file, of which nearly all were
// never read. Each question to the store is a look at the disk.
func TestAFileThatWasNeverReadCostsFewQuestionsToTheStore(t *testing.T) {
	w := treetest.New(t, codatest.Sample(), treetest.Options{})
	store := &askedStore{Store: treetest.Memory(t), n: map[string]int{}}
	tree := codadocs.New(w.Client, store, codadocs.Options{Options: remote.Options{Account: "test", Now: w.Clock.Now}})
	defer tree.Close()
	entries, err := iofs.ReadDir(fs.FS(t.Context(), tree.Root()), path.Dir(pagePlan))
	if err != nil {
		t.Fatal(err)
	}
	find := func(name string) fs.File {
		n, err := fs.Walk(t.Context(), tree.Root(), name)
		if err != nil {
			t.Fatal(err)
		}
		return n.(fs.File)
	}
	for _, name := range []string{pagePlan, hubRoadmap + ".csv"} {
		version(t, find(name)) // it has all lists that are needed
	}
	store.take()
	asks := func(f fs.File, want map[string]int) {
		t.Helper()
		v := version(t, f)
		if size, known := f.Size(v); known {
			t.Errorf("%s has %d bytes before it was read", f.Name(), size)
		}
		f.Estimate(v)
		if got := store.take(); !maps.Equal(got, want) {
			t.Errorf("%s: asked %v, want %v", f.Name(), got, want)
		}
	}
	asks(find(hubRoadmap+".csv"), map[string]int{"Size": 1})
	pages := 0
	for _, e := range entries {
		name := path.Join(path.Dir(pagePlan), e.Name())
		if e.IsDir() || name == pagePlan || path.Ext(name) != ".md" {
			continue
		}
		pages++
		version(t, find(name)) // at first also for what is remembered of its bytes, and for the columns of its tables
		store.take()
		asks(find(name), map[string]int{"Size": 1})
	}
	if pages == 0 {
		t.Error("no page was asked about")
	}
}
