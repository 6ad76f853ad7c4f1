package main

import (
	"context"
	"sync"
	"time"

	"github.com/codafs/codafs/coda"
)

// refusedWithin is how soon after the start a refused token ends the mount. Later it stays, with
// what is known: users would lose what they have open.
const refusedWithin = 2 * time.Second

// identity is whose token is used, which is asked beside the work.
type identity struct {
	asked chan struct{} // closed when there is a first answer
	until time.Time     // nobody waits for it any longer

	mu      sync.Mutex // guards all below
	name    string
	problem string
}

func newIdentity() *identity {
	return &identity{asked: make(chan struct{}), until: time.Now().Add(refusedWithin)}
}

// get waits for the first answer, for a moment after the start.
func (i *identity) get(ctx context.Context) (name, problem string) {
	ctx, cancel := context.WithDeadline(ctx, i.until)
	defer cancel()
	select {
	case <-i.asked:
	case <-ctx.Done():
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.name, i.problem
}

// answered tells whether there was an answer.
func (i *identity) answered() bool {
	select {
	case <-i.asked:
		return true
	default:
		return false
	}
}

func (i *identity) set(name, problem string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.name, i.problem = name, problem
	close(i.asked)
}

// find asks whose token it is. One that is refused at once calls end.
func (i *identity) find(ctx context.Context, w *workspace, end context.CancelCauseFunc) {
	started := time.Now()
	user, err := w.client.WhoAmI(ctx)
	switch {
	case err == nil:
		i.set(user.LoginID, "")
		w.remember(user.LoginID)
	case coda.CodeOf(err) == coda.CodeOffline:
		i.set("", "")
	case ctx.Err() != nil:
	case coda.CodeOf(err) == coda.CodeUnauthorized && time.Since(started) < refusedWithin:
		end(err)
	default:
		i.set("", describe(err))
		w.log.Error("cannot tell whose token this is", "error", describe(err))
	}
}
