package coda

import (
	"context"
	"sync"
)

// keyed lets one run at a time for each key.
type keyed struct {
	mu   sync.Mutex               // guards busy
	busy map[string]chan struct{} // closed when the holder is done
}

func newKeyed() *keyed { return &keyed{busy: map[string]chan struct{}{}} }

// lock waits until nobody else holds key.
func (k *keyed) lock(ctx context.Context, key string) (unlock func(), err error) {
	for {
		theirs := k.take(key)
		if theirs == nil {
			return func() { k.release(key) }, nil
		}
		select {
		case <-theirs:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// take gives nil where the key was free and is now the caller's, else what to wait for.
func (k *keyed) take(key string) (theirs chan struct{}) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if theirs = k.busy[key]; theirs == nil {
		k.busy[key] = make(chan struct{})
	}
	return theirs
}

func (k *keyed) release(key string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	close(k.busy[key])
	delete(k.busy, key)
}
