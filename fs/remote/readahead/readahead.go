package readahead

import (
	"context"
	"sync"
	"time"

	"github.com/codafs/codafs/fs"
)

// File is a file that may be fetched ahead of its reader. Equal files are the same value.
type File interface {
	// ID is that of the file's object.
	ID() string
	// Kind is that of the file's object. One series has files of one kind.
	Kind() fs.Kind
	// Prefetch fetches the file's bytes into the store, unless they are there.
	Prefetch(ctx context.Context) error
	// Long says that a fetch may be long: it ends when the reader is gone. Any other fetch is finished once it was begun.
	Long() bool
	// Series is what the file's place among others is told from; it is always the same.
	Series() *Series
}

// Owner is what the files belong to. Its functions send nothing, and do not call the ReadAhead.
type Owner interface {
	// Spawn runs f in the background. Its context ends when the owner does.
	Spawn(ctx context.Context, f func(context.Context))
	// IsDown reports that nothing can be fetched now.
	IsDown() bool
	// Background marks requests that nobody waits for, until wanted is closed.
	Background(ctx context.Context, wanted <-chan struct{}) context.Context
}

// ReadAhead detects programs that read files one by one (grep -r, tar, rsync), and fetches the next files before they
// are asked for: each takes seconds, and many can be fetched at once. It sees opens only, so programs that list or stat
// start nothing. Its requests are background work until a reader reaches the file.
type ReadAhead struct {
	owner Owner
	max   int

	mu    sync.Mutex // guards all below, and all Series and readers
	ahead int        // files that are being fetched, or were, and that no reader has reached; at most max
}

// readerIdle is how long after its last open a reader counts as active.
const readerIdle = 10 * time.Second

// New makes a ReadAhead that has at most so many files fetched ahead of their readers. If that is 0, it returns nil, which does
// nothing.
func New(owner Owner, files int) *ReadAhead {
	if files <= 0 {
		return nil
	}
	return &ReadAhead{owner: owner, max: files}
}

// Opened records that a file is opened, and whether its bytes were at hand. The caller must call left when its open
// returns.
func (a *ReadAhead) Opened(f File, hit bool) (left func()) {
	if a == nil {
		return func() {}
	}
	r, begun := a.readerOf(f, hit)
	if r == nil {
		return func() {}
	}
	if begun {
		a.owner.Spawn(context.Background(), func(ctx context.Context) { a.run(ctx, r) })
	}
	return func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		r.inside--
		r.signal()
	}
}

// readerOf returns the reader that f belongs to, or starts one if f has to be fetched and follows the file that was
// opened before it.
func (a *ReadAhead) readerOf(f File, hit bool) (r *reader, begun bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	s := f.Series()
	r = a.follow(s, f.ID())
	if r == nil && !hit {
		r = s.begin(f, a.max)
		begun = r != nil
	}
	s.last = f.ID()
	if r != nil {
		r.inside++
		r.signal()
	}
	return r, begun
}

// follow returns the reader whose next step is this file. All readers that are fetching it learn that it is waited for.
// a.mu is held.
func (a *ReadAhead) follow(s *Series, id string) (found *reader) {
	for _, r := range s.readers {
		if p := r.fetches[id]; p != nil {
			p.come()
		}
		if found == nil && r.follow(id, a.max) {
			found = r
		}
		a.forget(r)
	}
	return found
}

// forget removes files that r has reached or passed from the count. A file that was left out and is still being fetched
// stays: a program that reads in parallel may want it next. a.mu is held.
func (a *ReadAhead) forget(r *reader) {
	for id, p := range r.fetches {
		if (p.done || p.reached) && r.order.at[id] <= r.pos {
			delete(r.fetches, id)
			a.ahead--
		}
	}
}

// run fetches ahead of r until r is idle, or the tree is closed. Then it cancels what may be long. A fetch that costs
// nothing more once it was started goes on, and may be used later.
func (a *ReadAhead) run(ctx context.Context, r *reader) {
	long, giveUp := context.WithCancel(ctx)
	var fetches sync.WaitGroup
	defer fetches.Wait()
	defer a.end(r)
	defer giveUp()
	idle := time.NewTimer(readerIdle)
	defer idle.Stop()
	for {
		for _, p := range a.due(r) {
			ctx := ctx
			if p.file.Long() {
				ctx = long
			}
			fetches.Go(func() { a.fetch(ctx, r, p) })
		}
		select {
		case <-r.moved:
			idle.Reset(readerIdle)
		case <-idle.C:
			if a.gone(r) {
				return
			}
			idle.Reset(readerIdle)
		case <-ctx.Done():
			return
		}
	}
}

// due returns the files to fetch now, in order.
func (a *ReadAhead) due(r *reader) (due []*prefetch) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.owner.IsDown() {
		return nil
	}
	files := r.order.files
	for ; r.next < len(files) && r.next <= r.pos+r.size && a.ahead < a.max; r.next++ {
		f := files[r.next]
		if r.fetches[f.ID()] == nil {
			p := &prefetch{file: f, wanted: make(chan struct{})}
			r.fetches[f.ID()] = p
			a.ahead++
			due = append(due, p)
		}
	}
	return due
}

// fetch runs one fetch. It does not record a failure: the reader will meet it.
func (a *ReadAhead) fetch(ctx context.Context, r *reader, p *prefetch) {
	_ = p.file.Prefetch(a.owner.Background(ctx, p.wanted))
	a.mu.Lock()
	defer a.mu.Unlock()
	p.done = true
	a.forget(r)
}

// gone reports whether no open of r is still running.
func (a *ReadAhead) gone(r *reader) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return r.inside == 0
}

// end removes r, and its files from the count.
func (a *ReadAhead) end(r *reader) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.ahead -= len(r.fetches)
	r.fetches = nil
	r.s.remove(r)
	if len(r.s.readers) == 0 {
		r.s.of, r.s.orders = nil, nil // they would hold all files of the unit
	}
}
