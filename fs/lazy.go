package fs

import (
	"context"
	"sync/atomic"
	"time"
)

// lazy is a value that is loaded when it is first asked for. A failed load is told to all who
// ask within errLife, so that a walk does not wait for the same retries at every step.
type lazy[T any] struct {
	now     func() time.Time
	errLife time.Duration
	value   atomic.Pointer[T]
	turn    chan struct{} // holds one token while nobody loads; guards the rest
	err     error
	errAt   time.Time
}

func newLazy[T any](now func() time.Time, errLife time.Duration) *lazy[T] {
	l := &lazy[T]{now: now, errLife: errLife, turn: make(chan struct{}, 1)}
	l.turn <- struct{}{}
	return l
}

// known gives the value if it was loaded. It never waits.
func (l *lazy[T]) known() (v T, ok bool) {
	if p := l.value.Load(); p != nil {
		return *p, true
	}
	return v, false
}

// get gives the value. While one caller loads, others wait for their turn, each no longer than
// its context lasts. The load of a caller that gave up counts as none.
func (l *lazy[T]) get(ctx context.Context, load func(context.Context) (T, error)) (v T, err error) {
	if v, ok := l.known(); ok {
		return v, nil
	}
	select {
	case <-l.turn:
	case <-ctx.Done():
		return v, context.Cause(ctx)
	}
	defer func() { l.turn <- struct{}{} }()
	if v, ok := l.known(); ok {
		return v, nil
	}
	if l.err != nil && l.now().Sub(l.errAt) < l.errLife {
		return v, l.err
	}
	v, err = load(ctx)
	switch {
	case err == nil:
		l.value.Store(&v)
		l.err = nil
	case ctx.Err() == nil:
		l.err, l.errAt = err, l.now()
	}
	return v, err
}
