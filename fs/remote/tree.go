package remote

import (
	"cmp"
	"context"
	"errors"
	iofs "io/fs"
	"sync"
	"sync/atomic"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/remote/control"
	"github.com/codafs/codafs/fs/remote/load"
	"github.com/codafs/codafs/fs/remote/readahead"
)

// errClosed ends background work when the tree is closed.
var errClosed = errors.New("the tree was closed")

// Options say how a tree behaves.
type Options struct {
	// Account says whose contents these are: it is the first part of each key in the Store.
	Account string
	// Refresh is how old data without a stamp may be (permissions); 0 means a minute.
	Refresh time.Duration
	// Prefetch is how many files at most are fetched ahead of a program that goes through a folder file by file; 0
	// means none.
	Prefetch int
	// Parallel is how many units are listed at a time, and how many lists of each; 0 means 16.
	Parallel int
	// Memory is how many bytes the lists of all units may take, about; 0 means 64 MiB. Those that were not used for longest
	// are read from the Store again.
	Memory int64
	// Notice is called, once for each, with notes about the whole workspace; it may be nil.
	Notice func(text string)
	// Warned is called with what is odd about something that was read, once while that stays; it may be nil.
	Warned func(fs.Failure)
	// Changed is called after each refresh, and when a slow answer came, with the id of each unit that may show
	// something else now; "" stands for the list of units. It must not call the tree. It may be nil.
	Changed func(unitID string)
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// Status adds to .codafs/status.json what the tree itself does not know; it may be nil.
	Status func(ctx context.Context, s *fs.Status)
}

// Tree is what a source has, as folders and files. It may be used by many goroutines.
type Tree struct {
	src      Source
	store    fs.Store
	opts     Options
	failures control.Log
	warnings control.Log
	earlier  control.Log           // warnings of an earlier run: see Held
	first    *load.Value[*Entries] // the first listing of the units
	turn     chan struct{}         // holds one token while no Refresh runs
	noUnits  atomic.Bool           // the units could not be had: nobody waits for them again
	storedAt time.Time             // when the list of units was last stored; guarded by turn
	ahead    *readahead.ReadAhead
	memory   *load.Budget[*Lists]
	sizes    *lru.Cache[string, int64] // of the version last opened of a file; estimates are made from it

	life       context.Context // ends with Close
	end        context.CancelFunc
	spawnMu    sync.Mutex // keeps spawn and Close apart: nothing starts after Close
	background sync.WaitGroup

	mu       sync.Mutex // guards all below; not held during calls of the source, the Store, Notice, Warned or Changed
	units    []*Unit    // in the order of the service's list
	folder   *Entries   // of the folder that has the units; nil until they are known
	byID     map[string]*Unit
	gaps     []fs.Failure
	expected []string // ids of units that should exist: see Held
	notes    []string
	listedAt time.Time // zero while the units are those of an earlier run
	recalled time.Time // when an earlier run listed the units, if they are from there
	down     error     // why the last refresh failed; nil if it did not
}

// New makes a tree. It sends nothing. The caller must close it.
func New(src Source, store fs.Store, o Options) *Tree {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Refresh == 0 {
		o.Refresh = time.Minute
	}
	sizes, err := lru.New[string, int64](manySizes)
	if err != nil {
		panic(err) // it refuses sizes below 1 alone
	}
	t := &Tree{src: src, sizes: sizes, store: store, opts: o, memory: load.NewBudget[*Lists](cmp.Or(o.Memory, defaultMemory)), first: load.New[*Entries](o.Now, errLife),
		turn: make(chan struct{}, 1), byID: map[string]*Unit{}}
	t.turn <- struct{}{}
	t.ahead = readahead.New(t, o.Prefetch)
	t.life, t.end = context.WithCancel(context.Background())
	return t
}

// Root is the tree's top folder.
func (t *Tree) Root() fs.Dir { return root{t} }

// Store keeps the contents of the tree's files.
func (t *Tree) Store() fs.Store { return t.store }

// Now is the time of the tree's clock.
func (t *Tree) Now() time.Time { return t.opts.Now() }

// Failures returns the newest failure of each file and folder, oldest first.
func (t *Tree) Failures() []fs.Failure { return t.failures.All() }

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
		if err := t.Refresh(t.src.Background(ctx, nil)); err != nil {
			t.Failed(ctx, err, fs.Object{Kind: t.src.Layout().Kind}, "")
		}
		timer.Reset(interval)
	}
}

// defaultMemory holds the lists of about 20,000 pages.
const defaultMemory = 64 << 20

// defaultParallel is how many requests are sent at once: enough to use up the service's rate limits if each answer
// takes a second.
const defaultParallel = 16

// Parallel is [load.Parallel], as many at a time as the options say.
func (t *Tree) Parallel(ctx context.Context, n int, do func(ctx context.Context, i int) error) error {
	return load.Parallel(ctx, n, cmp.Or(t.opts.Parallel, defaultParallel), do)
}

// Spawn runs f in the background, with the values of ctx. The context of f ends when the tree is closed.
func (t *Tree) Spawn(ctx context.Context, f func(context.Context)) {
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

// Passing implements [load.Owner]. It reports whether an error may pass and says nothing about the object: the service is
// down or out of reach. An answer about the object itself holds, and no older value is served in its place.
func (t *Tree) Passing(err error) bool {
	c := t.src.Class(err)
	return c != ClassRefused && c != ClassToken && !errors.Is(err, iofs.ErrNotExist)
}

// Offline implements [load.Owner].
func (t *Tree) Offline(err error) bool { return t.src.Class(err) == ClassOffline }

// Err implements [load.Owner]. It is not nil once the tree is closed.
func (t *Tree) Err() error {
	if t.life.Err() != nil {
		return errClosed
	}
	return nil
}

// Fatal reports whether an error ends all work: the caller gave up, or the token is refused.
func (t *Tree) Fatal(ctx context.Context, err error) bool {
	return err != nil && (ctx.Err() != nil || t.src.Class(err) == ClassToken)
}

// Status is the content of .codafs/status.json. It calls Options.Status without a lock: it may take some time.
func (t *Tree) Status(ctx context.Context) fs.Status {
	s := t.status()
	if t.opts.Status != nil {
		t.opts.Status(ctx, &s)
	}
	return s
}

// Units is how many units the tree has.
func (t *Tree) Units() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.units)
}

// status returns what the tree itself knows.
func (t *Tree) status() fs.Status {
	failures := t.failures.All()
	s := fs.Status{Schema: fs.SchemaStatus, Errors: len(failures), Warnings: len(t.Warnings())}
	if len(failures) > 0 {
		s.LastError = &failures[len(failures)-1]
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	s.Docs, s.DocsFromEarlierRun = len(t.units), t.folder != nil && t.listedAt.IsZero()
	at := t.listedAt
	if at.IsZero() {
		at = t.recalled
	}
	if !at.IsZero() {
		age := int64(t.opts.Now().Sub(at).Seconds())
		s.DocsListedAt, s.DocsListedAge = at.UTC(), &age
	}
	if t.down != nil {
		s.ServiceDown = t.down.Error()
	}
	return s
}
