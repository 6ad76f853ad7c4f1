package load

import (
	"context"
	"sync"
)

// Right is what is known of a right that no service tells of: whether something is allowed shows when it is tried. It is
// unknown at first. One success is proof, and overrides a refusal; after that, a refusal is about its object alone. The
// zero value is ready for use, by many goroutines. Only Lock waits.
type Right struct {
	mu    sync.Mutex // guards all below
	known rightState
	found chan struct{} // closed once something is known; nil until somebody waits
	turn  chan struct{} // holds one token while somebody has the turn
}

// rightState is what is known. It never becomes unknown again.
type rightState int

const (
	unknown rightState = iota
	allowed
	refused
)

// Unknown reports whether nothing is known yet.
func (r *Right) Unknown() bool { return r.is(unknown) }

// Refused reports whether it is known that all is refused.
func (r *Right) Refused() bool { return r.is(refused) }

func (r *Right) is(s rightState) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.known == s
}

// Allow records a success. It may come at any time, also after Refuse: then the refusal was about its object alone.
func (r *Right) Allow() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.set(allowed)
}

// Refuse records that all is refused, unless something is known already, and reports whether that is new. Before it is called,
// another object should have been tried: the first refusal may be about its object alone.
func (r *Right) Refuse() (news bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known != unknown {
		return false
	}
	r.set(refused)
	return true
}

// set records the state and wakes those who wait. r.mu is held.
func (r *Right) set(s rightState) {
	if r.known == unknown && r.found != nil {
		close(r.found)
	}
	r.known = s
}

// Learned returns a channel that is closed once something is known, and nil if that is so already.
func (r *Right) Learned() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known != unknown {
		return nil
	}
	if r.found == nil {
		r.found = make(chan struct{})
	}
	return r.found
}

// Lock waits for the turn to find out: one at a time tries, and the others then know. Its error is that of ctx. The turn is
// held during requests, so r.mu is not: all other methods answer at once.
func (r *Right) Lock(ctx context.Context) (unlock func(), err error) {
	r.mu.Lock()
	if r.turn == nil {
		r.turn = make(chan struct{}, 1)
	}
	turn := r.turn
	r.mu.Unlock()
	select {
	case turn <- struct{}{}:
		return func() { <-turn }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}
