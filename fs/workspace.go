package fs

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/rate"
)

// Options say how a tree behaves.
type Options struct {
	// Account says whose contents these are: it is the first part of each key in the Store.
	Account string
	Select  Selection
	// Refresh is how old data without a stamp may be (permissions); 0 means a minute.
	Refresh time.Duration
	// Prefetch is how many files at most are fetched ahead of a program that goes through a folder file by file; 0
	// means none.
	Prefetch int
	// Parallel is how many docs are listed at a time, and how many lists of each; 0 means 16.
	Parallel int
	// RowDeltas is the number of rows above which only the changed rows of a table are asked for: see deltas.go. It is
	// how many rows come with one request. 0 means that all rows of all tables are asked for.
	RowDeltas int64
	// Notice is called, once for each, with notes about the whole workspace; it may be nil.
	Notice func(text string)
	// Warned is called with what is odd about something that was read, once while that stays; it may be nil.
	Warned func(Failure)
	// Changed is called after each refresh, and when a slow answer came, with the id of each doc that may show
	// something else now; "" stands for the list of docs. It must not call the tree. It may be nil.
	Changed func(docID string)
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// Status adds to .codafs/status.json what the tree itself does not know; it may be nil.
	Status func(ctx context.Context, s *Status)
}

// Tree is a workspace as folders and files.
type Tree struct {
	src      Source
	store    Store
	opts     Options
	failures failureLog
	warnings failureLog
	earlier  failureLog              // warnings of an earlier run: see Held
	first    *loader[*folderEntries] // the first listing of docs
	turn     chan struct{}           // holds one token while no Refresh runs
	noDocs   atomic.Bool             // somebody has waited for the docs in vain
	storedAt time.Time               // when the list of docs was last stored; guarded by turn
	exports  exports
	ahead    *readAhead

	life       context.Context // ends with Close
	end        context.CancelFunc
	spawnMu    sync.Mutex // keeps spawn and Close apart: nothing starts after Close
	background sync.WaitGroup

	mu       sync.Mutex     // guards all below; not held during calls of the Source, the Store, Notice, Warned or Changed
	docs     []*doc         // in the order of the service's list
	folder   *folderEntries // of docs/; nil until the docs are known
	byID     map[string]*doc
	gaps     []Failure
	expected []string // ids of docs that should exist: see Held
	notes    []string
	listedAt time.Time // zero while the docs are those of an earlier run
	recalled time.Time // when an earlier run listed the docs, if they are from there
	down     error     // why the last refresh failed; nil if it did not
}

// New makes a tree. It sends nothing. The caller must close it.
func New(src Source, store Store, o Options) *Tree {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Refresh == 0 {
		o.Refresh = time.Minute
	}
	t := &Tree{src: src, store: store, opts: o, first: newLoader[*folderEntries](o.Now, errLife),
		turn: make(chan struct{}, 1), byID: map[string]*doc{}}
	t.turn <- struct{}{}
	t.ahead = newReadAhead(t, o.Prefetch)
	t.life, t.end = context.WithCancel(context.Background())
	return t
}

// Root is the tree's top folder.
func (t *Tree) Root() Dir { return root{t} }

// Failures returns the newest failure of each file and folder, oldest first.
func (t *Tree) Failures() []Failure { return t.failures.all() }

// Refresh lists the docs again. If that fails, all stays as it was known. Refreshes run one after the other, so that
// none brings back what a later one has replaced.
func (t *Tree) Refresh(ctx context.Context) error {
	select {
	case <-t.turn:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { t.turn <- struct{}{} }()
	l, err := t.readDocs(ctx)
	if err != nil {
		t.setDown(ctx, err)
		return err
	}
	moved := t.take(l)
	t.setNotes(l.notes)
	t.warnOfDocs(l)
	for _, id := range moved {
		t.changed(id)
	}
	now := t.opts.Now()
	if len(moved) == 0 && now.Sub(t.storedAt) < rememberEvery {
		return nil
	}
	t.storedAt = now
	return t.remember(ctx, l.docs)
}

// rememberEvery is how often an unchanged list of docs is stored again, so that a later run can tell how old it is.
const rememberEvery = 10 * time.Minute

// setNotes stores notes about the list of docs; a new note is reported once.
func (t *Tree) setNotes(notes []string) {
	t.mu.Lock()
	known := t.notes
	t.notes = notes
	t.mu.Unlock()
	for _, n := range notes {
		if t.opts.Notice != nil && !slices.Contains(known, n) {
			t.opts.Notice(n)
		}
	}
}

// setDown records that the service could not be asked.
func (t *Tree) setDown(ctx context.Context, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if ctx.Err() == nil {
		t.down = err
	}
}

func (t *Tree) isDown() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.down != nil
}

// take takes over a list of docs, and returns the docs that may show something else now. Docs that were young at the
// last listing are among them: their versions settle without a new stamp.
func (t *Tree) take(l docList) (moved []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	type state struct {
		name  string
		stamp time.Time
		raw   string // doc.json shows all of it, and some of it has no stamp
	}
	stateOf := func(d *doc) state {
		m := d.getMeta()
		return state{d.getName(), m.UpdatedAt.Time, string(m.Raw)}
	}
	old := map[string]state{}
	for _, d := range t.docs {
		old[d.id] = stateOf(d)
	}
	last, now := t.listedAt, t.opts.Now()
	t.down, t.expected = nil, l.unsure
	t.set(l.docs, l.gaps, now)
	list := len(old) != len(t.docs)
	for _, d := range t.docs {
		is := stateOf(d)
		was, known := old[d.id]
		list = list || !known || was.name != is.name
		if was != is || last.Sub(is.stamp) < Youth {
			moved = append(moved, d.id)
		}
	}
	if list || last.IsZero() {
		moved = append(moved, "")
	}
	return moved
}

// known returns the docs of the last listing.
func (t *Tree) known() []coda.Doc {
	t.mu.Lock()
	defer t.mu.Unlock()
	docs := make([]coda.Doc, len(t.docs))
	for i, d := range t.docs {
		docs[i] = d.getMeta()
	}
	return docs
}

// set builds the tree from a list of docs. t.mu is held.
func (t *Tree) set(docs []coda.Doc, gaps []Failure, at time.Time) {
	old := t.byID
	t.docs, t.byID, t.gaps, t.listedAt = nil, map[string]*doc{}, gaps, at
	for _, meta := range docs {
		if !validID(meta.ID) {
			t.gaps = append(t.gaps, badID("", meta.ID, meta.Name, KindDoc))
			continue
		}
		if t.byID[meta.ID] != nil {
			continue // a list that changes while it is read may name an item twice
		}
		d := old[meta.ID]
		if d == nil {
			d = &doc{t: t, id: meta.ID}
		}
		d.setMeta(meta)
		t.byID[meta.ID] = d
		t.docs = append(t.docs, d)
	}
	t.noteGaps(t.gaps)
	t.name()
}

// name builds docs/ and names its folders. t.mu is held.
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
	t.folder = newFolderEntries(nodes...)
}

// docEntries returns the entries of docs/. If the docs were never listed, it lists them; if that takes long or fails,
// it returns those of an earlier run.
func (t *Tree) docEntries(ctx context.Context) (*folderEntries, error) {
	if e := t.docsFolder(); e != nil {
		return e, nil
	}
	list := func(ctx context.Context) (*folderEntries, error) {
		if err := t.Refresh(ctx); err != nil {
			return nil, err
		}
		return t.docsFolder(), nil
	}
	failed := func(ctx context.Context, err error) { t.failed(ctx, err, Object{Kind: KindDoc}, "") }
	return getOrStale(ctx, t, t.first, list, t.recall, func() {}, failed)
}

// awaitDocs waits for the docs to be listed for the first time. After a wait in vain nobody waits again: whatever looks
// at the mountpoint would hang each time.
func (t *Tree) awaitDocs(ctx context.Context) {
	if t.docsFolder() != nil || t.noDocs.Load() {
		return
	}
	listed, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_, err := t.docEntries(listed)
	if err != nil {
		_, err = t.recall(ctx)
	}
	t.noDocs.Store(err != nil)
}

// docsFolder returns the entries of docs/ as last listed, nil if the docs never were.
func (t *Tree) docsFolder() *folderEntries {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.folder
}

// modTime is the newest stamp of all docs.
func (t *Tree) modTime() time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	var newest time.Time
	for _, d := range t.docs {
		if at := d.modTime(); at.After(newest) {
			newest = at
		}
	}
	return newest
}

// Run refreshes the tree each interval, counted from the end of the last refresh, until ctx ends.
func (t *Tree) Run(ctx context.Context, interval time.Duration) {
	timer := time.NewTimer(interval)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		if err := t.Refresh(rate.Background(ctx)); err != nil {
			t.failed(ctx, err, Object{Kind: KindDoc}, "")
		}
		timer.Reset(interval)
	}
}
