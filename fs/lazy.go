package fs

import (
	"context"
	"errors"
	iofs "io/fs"
	"sync"
	"sync/atomic"
	"time"
)

// lazy is a value that is loaded when it is first asked for. A failed load is told to all who
// ask within errLife, so that a walk does not wait for the same retries at every step.
type lazy[T any] struct {
	now     func() time.Time
	errLife time.Duration
	value   atomic.Pointer[T]

	mu      sync.Mutex    // guards all below
	running chan struct{} // closed when the load that runs has ended; nil while none does
	late    bool          // somebody was served something older in place of what is being loaded
	err     error
	errAt   time.Time
}

func newLazy[T any](now func() time.Time, errLife time.Duration) *lazy[T] {
	return &lazy[T]{now: now, errLife: errLife}
}

// known gives the value if it was loaded. It never waits.
func (l *lazy[T]) known() (v T, ok bool) {
	if p := l.value.Load(); p != nil {
		return *p, true
	}
	return v, false
}

// get gives the value. While one caller loads, others wait for that load, each no longer than
// its context lasts. The load of a caller that gave up counts as none.
func (l *lazy[T]) get(ctx context.Context, load func(context.Context) (T, error)) (v T, err error) {
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
		if v, ok := l.known(); ok {
			return v, nil
		}
	}
}

// begin has spawn load the value, unless that is being done, or was just tried in vain. The
// channel is closed when there is nothing to wait for any more.
func (l *lazy[T]) begin(spawn func(func(context.Context)), load func(context.Context) (T, error)) <-chan struct{} {
	ended, mine, err := l.join()
	if err != nil {
		return over
	}
	if mine {
		spawn(func(ctx context.Context) { _, _ = l.run(ctx, load) })
	}
	return ended
}

// over is the channel of a load that has ended.
var over = func() chan struct{} { c := make(chan struct{}); close(c); return c }()

// join gives the load that runs. Where none does, and one may, it is the caller's to run.
func (l *lazy[T]) join() (ended <-chan struct{}, mine bool, err error) {
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

// refusalLife is how long a refusal is told without asking again: rights seldom change.
const refusalLife = 10 * time.Minute

func (l *lazy[T]) lifeOf(err error) time.Duration {
	if errors.Is(err, iofs.ErrPermission) {
		return max(l.errLife, refusalLife)
	}
	return l.errLife
}

// run loads for all who joined.
func (l *lazy[T]) run(ctx context.Context, load func(context.Context) (T, error)) (v T, err error) {
	err = context.Canceled // what others see of a load that panics: none
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

// failure is why there is no value, nil where that is not known.
func (l *lazy[T]) failure() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

// setLate notes that the load that runs took too long for somebody.
func (l *lazy[T]) setLate() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.late = true
}

func (l *lazy[T]) isLate() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.late
}
