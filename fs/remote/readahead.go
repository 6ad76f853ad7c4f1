package remote

import (
	"context"
	"sync"
	"time"

	"github.com/codafs/codafs/fs"
)

// readAhead detects programs that read files one by one (grep -r, tar, rsync), and fetches the next files before they
// are asked for: each takes seconds, and many can be fetched at once. It sees opens only, so programs that list or stat
// start nothing. Its requests are background work until a reader reaches the file.
type readAhead struct {
	t   *Tree
	max int

	mu    sync.Mutex // guards all below, all openHistories and sequentialReaders
	ahead int        // files that are being fetched, or were, and that no reader has reached; at most max
}

// readerIdle is how long after its last open a reader counts as active.
const readerIdle = 10 * time.Second

// newReadAhead returns nil if no files are to be fetched ahead. A nil readAhead does nothing.
func newReadAhead(t *Tree, files int) *readAhead {
	if files <= 0 {
		return nil
	}
	return &readAhead{t: t, max: files}
}

// opened records that a file is opened, and whether its bytes were at hand. The caller must call left when its open
// returns.
func (a *readAhead) opened(f *File, hit bool) (left func()) {
	if a == nil || f.Ahead == AheadNever {
		return func() {}
	}
	r, begun := a.readerOf(f, hit)
	if r == nil {
		return func() {}
	}
	if begun {
		a.t.spawn(a.t.life, func(ctx context.Context) { a.run(ctx, r) })
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
func (a *readAhead) readerOf(f *File, hit bool) (r *sequentialReader, begun bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	s := f.u.history(f.obj.Kind)
	r = a.follow(s, f.obj.ID)
	if r == nil && !hit {
		r = s.begin(f, a.max)
		begun = r != nil
	}
	s.last = f.obj.ID
	if r != nil {
		r.inside++
		r.signal()
	}
	return r, begun
}

// follow returns the reader whose next step is this file. All readers that are fetching it learn that it is waited for.
// a.mu is held.
func (a *readAhead) follow(s *openHistory, id string) (found *sequentialReader) {
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
func (a *readAhead) forget(r *sequentialReader) {
	for id, p := range r.fetches {
		if (p.done || p.reached) && r.order.at[id] <= r.pos {
			delete(r.fetches, id)
			a.ahead--
		}
	}
}

// run fetches ahead of r until r is idle, or the tree is closed. Then it cancels what may be long. A fetch that costs
// nothing more once it was started goes on, and may be used later.
func (a *readAhead) run(ctx context.Context, r *sequentialReader) {
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
			if p.file.Ahead == AheadCancel {
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
func (a *readAhead) due(r *sequentialReader) (due []*prefetch) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.t.isDown() {
		return nil
	}
	files := r.order.files
	for ; r.next < len(files) && r.next <= r.pos+r.size && a.ahead < a.max; r.next++ {
		f := files[r.next]
		if r.fetches[f.obj.ID] == nil {
			p := &prefetch{file: f, wanted: make(chan struct{})}
			r.fetches[f.obj.ID] = p
			a.ahead++
			due = append(due, p)
		}
	}
	return due
}

// fetch runs one fetch. It does not record a failure: the reader will meet it.
func (a *readAhead) fetch(ctx context.Context, r *sequentialReader, p *prefetch) {
	_ = p.file.prefetch(a.t.src.Background(ctx, p.wanted))
	a.mu.Lock()
	defer a.mu.Unlock()
	p.done = true
	a.forget(r)
}

// prefetch fetches the file's bytes into the Store.
func (f *File) prefetch(ctx context.Context) error {
	v, err := f.renderer.Version(ctx)
	if err != nil {
		return err
	}
	if v = f.asSeen(ctx, v); f.has(ctx, v) {
		if v.Computed == fs.ComputedVolatile {
			return f.Renew(ctx, f.u.t.opts.Now().Add(-f.u.t.opts.Refresh))
		}
		return nil
	}
	c, err := f.fetch(ctx, v)
	if err != nil {
		return err
	}
	return c.Close()
}

// gone reports whether no open of r is still running.
func (a *readAhead) gone(r *sequentialReader) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return r.inside == 0
}

// end removes r, and its files from the count.
func (a *readAhead) end(r *sequentialReader) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.ahead -= len(r.fetches)
	r.fetches = nil
	r.s.remove(r)
}
