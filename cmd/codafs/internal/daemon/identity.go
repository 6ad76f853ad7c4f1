package daemon

import (
	"context"
	"errors"
	iofs "io/fs"
	"sync"
	"time"

	"github.com/codafs/codafs/cmd/codafs/internal/exit"
	"github.com/codafs/codafs/cmd/codafs/internal/open"
	"github.com/codafs/codafs/coda/rest"
)

// RefusedWithin is how soon after the start a refused token ends the mount. Later the mount stays, with what is known:
// otherwise users would lose their open files.
const RefusedWithin = 2 * time.Second

// Identity is the user of the token. It is asked for in parallel with other work: one goroutine calls Find, any number may
// call the other methods. Until is not changed after NewIdentity.
type Identity struct {
	asked chan struct{} // closed when the first answer is there
	Until time.Time     // after this nobody waits any longer

	mu      sync.Mutex // guards all below
	name    string
	problem string
}

// NewIdentity returns the identity of a mount that starts now.
func NewIdentity() *Identity {
	return &Identity{asked: make(chan struct{}), Until: time.Now().Add(RefusedWithin)}
}

// Get waits for the first answer, until the time Until. It returns the account's name, or why it is not known; both are ""
// if there was no answer yet, or with --offline.
func (i *Identity) Get(ctx context.Context) (name, problem string) {
	ctx, cancel := context.WithDeadline(ctx, i.Until)
	defer cancel()
	select {
	case <-i.asked:
	case <-ctx.Done():
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.name, i.problem
}

// Answered reports whether there was an answer, be it a failure. It never waits.
func (i *Identity) Answered() bool {
	select {
	case <-i.asked:
		return true
	default:
		return false
	}
}

// set records an answer. The first one wakes those who wait in Get. A later one replaces it: the network may have come up.
func (i *Identity) set(name, problem string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.name, i.problem = name, problem
	if !i.Answered() {
		close(i.asked)
	}
}

// askAgainAfter is how long after a failure that may pass the service is asked again: a mount may have begun before the
// network was up.
const askAgainAfter = time.Minute

// Find asks for the user of the token until there is an answer. If the token is refused soon after the start, it calls
// end with the error. It returns when the user is known, asking is useless, or ctx ends.
func (i *Identity) Find(ctx context.Context, w *open.Workspace, end context.CancelCauseFunc) {
	for started := time.Now(); i.ask(ctx, w, started, end); {
		select {
		case <-time.After(askAgainAfter):
		case <-ctx.Done():
			return
		}
	}
}

// ask asks once, and reports whether it makes sense to ask again.
func (i *Identity) ask(ctx context.Context, w *open.Workspace, started time.Time, end context.CancelCauseFunc) (again bool) {
	user, err := w.Client.WhoAmI(ctx)
	switch {
	case err == nil:
		i.set(user.LoginID, "")
		w.Remember(user.LoginID)
	case rest.CodeOf(err) == rest.CodeOffline:
		i.set("", "")
	case ctx.Err() != nil:
	case rest.CodeOf(err) == rest.CodeUnauthorized && time.Since(started) < RefusedWithin:
		end(err)
	default:
		if !i.Answered() {
			w.Log.Error("cannot tell whose token this is", "error", exit.Describe(err))
		}
		i.set("", exit.Describe(err))
		return !errors.Is(err, iofs.ErrPermission)
	}
	return false
}
