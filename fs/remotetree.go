package fs

import (
	"cmp"
	"context"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
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

// Tree is what a source has, as folders and files.
type Tree struct {
	src      source
	store    Store
	opts     Options
	failures failureLog
	warnings failureLog
	earlier  failureLog              // warnings of an earlier run: see Held
	first    *loader[*folderEntries] // the first listing of the units
	turn     chan struct{}           // holds one token while no Refresh runs
	noUnits  atomic.Bool             // somebody has waited for the units in vain
	storedAt time.Time               // when the list of units was last stored; guarded by turn
	ahead    *readAhead

	life       context.Context // ends with Close
	end        context.CancelFunc
	spawnMu    sync.Mutex // keeps spawn and Close apart: nothing starts after Close
	background sync.WaitGroup

	mu       sync.Mutex     // guards all below; not held during calls of the source, the Store, Notice, Warned or Changed
	units    []*unit        // in the order of the service's list
	folder   *folderEntries // of the folder that has the units; nil until they are known
	byID     map[string]*unit
	gaps     []Failure
	expected []string // ids of units that should exist: see Held
	notes    []string
	listedAt time.Time // zero while the units are those of an earlier run
	recalled time.Time // when an earlier run listed the units, if they are from there
	down     error     // why the last refresh failed; nil if it did not
}

// newTree makes a tree. It sends nothing. The caller must close it.
func newTree(src source, store Store, o Options) *Tree {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Refresh == 0 {
		o.Refresh = time.Minute
	}
	t := &Tree{src: src, store: store, opts: o, first: newLoader[*folderEntries](o.Now, errLife),
		turn: make(chan struct{}, 1), byID: map[string]*unit{}}
	t.turn <- struct{}{}
	t.ahead = newReadAhead(t, o.Prefetch)
	t.life, t.end = context.WithCancel(context.Background())
	return t
}

// Root is the tree's top folder.
func (t *Tree) Root() Dir { return root{t} }

// Failures returns the newest failure of each file and folder, oldest first.
func (t *Tree) Failures() []Failure { return t.failures.all() }

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
		if err := t.Refresh(t.src.background(ctx, nil)); err != nil {
			t.failed(ctx, err, Object{Kind: t.src.layout().kind}, "")
		}
		timer.Reset(interval)
	}
}

// defaultParallel is how many requests are sent at once: enough to use up the service's rate limits if each answer
// takes a second.
const defaultParallel = 16

// parallel calls do for 0 to n-1, several at a time, until one fails.
func (t *Tree) parallel(ctx context.Context, n int, do func(ctx context.Context, i int) error) error {
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(cmp.Or(t.opts.Parallel, defaultParallel))
	for i := range n {
		g.Go(func() error {
			if gctx.Err() != nil {
				return context.Cause(gctx)
			}
			return do(gctx, i)
		})
	}
	return g.Wait()
}

// spawn runs f in the background, with the values of ctx. The context of f ends when the tree is closed.
func (t *Tree) spawn(ctx context.Context, f func(context.Context)) {
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(t.life, func() { cancel(errClosed) })
	work := func() {
		defer cancel(nil)
		defer stop()
		f(ctx)
	}
	t.spawnMu.Lock()
	defer t.spawnMu.Unlock()
	if t.life.Err() != nil {
		cancel(errClosed)
		work() // ends at once, and must run: somebody may wait for it
		return
	}
	t.background.Go(work)
}

// Close ends background work and waits for it. Open contents stay readable.
func (t *Tree) Close() {
	t.spawnMu.Lock()
	t.end()
	t.spawnMu.Unlock()
	t.background.Wait()
}

// passing reports whether an error may pass and says nothing about the object: the service is down or out of reach. An
// answer about the object itself holds, and no older value is served in its place.
func (t *Tree) passing(err error) bool {
	c := t.src.class(err)
	return c != classRefused && c != classToken && !notExist(err)
}

// fatal reports whether an error ends all work: the caller gave up, or the token is refused.
func (t *Tree) fatal(ctx context.Context, err error) bool {
	return err != nil && (ctx.Err() != nil || t.src.class(err) == classToken)
}
