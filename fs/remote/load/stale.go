package load

import (
	"context"
	"time"
)

// Patience is how long a caller waits for newer data before the last known data is served. The load goes on in the
// background. Most lists come within a second.
const Patience = 2 * time.Second

// Owner is who loads in the background.
type Owner interface {
	// Spawn runs f in the background. Its context ends when the owner does.
	Spawn(ctx context.Context, f func(context.Context))
	// Err is why the owner has ended, nil while it lives.
	Err() error
	// Passing reports whether an error may pass, and says nothing about what was asked for. No other is hidden by an older
	// value.
	Passing(err error) bool
	// Offline reports whether an error only says that nothing is to be sent.
	Offline(err error) bool
}

// OrStale returns the value, or the last known value (older) if loading takes longer than Patience or fails
// for now. It calls changed if the newer value comes after all, and failed with the reason if an older one is served. An
// answer about the thing itself (it is gone, it is refused) is returned as the error even if an older value is known: to show
// what is not there any more would be wrong for good. If there is no older value, it waits for the load, or for ctx.
func OrStale[T any](ctx context.Context, o Owner, of *Value[T], load, older func(context.Context) (T, error),
	changed func(), failed func(context.Context, error)) (v T, err error) {
	tell := func(ctx context.Context) {
		if err := of.Failure(); err != nil && o.Passing(err) && !o.Offline(err) {
			failed(ctx, err)
		}
	}
	spawn := func(f func(context.Context)) {
		o.Spawn(ctx, func(ctx context.Context) {
			f(ctx)
			if !of.isLate() {
				return
			}
			if _, ok := of.Known(); ok {
				changed()
			} else {
				tell(ctx)
			}
		})
	}
	for {
		if v, ok := of.Known(); ok {
			return v, nil
		}
		ended := of.begin(spawn, load)
		if done := wait(ctx, ended, of.isLate()); !done {
			// Served late: when the load ends, its value is news for whoever got this one.
			if v, err := older(ctx); err == nil {
				of.setLate()
				return v, nil
			}
			select {
			case <-ended:
			case <-ctx.Done():
			}
		}
		switch err := of.Failure(); {
		case ctx.Err() != nil:
			return v, context.Cause(ctx)
		case o.Err() != nil:
			return v, o.Err()
		case err != nil && o.Passing(err):
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

// wait waits for the end of a load, but no longer than Patience. If somebody has already waited that long for the same
// load (late), it does not wait: a walk through a slow folder waits once, not at each name. It also returns true at the end of
// ctx; the caller looks.
func wait(ctx context.Context, ended <-chan struct{}, late bool) (done bool) {
	if late {
		select {
		case <-ended:
			return true
		default:
			return false
		}
	}
	timer := time.NewTimer(Patience)
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
