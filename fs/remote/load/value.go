package load

import (
	"context"
	"errors"
	iofs "io/fs"
	"sync"
	"sync/atomic"
	"time"
)

// Value is a value that is loaded when it is first asked for. Callers share one load (as in singleflight). A failure
// is repeated to all who ask within errLife, so that a walk does not wait for the same retries at every step.
type Value[T any] struct {
	now     func() time.Time
	errLife time.Duration
	value   atomic.Pointer[T]

	mu      sync.Mutex    // guards all below
	running chan struct{} // closed when the current load ends; nil if none runs
	late    bool          // somebody was served an older value while this load ran
	err     error
	errAt   time.Time
}

// New makes a value that is not loaded. now is the clock, errLife how long a failure is repeated without a new load.
func New[T any](now func() time.Time, errLife time.Duration) *Value[T] {
	return &Value[T]{now: now, errLife: errLife}
}

// Known returns the value if it was loaded. It never waits, and takes no lock: it is asked for at each lookup.
func (l *Value[T]) Known() (v T, ok bool) {
	if p := l.value.Load(); p != nil {
		return *p, true
	}
	return v, false
}

// Loaded reports whether the value was loaded.
func (l *Value[T]) Loaded() bool { return l.value.Load() != nil }

// Get returns the value. While one caller loads, others wait for that load, each no longer than its own context lasts.
// If the caller that loads gives up, the next one loads.
func (l *Value[T]) Get(ctx context.Context, load func(context.Context) (T, error)) (v T, err error) {
	for {
		ended, mine, err := l.join()
		if err != nil {
			return v, err
		}
		if mine {
			return l.run(ctx, load)
		}
		select {
		case <-ended:
		case <-ctx.Done():
			return v, context.Cause(ctx)
		}
		if v, ok := l.Known(); ok {
			return v, nil
		}
	}
}

// begin starts a load by spawn, unless one runs or has just failed. The channel is closed when there is nothing to wait
// for any more, be there a value or not.
func (l *Value[T]) begin(spawn func(func(context.Context)), load func(context.Context) (T, error)) <-chan struct{} {
	ended, mine, err := l.join()
	if err != nil {
		return over
	}
	if mine {
		spawn(func(ctx context.Context) { _, _ = l.run(ctx, load) })
	}
	return ended
}

// over is a closed channel: that of a load which has ended.
var over = func() chan struct{} { c := make(chan struct{}); close(c); return c }()

// join returns the current load. If none runs and one may start, mine is true: the caller must run it, or all others wait for
// good. The error is that of the last load, as long as it is repeated.
func (l *Value[T]) join() (ended <-chan struct{}, mine bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.value.Load() != nil:
		return over, false, nil
	case l.running != nil:
		return l.running, false, nil
	case l.err != nil && l.now().Sub(l.errAt) < l.lifeOf(l.err):
		return nil, false, l.err
	}
	l.running, l.late = make(chan struct{}), false
	return l.running, true, nil
}

// refusalLife is how long a refusal is repeated without asking again: rights seldom change.
const refusalLife = 10 * time.Minute

// lifeOf is how long an error is repeated before the next load.
func (l *Value[T]) lifeOf(err error) time.Duration {
	if errors.Is(err, iofs.ErrPermission) {
		return max(l.errLife, refusalLife)
	}
	return l.errLife
}

// run loads the value for all who joined. No lock is held during load. An end of ctx is no failure: the next caller loads.
func (l *Value[T]) run(ctx context.Context, load func(context.Context) (T, error)) (v T, err error) {
	err = context.Canceled // what others get if load panics
	defer func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if err == nil {
			l.value.Store(&v)
			l.err = nil
		} else if ctx.Err() == nil {
			l.err, l.errAt = err, l.now()
		}
		close(l.running)
		l.running = nil
	}()
	v, err = load(ctx)
	return v, err
}

// Failure returns the error of the last load, nil if it has none. It may be older than errLife: then the next caller loads.
func (l *Value[T]) Failure() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

// setLate records that somebody was served an older value while the current load ran.
func (l *Value[T]) setLate() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.late = true
}

// isLate reports whether somebody was served an older value while the last load ran: then its end is news.
func (l *Value[T]) isLate() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.late
}
