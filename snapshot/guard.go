package snapshot

import (
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
