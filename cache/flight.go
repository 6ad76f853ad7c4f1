package cache

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
)

// ErrClosed is what callers get from a [Flight], [Disk] or [Memory] that was closed.
var ErrClosed = errors.New("cache: closed")

var errGoexit = errors.New("cache: a fetch ended its goroutine and left no result")

// PanicError is the error of a fetch that panicked. It goes to those who waited: one bad
// document must not take down the process that serves all others.
type PanicError struct {
	Value any
	// Stack is where it panicked, for a log.
	Stack []byte
}

// Error has the value, and not the stack.
func (e *PanicError) Error() string { return fmt.Sprintf("cache: panic in a fetch: %v", e.Value) }

// Flight lets all who want the same thing at the same time share one fetch. The zero
// value is ready for use. Results and errors go to those who wait and are not kept.
type Flight[K comparable, V any] struct {
	// Landed, if not nil, is told of each result how many callers will get it, before
	// they do. It is 0 if the last caller left too late to stop the fetch. A result
	// that must be released can so be counted. It is called for several fetches at once,
	// and must not wait for anything.
	Landed func(result V, callers int)

	mu      sync.Mutex     // guards calls and closed, and the calls' own fields; never held while fn or Landed runs
	calls   map[K]*call[V] // the fetches that may be joined
	closed  bool
	running sync.WaitGroup
}

// call is one fetch. Its fields are guarded by the flight's lock, apart from value and err,
// which are written before done is closed and read after.
type call[V any] struct {
	cancel  context.CancelCauseFunc
	waiters int
	landed  bool // the number of waiters is final
	done    chan struct{}
	value   V
	err     error
}

// Do returns what fn returns, or what a call of fn for the same key returns that is running
// already. fn runs in a goroutine of its own, under a context that has the values of the
// first caller's and ends when the last caller has left. A caller leaves when its ctx
// ends; it then gets ctx's error at once, while the others wait on.
func (f *Flight[K, V]) Do(ctx context.Context, key K, fn func(context.Context) (V, error)) (V, error) {
	var none V
	if err := ctx.Err(); err != nil {
		return none, err
	}
	c, err := f.join(ctx, key, fn)
	if err != nil {
		return none, err
	}
	select {
	case <-c.done:
	case <-ctx.Done():
		if f.leave(key, c) {
			return none, ctx.Err()
		}
		<-c.done // it has landed, and this caller is counted in
	}
	return c.value, c.err
}

// Close stops what is running and returns when all of it has ended. Callers that wait, and
// those that come later, get [ErrClosed]. A fetch that ignores its context keeps Close waiting.
func (f *Flight[K, V]) Close() {
	f.mu.Lock()
	f.closed = true
	for _, c := range f.calls {
		c.cancel(ErrClosed)
	}
	f.mu.Unlock()
	f.running.Wait()
}

// join counts the caller into the call for key and starts one if there is none.
func (f *Flight[K, V]) join(ctx context.Context, key K, fn func(context.Context) (V, error)) (*call[V], error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil, ErrClosed
	}
	if c, ok := f.calls[key]; ok {
		c.waiters++
		return c, nil
	}
	shared, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	c := &call[V]{cancel: cancel, waiters: 1, done: make(chan struct{})}
	if f.calls == nil {
		f.calls = map[K]*call[V]{}
	}
	f.calls[key] = c
	f.running.Go(func() { f.run(shared, key, c, fn) })
	return c, nil
}

// leave takes a caller out of c, and reports whether that was in time. The last one stops
// the fetch. Whoever comes after that starts another: this one will only bring an error.
func (f *Flight[K, V]) leave(key K, c *call[V]) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if c.landed {
		return false
	}
	c.waiters--
	if c.waiters == 0 {
		delete(f.calls, key)
		c.cancel(nil)
	}
	return true
}

// run is the goroutine of one fetch. It hands over a result however fn ends: by a return, a panic
// or runtime.Goexit (as of t.FailNow in a test's fn). Otherwise callers would wait for good.
func (f *Flight[K, V]) run(ctx context.Context, key K, c *call[V], fn func(context.Context) (V, error)) {
	defer f.land(ctx, key, c)
	defer func() {
		if p := recover(); p != nil {
			c.err = &PanicError{Value: p, Stack: debug.Stack()}
		}
	}()
	c.err = errGoexit // stands if fn does not return
	c.value, c.err = fn(ctx)
}

// land hands the result to the callers that are still there.
func (f *Flight[K, V]) land(ctx context.Context, key K, c *call[V]) {
	if c.err != nil && context.Cause(ctx) == ErrClosed {
		c.err = ErrClosed
	}
	f.mu.Lock()
	c.landed = true
	if f.calls[key] == c {
		delete(f.calls, key)
	}
	callers := c.waiters
	f.mu.Unlock()

	c.cancel(nil)
	if c.err == nil && f.Landed != nil {
		f.Landed(c.value, callers)
	}
	close(c.done)
}
