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
	// Account is whose contents these are: the first part of each key in the Store.
	Account string
	Select  Selection
	// Refresh is how old what has no stamp may be (permissions); 0 is a minute.
	Refresh time.Duration
	// Prefetch is how many files at most are fetched before a program that goes through a folder
	// file by file comes to them; 0 is none.
	Prefetch int
	// Parallel is how many docs are listed at a time, and of each how many of its lists; 0 means 16.
	Parallel int
	// RowDeltas has the changed rows asked for of tables with more rows than this, which is how many
	// come with one request: see deltas.go. 0 has all rows asked for of all tables.
	RowDeltas int64
	// Notice is told, once, what users should know of all they read; nil tells nobody.
	Notice func(text string)
	// Warned is told what is odd about something that was read, once while it stays; nil tells nobody.
	Warned func(Failure)
	// Changed is told, after each refresh and when a slow answer came, which docs may show something
	// else now, by id; "" stands for the list of docs. It must not call the tree. It may be nil.
	Changed func(docID string)
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// Status adds to .codafs/status.json what the tree itself cannot know; nil adds nothing.
	Status func(ctx context.Context, s *Status)
}

// Tree is a workspace as folders and files.
type Tree struct {
	src      Source
	store    Store
	opts     Options
	failures failureLog
	warnings failureLog
	earlier  failureLog      // warnings of an earlier run: see Held
	first    *lazy[*entries] // the first listing of docs
	turn     chan struct{}   // holds one token while no Refresh runs
	noDocs   atomic.Bool     // the docs were waited for in vain
	kept     time.Time       // when the list of docs was last remembered; who has the turn guards it
	exports  exports
	ahead    *readAhead

	life     context.Context // ends with Close
	end      context.CancelFunc
	behindMu sync.Mutex // orders spawn and Close
	behind   sync.WaitGroup

	mu       sync.Mutex // guards all below; held for no call of anybody else's code
	docs     []*doc     // in the order of the listing
	folder   *entries   // of docs/; nil until docs were listed
	byID     map[string]*doc
	gaps     []Failure
	expected []string // ids of docs that are to be there: see Held
	notes    []string
	listedAt time.Time // zero while what is known is from an earlier run
	recalled time.Time // when an earlier run listed the docs, if they are known from there
	down     error     // why the last refresh failed; nil if it did not
}

// New makes a tree. It sends nothing. The owner closes it.
func New(src Source, store Store, o Options) *Tree {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Refresh == 0 {
		o.Refresh = time.Minute
	}
	t := &Tree{src: src, store: store, opts: o, first: newLazy[*entries](o.Now, errLife),
		turn: make(chan struct{}, 1), byID: map[string]*doc{}}
	t.turn <- struct{}{}
	t.ahead = newReadAhead(t, o.Prefetch)
	t.life, t.end = context.WithCancel(context.Background())
	return t
}

// Root is the tree's top folder.
func (t *Tree) Root() Dir { return root{t} }

// Failures gives the newest failure of each file and folder, oldest first.
func (t *Tree) Failures() []Failure { return t.failures.all() }

// Refresh lists the docs afresh. Where that fails, all stays as it was known. Refreshes go one
// after the other, so that none brings back what a later one has replaced.
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
	if len(moved) == 0 && now.Sub(t.kept) < rememberEvery {
		return nil
	}
	t.kept = now
	return t.remember(ctx, l.docs)
}

// rememberEvery is how often the list of docs is remembered while it stays the same, so that a later run can tell how
// old it is.
const rememberEvery = 10 * time.Minute

// setNotes keeps what is to know of the list of docs, and tells the first time.
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

// setDown notes that the service could not be asked.
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

// take takes over a listing of docs and tells which docs may show something else now. Those
// that were young at the last listing are among them: their versions settle without a new stamp.
func (t *Tree) take(l docList) (moved []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	type state struct {
		name  string
		stamp time.Time
		raw   string // doc.json shows all of it, and not all in it has a stamp
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

// known is the docs of the last listing.
func (t *Tree) known() []coda.Doc {
	t.mu.Lock()
	defer t.mu.Unlock()
	docs := make([]coda.Doc, len(t.docs))
	for i, d := range t.docs {
		docs[i] = d.getMeta()
	}
	return docs
}

// set makes the tree of a listing of docs. t.mu is held.
func (t *Tree) set(docs []coda.Doc, gaps []Failure, at time.Time) {
	old := t.byID
	t.docs, t.byID, t.gaps, t.listedAt = nil, map[string]*doc{}, gaps, at
	for _, meta := range docs {
		if !validID(meta.ID) {
			t.gaps = append(t.gaps, badID("", meta.ID, meta.Name, KindDoc))
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
	t.note(t.gaps)
	t.name()
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

// docEntries gives the folder of the docs. It lists them if they never were; where that takes long
// or fails, they are those of an earlier run.
func (t *Tree) docEntries(ctx context.Context) (*entries, error) {
	if e := t.docsFolder(); e != nil {
		return e, nil
	}
	list := func(ctx context.Context) (*entries, error) {
		if err := t.Refresh(ctx); err != nil {
			return nil, err
		}
		return t.docsFolder(), nil
	}
	failed := func(ctx context.Context, err error) { t.failed(ctx, err, Object{Kind: KindDoc}, "") }
	return soon(ctx, t, t.first, list, t.recall, func() {}, failed)
}

// awaitDocs waits for the docs to be listed for the first time. Where that is in vain, nobody waits any more: whatever
// looks at the mountpoint would hang each time.
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

// docsFolder is the folder of the docs as last listed, nil if they never were.
func (t *Tree) docsFolder() *entries {
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
		if err := t.Refresh(rate.Background(ctx)); err != nil {
			t.failed(ctx, err, Object{Kind: KindDoc}, "")
		}
		timer.Reset(interval)
	}
}
