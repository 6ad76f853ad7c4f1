package outbox

import (
	"context"
	"errors"

	"github.com/codafs/codafs/fs/edit"
)

// Errors of a [Service] that say what became of a write. After any other error it was not taken, and waits.
var (
	// ErrUnsure: nobody knows whether the service has taken it.
	ErrUnsure = errors.New("no answer came, so nobody knows whether it was done")
	// ErrRefused: the service will never take it. If it was for several rows, one of them may be the reason.
	ErrRefused = errors.New("the service refuses it")
	// ErrGone: what was to be written to is not there any more.
	ErrGone = errors.New("it is not there any more")
	// ErrStale: the service cannot show its newest state.
	ErrStale = errors.New("the service does not show its newest state yet")
)

// Receipt is what a service says to a write that it has taken.
type Receipt struct {
	// Request is the service's name for the write, "" if it was carried out at once.
	Request string
	// IDs are the keys of the rows that an insert makes, in its order.
	IDs []string
}

// Service carries out writes. Its methods are called one at a time.
type Service interface {
	// Batches says which edits of a plan are sent together. They have one operation.
	Batches(edits []edit.Edit, places []int) [][]int
	// Send sends edits of one batch, as one request, once.
	Send(ctx context.Context, o Object, edits []edit.Edit) (Receipt, error)
	// Done reports whether a write has been carried out, and what the service warns of.
	Done(ctx context.Context, request string) (done bool, warning string, err error)
	// Read gives a table and its rows, with latest only the newest state: else the error is ErrStale.
	Read(ctx context.Context, o Object, latest bool) (edit.Table, []edit.Row, error)
}
