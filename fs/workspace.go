package fs

import (
	"context"
	"sync"
	"time"

	"github.com/codafs/codafs/coda"
)

// Options say how a tree behaves.
type Options struct {
	// Account is whose contents these are: the first part of each key in the Store.
	Account string
	Select  Selection
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// Status adds to .codafs/status.json what the tree itself cannot know; nil adds nothing.
	Status func(ctx context.Context) map[string]any
}

// Tree is a workspace as folders and files.
type Tree struct {
	src      Source
	store    Store
	opts     Options
	failures failureLog
	listed   *lazy[struct{}] // whether docs were ever listed

	mu       sync.Mutex // guards all below; held for no call of anybody else's code
	docs     []*doc     // in the order of the listing
	folder   *entries   // of docs/
	byID     map[string]*doc
	gaps     []Failure
	listedAt time.Time
}

// New makes a tree. It sends nothing.
func New(src Source, store Store, o Options) *Tree {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Tree{src: src, store: store, opts: o, listed: newLazy[struct{}](errLife), byID: map[string]*doc{}}
}

// Root is the tree's top folder.
func (t *Tree) Root() Dir { return root{t} }

// Failures gives the newest failures, oldest first.
func (t *Tree) Failures() []Failure { return t.failures.all() }

// Refresh lists the docs afresh. Where that fails, all stays as it was known.
func (t *Tree) Refresh(ctx context.Context) error {
	docs, gaps, err := listDocs(ctx, t.src, t.opts.Select)
	if err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	old := t.byID
	t.docs, t.byID, t.gaps, t.listedAt = nil, map[string]*doc{}, gaps, t.opts.Now()
	for _, meta := range docs {
		if !validID(meta.ID) {
			t.gaps = append(t.gaps, badID("", meta.ID, KindDoc))
			continue
		}
		if t.byID[meta.ID] != nil {
			continue // lists that change while they are read may name an item twice
		}
		d := old[meta.ID]
		if d == nil {
			d = &doc{t: t, id: meta.ID}
		}
		d.setMeta(meta)
		t.byID[meta.ID] = d
		t.docs = append(t.docs, d)
	}
	t.name()
	return nil
}

// name makes the folder of the docs. t.mu is held.
func (t *Tree) name() {
	objs := make([]named, len(t.docs))
	for i, d := range t.docs {
		objs[i] = nameObject(d.getMeta().Name, d.id, "")
	}
	nodes := make([]Node, len(objs))
	for i, stem := range uniqueStems(t.opts.Select.Names, objs) {
		t.docs[i].setName(stem)
		nodes[i] = t.docs[i].folder(stem)
	}
	t.folder = newEntries(nodes...)
}

// docEntries gives the folder of the docs; it lists them if they never were.
func (t *Tree) docEntries(ctx context.Context) (*entries, error) {
	_, err := t.listed.get(ctx, func(ctx context.Context) (struct{}, error) {
		if t.everListed() {
			return struct{}{}, nil
		}
		return struct{}{}, t.Refresh(ctx)
	})
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.folder, nil
}

func (t *Tree) everListed() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return !t.listedAt.IsZero()
}

// modTime is the newest stamp of all docs.
func (t *Tree) modTime() time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	var newest time.Time
	for _, d := range t.docs {
		if at := d.getMeta().UpdatedAt.Time; at.After(newest) {
			newest = at
		}
	}
	return newest
}

// Run lists the docs each interval, counted from the end of the last listing, until ctx ends.
func (t *Tree) Run(ctx context.Context, interval time.Duration) {
	timer := time.NewTimer(interval)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		if err := t.Refresh(coda.Background(ctx)); err != nil && ctx.Err() == nil {
			t.failures.add(FailureOf(err, Object{Kind: KindDoc}, ""), t.opts.Now())
		}
		timer.Reset(interval)
	}
}

// doc is a doc of the tree, for as long as the listings name it.
type doc struct {
	t  *Tree
	id string

	mu      sync.Mutex // guards all below
	meta    coda.Doc
	name    string // of its folder
	listing *listing
}

func (d *doc) setMeta(m coda.Doc) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.meta = m
}

func (d *doc) getMeta() coda.Doc {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.meta
}

func (d *doc) setName(name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.name = name
}

func (d *doc) getName() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.name
}

// path is the doc's folder, from the root.
func (d *doc) path() string { return "docs/" + d.getName() }

func (d *doc) modTime() time.Time { return d.getMeta().UpdatedAt.Time }

// current is what is known of the doc at its present stamp. It sends nothing: lists are
// loaded when they are asked for.
func (d *doc) current() *listing {
	d.mu.Lock()
	defer d.mu.Unlock()
	v := newVersionHash("listing")
	v.add(d.id, d.meta.UpdatedAt.Time)
	key := v.version(d.t.opts.Now()).Key
	if d.listing == nil || d.listing.key != key {
		d.listing = newListing(d, key, false)
	}
	return d.listing
}

// relist forgets the doc's lists, kept ones too.
func (d *doc) relist() {
	d.mu.Lock()
	defer d.mu.Unlock()
	v := newVersionHash("listing")
	v.add(d.id, d.meta.UpdatedAt.Time)
	d.listing = newListing(d, v.version(d.t.opts.Now()).Key, true)
}
