package fs

import (
	"context"
	"sync"
	"time"

	"github.com/codafs/codafs/coda/rate"
)

// readAhead sees programs that go through files one by one (grep -r, tar, rsync), and has the
// contents of the next files fetched before they are asked for: each takes seconds, and many can be
// under way at once. It hears of opens only, so programs that list or stat start nothing. What it
// sends is background work until a reader has come to the file.
type readAhead struct {
	t   *Tree
	max int

	mu    sync.Mutex // guards all below, and all streams and readers
	ahead int        // files that are fetched, or were, and no reader has come to; max at most
}

// readerIdle is how long after its last open a reader is taken to be still on its way.
const readerIdle = 10 * time.Second

// newReadAhead gives nil, which does nothing, where no files are to be fetched ahead.
func newReadAhead(t *Tree, files int) *readAhead {
	if files <= 0 {
		return nil
	}
	return &readAhead{t: t, max: files}
}

// opened notes that a file is opened, and whether its bytes were at hand. The caller calls left
// when its open returns.
func (a *readAhead) opened(f *file, hit bool) (left func()) {
	if a == nil || !f.isPage() && !f.isRows() { // all others come with the listings
		return func() {}
	}
	r, begun := a.note(f, hit)
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

func (f *file) isPage() bool { return f.obj.Kind == KindPage || f.obj.Kind == KindPageHTML }
func (f *file) isRows() bool { return f.obj.Kind == KindRows || f.obj.Kind == KindRowsJSON }

// note gives the reader that opens f, if it is known, or begins with one: where f has to be
// fetched, and follows a file that was opened just before.
func (a *readAhead) note(f *file, hit bool) (r *reader, begun bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	s := f.d.stream(f.obj.Kind)
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

// follow gives the reader for whom the file is the next step. All that fetch it now learn that it is
// waited for. a.mu is held.
func (a *readAhead) follow(s *stream, id string) (found *reader) {
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

// forget takes out of the count what r has come to, or past. What was left out and is still being
// fetched stays: a program that reads in parallel may want it next. a.mu is held.
func (a *readAhead) forget(r *reader) {
	for id, p := range r.fetches {
		if (p.done || p.reached) && r.order.at[id] <= r.pos {
			delete(r.fetches, id)
			a.ahead--
		}
	}
}

// run fetches ahead of r until it has gone elsewhere, or the tree is closed. Tables are then given
// up, which may be long; a page's export that was begun costs nothing more, and may be used later.
func (a *readAhead) run(ctx context.Context, r *reader) {
	tables, giveUp := context.WithCancel(ctx)
	var fetches sync.WaitGroup
	defer fetches.Wait()
	defer a.end(r)
	defer giveUp()
	idle := time.NewTimer(readerIdle)
	defer idle.Stop()
	for {
		for _, p := range a.due(r) {
			ctx := ctx
			if p.file.isRows() {
				ctx = tables
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

// due gives what is to be fetched now, in order.
func (a *readAhead) due(r *reader) (due []*prefetch) {
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

// fetch is one fetch from begin to end. A failure is not noted: the reader will see it itself.
func (a *readAhead) fetch(ctx context.Context, r *reader, p *prefetch) {
	_ = p.file.prefetch(rate.BackgroundUntil(ctx, p.wanted))
	a.mu.Lock()
	defer a.mu.Unlock()
	p.done = true
	a.forget(r)
}

// prefetch has the file's bytes in the Store.
func (f *file) prefetch(ctx context.Context) error {
	v, err := f.make.version(ctx)
	if err != nil {
		return err
	}
	if v = f.asSeen(ctx, v); f.has(ctx, v) {
		if v.Computed == ComputedVolatile {
			return f.Renew(ctx, f.d.t.opts.Now().Add(-f.d.t.opts.Refresh))
		}
		return nil
	}
	c, err := f.fetch(ctx, v)
	if err != nil {
		return err
	}
	return c.Close()
}

// gone reports whether r waits for nothing: it is idle.
func (a *readAhead) gone(r *reader) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return r.inside == 0
}

// end forgets r.
func (a *readAhead) end(r *reader) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.ahead -= len(r.fetches)
	r.fetches = nil
	r.s.remove(r)
}
