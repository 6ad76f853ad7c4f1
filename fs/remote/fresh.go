package remote

import (
	"context"
	"errors"
	"time"
)

// patience is how long a caller waits for newer data before the last known data is served. The load goes on in the
// background, and Options.Changed reports its end.
const patience = 2 * time.Second

// errClosed ends background work when the tree is closed.
var errClosed = errors.New("the tree was closed")

// errUnknown: no older value is stored.
var errUnknown = errors.New("nothing is known of this")

// getOrStale returns the value of lz, or the last known value (older) if loading takes longer than patience or fails
// for now. It calls changed if the newer value comes after all, and failed with the reason if an older one is served.
func getOrStale[T any](ctx context.Context, t *Tree, lz *loader[T], load, older func(context.Context) (T, error),
	changed func(), failed func(context.Context, error)) (v T, err error) {
	tell := func(ctx context.Context) {
		if err := lz.failure(); err != nil && t.passing(err) && t.src.Class(err) != ClassOffline {
			failed(ctx, err)
		}
	}
	spawn := func(f func(context.Context)) {
		t.spawn(ctx, func(ctx context.Context) {
			f(ctx)
			if !lz.isLate() {
				return
			}
			if _, ok := lz.known(); ok {
				changed()
			} else {
				tell(ctx)
			}
		})
	}
	for {
		if v, ok := lz.known(); ok {
			return v, nil
		}
		ended := lz.begin(spawn, load)
		if done := wait(ctx, ended, lz.isLate()); !done {
			if v, err := older(ctx); err == nil {
				lz.setLate()
				return v, nil
			}
			select {
			case <-ended:
			case <-ctx.Done():
			}
		}
		switch err := lz.failure(); {
		case ctx.Err() != nil:
			return v, context.Cause(ctx)
		case t.life.Err() != nil:
			return v, errClosed
		case err != nil && t.passing(err):
			if v, olderErr := older(ctx); olderErr == nil {
				tell(ctx)
				return v, nil
			}
			return v, err
		case err != nil:
			return v, err
		}
	}
}

// wait waits for the end of a load, but no longer than patience. If somebody has already waited that long for the same
// load (late), it does not wait.
func wait(ctx context.Context, ended <-chan struct{}, late bool) (done bool) {
	if late {
		select {
		case <-ended:
			return true
		default:
			return false
		}
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-ended:
		return true
	case <-timer.C:
		return false
	case <-ctx.Done():
		return true
	}
}
