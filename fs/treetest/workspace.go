package treetest

import (
	"context"
	"crypto/sha256"
	iofs "io/fs"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/codafs/codafs/cache"
	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/blob"
	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/coda/codatest/openapitest"
	"github.com/codafs/codafs/coda/rest"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/remote"
	"github.com/codafs/codafs/fs/remote/keys"
	"github.com/codafs/codafs/fs/source/codadocs"
)

// Options say what [New] makes. The zero value is good for most tests.
type Options struct {
	// Service is how the stand-in behaves. Its clock is the Workspace's.
	Service codatest.Options
	// Client is how the client behaves. It has no rate limits unless Paced, and gives up after the
	// first try if MaxRetries is 0.
	Client coda.Options
	// Paced has the clock run, the service enforce its rate limits and the client keep them: for
	// what is measured, in simulated time.
	Paced bool
	// Prefetch is the trees' own.
	Prefetch int
	// RowDeltas is the trees' own.
	RowDeltas int64
	// Blobs say how much is fetched of images and attachments.
	Blobs  blob.Options
	Select codadocs.Selection
	// Store is where contents are kept; nil is a new one in memory.
	Store fs.Store
	// Changed is told what the trees tell their owner.
	Changed func(docID string)
}

// Workspace is a stand-in service with a tree over it. Each answer that the service gives is held
// against the official OpenAPI file where openapitest does that. No socket is used: the client's
// transport calls the service. It ends with its test; nothing need be closed.
type Workspace struct {
	*codatest.Server
	State  *codatest.Workspace
	Client *coda.Client
	Store  fs.Store
	Tree   *remote.Tree
	// Clock is the service's and the tree's. It starts later than any stamp of the sample
	// workspaces, so that nothing in them is young.
	Clock *Clock

	t         testing.TB
	prefetch  int
	rowDeltas int64
	blobs     *blob.Fetcher
	changed   func(string)
}

// New serves state and makes a tree over it.
func New(t testing.TB, state *codatest.Workspace, o Options) *Workspace {
	t.Helper()
	w := &Workspace{t: t, changed: o.Changed, prefetch: o.Prefetch, rowDeltas: o.RowDeltas, State: state, Store: o.Store,
		Clock: &Clock{now: time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)}}
	// From now on the clock runs with time.Now, which in synctest is simulated.
	if o.Paced {
		w.Clock.started = time.Now()
	}
	o.Service.Now, o.Service.Throttle = w.Clock.Now, o.Service.Throttle || o.Paced
	w.Server = codatest.New(state, o.Service)
	// The stand-in takes any token, unless its options say otherwise.
	o.Client.Token, o.Client.Unlimited = "a-token", !o.Paced
	o.Client.Transport = w.RoundTripperOver(openapitest.Wrap(t, w.Server))
	if o.Client.MaxRetries == 0 {
		o.Client.MaxRetries = rest.NoRetries
	}
	var err error
	if w.Client, err = coda.New(o.Client); err != nil {
		t.Fatal(err)
	}
	if w.Store == nil {
		w.Store = Memory(t)
	}
	w.blobs = blob.NewFetcher(w.Client.Client, blob.HostsOf(coda.DefaultURL), o.Blobs)
	w.Tree = w.NewTree(w.Store, o.Select)
	return w
}

// NewTree makes another tree over the same service, as a second process or a later run would be: it shares the service and the
// clock, and of the rest only what is in the store. It is closed with the test.
func (w *Workspace) NewTree(store fs.Store, sel codadocs.Selection) *remote.Tree {
	tree := codadocs.New(w.Client, store, codadocs.Options{Options: remote.Options{Account: "test", Prefetch: w.prefetch, Now: w.Clock.Now, Changed: w.changed}, Select: sel, RowDeltas: w.rowDeltas, Blobs: w.blobs})
	w.t.Cleanup(tree.Close)
	return tree
}

// FS is the tree as package io/fs sees it. Reads end with t's context, which ends before the cleanups of the test.
func (w *Workspace) FS(t testing.TB) iofs.FS { return fs.FS(t.Context(), w.Tree.Root()) }

// Sent returns what was sent while f ran, as "GET /docs/…" without parameters, sorted. It is how tests
// hold that something costs no request. What other goroutines send meanwhile is in it too.
func (w *Workspace) Sent(f func()) []string {
	before := len(w.Requests())
	f()
	sent := []string{}
	for _, r := range w.Requests()[before:] {
		sent = append(sent, r.Method+" "+r.Path)
	}
	slices.Sort(sent)
	return sent
}

// Clock is a clock that a test sets. It stands still in between unless [Options.Paced]. It may be used
// by many goroutines.
type Clock struct {
	mu      sync.Mutex // guards now
	now     time.Time
	started time.Time // zero if it stands still
}

// Now is the time that was set, or how long after it is now.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.started.IsZero() {
		return c.now
	}
	return c.now.Add(time.Since(c.started))
}

// Advance moves the clock. Nothing wakes up by it: who waits for a timer waits in real, or in
// synctest's, time.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// Memory is a store in memory, for the length of the test. Nothing is evicted below 64 MiB.
func Memory(t testing.TB) fs.Store {
	m := cache.NewMemory(0)
	t.Cleanup(func() { m.Close() })
	return store{m}
}

// Disk is a store in a folder, for the length of the test.
func Disk(t testing.TB, dir string) fs.Store {
	t.Helper()
	d, err := cache.OpenDisk(dir, cache.Options{Last: keys.EvictLast, Undated: keys.Undated})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return Kept(d)
}

// Kept is a cache as a store, for tests that look at both. Who opened it closes it.
func Kept(c kept) fs.Store { return store{c} }

// kept is a [cache.Disk] or a [cache.Memory]: what [fs.Store] wants, with the cache's own types.
type kept interface {
	Get(ctx context.Context, key string, fill cache.Fill) (*cache.Content, error)
	Put(ctx context.Context, key string, fill cache.Fill) (*cache.Content, error)
	Lookup(ctx context.Context, key string) (*cache.Content, bool)
	Size(key string) (int64, bool)
	Has(key string) bool
	Filled(key string) (time.Time, bool)
	Sum(key string) ([sha256.Size]byte, bool)
}

// store joins a cache to what the tree needs of it. Package open in cmd/codafs has the same for the program.
type store struct{ kept kept }

func (s store) Get(ctx context.Context, key string, fill cache.Fill) (fs.Content, error) {
	return content(s.kept.Get(ctx, key, fill))
}

func (s store) Put(ctx context.Context, key string, fill cache.Fill) (fs.Content, error) {
	return content(s.kept.Put(ctx, key, fill))
}

func (s store) Lookup(ctx context.Context, key string) (fs.Content, bool) {
	c, ok := s.kept.Lookup(ctx, key)
	if !ok {
		return nil, false
	}
	return c, true
}

func (s store) Size(key string) (int64, bool) { return s.kept.Size(key) }

func (s store) Has(key string) bool { return s.kept.Has(key) }

func (s store) Filled(key string) (time.Time, bool) { return s.kept.Filled(key) }

func (s store) Sum(key string) ([sha256.Size]byte, bool) { return s.kept.Sum(key) }

// content keeps a nil pointer from becoming an interface that is not nil, which callers would take for a content.
func content(c *cache.Content, err error) (fs.Content, error) {
	if err != nil {
		return nil, err
	}
	return c, nil
}
