package snapshot

import (
	"context"
	"errors"

	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/snapshot/format"
)

// confirmGone lists once more if objects were not found: one that is gone from the list as
// well was deleted, which is a warning; any other is a gap. Without this, an object that
// was renamed during the run, or a read that is wrongly answered "no such thing", would be
// missing without a failure to its name.
func (r *run) confirmGone(ctx context.Context) error {
	if len(r.gone) == 0 {
		return nil
	}
	index, err := r.list(ctx, fs.Held{File: func(fs.Entry) bool { return true }}) // all of it was fetched
	if _, refused := errors.AsType[*RefusedError](err); refused || ctx.Err() != nil || errors.Is(err, ErrMountLost) {
		return err
	}
	listed, unsure := map[format.Key]bool{}, map[string]bool{}
	for _, e := range index {
		listed[keyOf(e)] = true
		if e.Failure != nil && isListing(e.Kind) {
			unsure[e.DocID] = true
		}
	}
	for _, f := range r.gone {
		if err == nil && !listed[failureKey(f)] && !unsure[f.DocID] {
			r.warn("deleted while the snapshot ran: %s %q", f.Kind, f.Path)
		} else if err := r.miss(f); err != nil {
			return err
		}
	}
	return nil
}
