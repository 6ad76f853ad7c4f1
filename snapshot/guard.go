package snapshot

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/snapshot/folder"
	"github.com/codafs/codafs/snapshot/format"
)

// compare looks at what is in the output folder: nothing of others (unless that is
// wanted), and the last good run of this source and selection, to measure this one by.
func (r *run) compare() error {
	if _, err := r.out.Latest(); err != nil {
		return err
	}
	ids, err := r.out.Sealed()
	if err != nil {
		return err
	}
	for _, id := range slices.Backward(ids) {
		head, err := r.out.Head(id)
		if err != nil {
			r.warn("%s: its manifest cannot be read, run verify: %v", id, err)
			continue
		}
		if head.Series() == r.head.Series() {
			r.takeBase(id)
		} else if !r.opts.AllowOtherSelection {
			return &folder.ForeignError{Output: r.opts.Output, Found: fmt.Sprintf("%s, which was made with other settings (%s): choose another folder, or --allow-other-selection",
				id, head.Differences(r.head))}
		}
	}
	return nil
}

// takeBase makes a snapshot the one to compare with, if it is the newest good one.
func (r *run) takeBase(id string) {
	if r.base != nil {
		return
	}
	s, err := r.out.Summary(id)
	if err == nil && !s.Result.Good() {
		return
	}
	var base *baseSnapshot
	if err == nil {
		base, err = openBase(r.out, id)
	}
	if err != nil {
		r.warn("%s: cannot be compared with, run verify: %v", id, err)
		return
	}
	r.base, r.known = base, slices.Concat(s.Notes, s.Warnings)
	if r.opts.Incremental {
		r.before = base
	}
}

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

// warn puts a line into the summary and the log. Only the goroutine of the run calls it.
func (r *run) warn(format string, args ...any) {
	message := fmt.Sprintf(format, args...)
	r.opts.Log.Info(message)
	r.summary.Warnings = append(r.summary.Warnings, message)
}

// shrunk reports why the run looks incomplete: far fewer objects than the base, or no docs at all. "" means that it does
// not. Failed objects count as seen: a service that is down makes a run incomplete, not suspect.
func (r *run) shrunk() string {
	if r.opts.AcceptShrink {
		return ""
	}
	if r.summary.DocsFound == 0 {
		return "no docs were found"
	}
	if r.base == nil {
		return ""
	}
	if now, before := r.stock.now, r.stock.before; 2*now < before {
		return fmt.Sprintf("%d objects where %s has %d", now, r.base.ID, before)
	}
	return ""
}

// countObjects counts the objects of a doc that a run saw, those it could not copy included. Objects and not files: a setting that
// adds a file to each page must not make an earlier snapshot look small.
func countObjects(files []format.File, failures []fs.Failure) int {
	seen := map[string]bool{}
	for _, f := range files {
		seen[f.ObjectID] = seen[f.ObjectID] || !isNamed(f.Kind)
	}
	for _, f := range failures {
		seen[f.ObjectID] = seen[f.ObjectID] || !isNamed(f.Kind)
	}
	maps.DeleteFunc(seen, func(_ string, is bool) bool { return !is }) // images are no objects
	return len(seen)
}

// statusOf compares a file with that of the base, by its hash: a new version may have the same bytes.
func statusOf(f format.File, old baseFile) format.Status {
	switch {
	case !old.known:
		return format.StatusNew
	case old.SHA256 == f.SHA256:
		return format.StatusUnchanged
	}
	return format.StatusChanged
}
