package fs

import (
	"context"
	"time"
)

// lazy is a value that is loaded when it is first asked for. A failed load is told to all who
// ask within errLife, so that a walk does not wait for the same retries at every step.
type lazy[T any] struct {
	turn    chan struct{} // holds one token while nobody loads; guards the rest
	errLife time.Duration
	value   T
	known   bool
	err     error
	errAt   time.Time
}

func newLazy[T any](errLife time.Duration) *lazy[T] {
	l := &lazy[T]{turn: make(chan struct{}, 1), errLife: errLife}
	l.turn <- struct{}{}
	return l
}

// get gives the value. While one caller loads, others wait for their turn, each no longer than
// its context lasts. The load of a caller that gave up counts as none.
func (l *lazy[T]) get(ctx context.Context, load func(context.Context) (T, error)) (v T, err error) {
	select {
	case <-l.turn:
	case <-ctx.Done():
		return v, context.Cause(ctx)
	}
	defer func() { l.turn <- struct{}{} }()
	if l.known {
		return l.value, nil
	}
	if l.err != nil && time.Since(l.errAt) < l.errLife {
		return v, l.err
	}
	v, err = load(ctx)
	switch {
	case err == nil:
		l.value, l.known, l.err = v, true, nil
	case ctx.Err() == nil:
		l.err, l.errAt = err, time.Now()
	}
	return v, err
}
