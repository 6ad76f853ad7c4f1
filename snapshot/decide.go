package snapshot

import (
	"context"

	"github.com/codafs/codafs/snapshot/folder"
	"github.com/codafs/codafs/snapshot/format"
)

// seal decides how the run went and has the snapshot sealed. From the moment it is sealed, an error is no longer about the
// snapshot: latest.txt or the link could not be written, and the summary stays as it was decided.
func (r *run) seal(ctx context.Context) error {
	if err := r.decide(); err != nil {
		return err
	}
	files := func(yield func(format.File, error) bool) {
		for f, err := range r.files.All() {
			if !yield(r.withOdd(f), err) {
				return
			}
		}
	}
	err := r.stage.Seal(ctx, format.Manifest{
		Head: r.head, Docs: append([]format.Doc{}, r.docs...),
		Failures: r.summary.Failures, NotCaptured: append([]string{}, r.opts.NotCaptured...),
	}, files, r.summary)
	if err != nil {
		return err
	}
	r.sealed = true
	noLink, err := r.stage.Publish()
	// Where there never was one, the first night has said so.
	if noLink != nil && (r.base == nil || r.out.HasLink()) {
		r.warn("no link named %s: %v", folder.LatestLink, noLink)
	}
	return err
}

// decide sets the result and the exit code. The order matters: the finished account comes
// before the guard that compares it with the base. A suspect snapshot is sealed too, so that nothing is lost if the
// workspace did shrink, but latest.txt does not name it.
func (r *run) decide() error {
	if err := r.takeStock(); err != nil {
		return err
	}
	if r.stage.LostTimes() {
		const noTimes = "files have the time at which they were written, not the one of their last change: the file system of the output folder did not take it"
		r.note(noTimes, r.isNew(noTimes))
	}
	r.account()
	r.head.FinishedAt = r.summary.FinishedAt
	why := r.shrunk()
	switch {
	case why != "":
		r.warn("suspect: %s; latest.txt stays as it is", why)
		r.summary.Result, r.summary.ExitCode = format.Suspect, format.ExitGaps
	case r.summary.Missing() > 0:
		r.summary.Result, r.summary.ExitCode = format.Incomplete, format.ExitGaps
	default:
		r.summary.Result, r.summary.ExitCode = format.Complete, format.ExitComplete
	}
	return nil
}
