package snapshot

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/snapshot/folder"
	"github.com/codafs/codafs/snapshot/format"
	"github.com/codafs/codafs/snapshot/spool"
)

// Run makes one snapshot. An error means that it is not usable as a whole: nothing was
// sealed, or it was but latest.txt or the archive could not be written ([folder.DestinationError]). Gaps are no
// error: they are in the Summary, whose ExitCode is right either way. A run that was
// stopped leaves a partial folder, which the next one takes over. Errors:
// [*folder.LockedError], [*folder.ForeignError], [*folder.DestinationError], [*RefusedError], [ErrMountLost], the
// cause of ctx, or the origin's own for a listing that failed.
func Run(ctx context.Context, from Origin, o Options) (format.Summary, error) {
	r := newRun(from, o)
	err := r.run(ctx)
	if err != nil {
		if r.stage == nil {
			r.account() // else leaveSummary has
		}
		r.fail(err)
	}
	return r.summary, err
}

func newRun(from Origin, o Options) *run {
	r := &run{opts: o.withDefaults(), from: from, unlisted: map[format.Key]bool{}, odd: map[format.Key][]string{},
		skipped: docSet{ids: map[string]bool{}}, units: map[string]bool{}, filesOf: map[string]int{}}
	started := format.Stamp(r.opts.Now())
	r.head = format.Head{
		Schema: format.ManifestSchema, StartedAt: started, Tool: o.Tool, Source: o.Source, Demo: o.Demo,
		Options: format.Recorded{Selection: r.opts.Selection, Incremental: o.Incremental, TrustDocTimestamps: o.TrustDocTimestamps, RowDeltas: o.RowDeltas},
	}
	r.summary = format.NewSummary(started)
	r.summary.Demo = o.Demo
	return r
}

// run is a snapshot in the making. Its fields belong to one goroutine, that of [Run]. While copyAll runs, its workers read
// opts, from, head, stage, base and before, which nobody changes then; results come back through a channel. skipped has a lock.
type run struct {
	opts   Options
	from   Origin
	head   format.Head
	out    *folder.Folder
	stage  *folder.Stage
	left   *folder.Left // what a run that was stopped left
	meter  *meter
	base   *baseSnapshot // the last good run's, nil before there is one
	before *baseSnapshot // the same for an incremental run, else nil
	known  []string      // notes and warnings of base
	docs   []format.Doc
	// files are those that the snapshot has. The rest counts them: how many each doc has, which docs have their own file, and
	// how many are marked as computed or are pages that came line by line.
	files           *spool.Sorted[format.File]
	filesOf         map[string]int
	units           map[string]bool
	computed, lines int
	summary         format.Summary
	stock           stock
	sealed          bool
	// unlisted are the failures that the index has.
	unlisted map[format.Key]bool
	// skipped are the docs that are not looked into.
	skipped docSet
	// odd is what is odd about files that are there.
	odd map[format.Key][]string
	// oddList is one failure that is odd about the list of units; the zero value if there is none.
	oddList fs.Failure
	// gone are the objects that were listed and then not found.
	gone []fs.Failure
}

// close lets go of the records that the run reads.
func (r *run) close() {
	if r.base != nil {
		r.base.Close()
	}
	if r.stage == nil {
		r.left.Close()
	}
}

// run is the order of the whole: lock, compare, list, copy, seal.
func (r *run) run(ctx context.Context) (err error) {
	defer r.close()
	if err := r.opts.Archive.Check(); err != nil {
		return err
	}
	if r.out, err = folder.Create(r.opts.Output); err != nil {
		return err
	}
	r.out.SetHooks(r.opts.hooks)
	defer r.out.Close()
	release, err := r.out.Lock(r.head.StartedAt)
	if err != nil {
		return err
	}
	defer release()
	if err := r.compare(); err != nil {
		return err
	}
	if err := r.out.ClearLeftovers(); err != nil {
		r.warn("leftovers stay: %v", err)
	}
	if r.stage, err = r.out.OpenStage(r.head); err != nil {
		return err
	}
	defer r.stage.Close()
	defer func() {
		if err != nil && !r.sealed {
			r.leaveSummary(err)
		}
	}()
	r.head.ID, r.summary.ID = r.stage.ID(), r.stage.ID()
	r.files = spool.NewSorted(r.opts.held, r.temp("files"), func(f format.File) string { return f.Path })
	defer r.files.Close()
	if err := r.fill(ctx); err != nil {
		return err
	}
	if err := r.seal(ctx); err != nil || r.opts.Archive == "" {
		return err
	}
	return r.out.Archive(ctx, r.stage.ID(), r.opts.Archive)
}

// temp makes files in the stage for what there is no memory for.
func (r *run) temp(name string) func() (spool.File, error) {
	return func() (spool.File, error) { return r.stage.Temp("." + name + ".tmp") }
}

// fill lists the tree and copies it into the stage. Gaps are put down as they are found; only an error that ends the run is
// returned. What was not found is looked for in a second list before it counts, and what failed is carried last, when it is
// known what else is there.
func (r *run) fill(ctx context.Context) error {
	r.left = r.stage.Left()
	l := &listing{r: r, files: spool.NewList[item](r.opts.held, r.temp("listing"))}
	defer l.files.Close()
	if err := r.index(ctx, l); err != nil {
		return err
	}
	if err := r.begin(ctx, l); err != nil {
		return err
	}
	if err := r.copyAll(ctx, l.files, r.queues(l)); err != nil {
		return err
	}
	if err := r.copyLate(ctx, l); err != nil {
		return err
	}
	if err := r.confirmGone(ctx); err != nil {
		return err
	}
	if err := r.carry(ctx); err != nil {
		return err
	}
	if err := r.askOdd(ctx); err != nil {
		return err
	}
	r.warnOfUnits()
	return nil
}

// begin tells of a listing, puts down what is missing from it, and makes the stage ready for the rest.
func (r *run) begin(ctx context.Context, l *listing) error {
	if err := r.askOdd(ctx); err != nil {
		return err
	}
	r.docs, r.summary.DocsFound = l.docs, len(l.units)
	r.noteIndex(l)
	r.noteFiles(l)
	r.opts.Progress.Listed(l.planned())
	for _, f := range l.missing {
		r.unlisted[format.KeyOfFailure(f)] = true
		if err := r.miss(r.tellMissed(f)); err != nil {
			return err
		}
	}
	l.taken, l.has, l.missing = pathSet{}, nil, nil // as large as the workspace
	entries := func(yield func(fs.Entry, error) bool) {
		for i, err := range l.files.All() {
			if !yield(i.Entry, err) {
				return
			}
		}
		r.leftNamed(r.left, yield)
	}
	keep := func(e fs.Entry, left folder.Finished) bool { return r.fits(left, e) }
	return r.stage.Begin(r.head, entries, keep)
}

// list lists the tree. A list that broke off is an error: a short list would
// look like a workspace in which things were deleted.
func (r *run) list(ctx context.Context, held fs.Held, each func(fs.Entry) error) error {
	var own error // of each
	err := r.from.Index(ctx, held, func(e fs.Entry) error {
		own = each(e)
		return own
	})
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err == nil || own != nil {
		return own
	}
	if f := r.opts.Explain("", err); refused(f) {
		return &RefusedError{f}
	}
	return fmt.Errorf("list the workspace: %w", err)
}

// account brings what was copied into the order and the numbers of both files.
func (r *run) account() {
	slices.SortFunc(r.docs, func(a, b format.Doc) int { return strings.Compare(a.Path, b.Path) })
	format.SortFailures(r.summary.Failures)
	slices.Sort(r.summary.Warnings)
	slices.Sort(r.summary.Notes)
	s := &r.summary
	s.FinishedAt = format.Stamp(r.opts.Now())
	sent, throttled := r.opts.Requests()
	s.Requests, s.ThrottledSeconds = sent, float64(throttled.Milliseconds())/1000
	s.DocsProcessed, s.PagesLineByLine, s.ComputedKept = r.docsProcessed(), r.lines, r.computed
}

// docsProcessed counts the docs that have their doc.json and whose listings came: what is missing in them has a name each.
func (r *run) docsProcessed() int {
	done := maps.Clone(r.units)
	for _, f := range r.summary.Failures {
		if f.Kind.Info().IsList {
			delete(done, f.DocID)
		}
	}
	return len(done)
}

// fail settles the summary of a run that has an error.
func (r *run) fail(err error) {
	r.summary.ExitCode, r.summary.Error = ExitCode(err), err.Error()
	if !r.sealed {
		r.summary.Result = format.Failed
	}
}

// leaveSummary says in the partial folder why it was not sealed.
func (r *run) leaveSummary(cause error) {
	r.account()
	r.fail(cause)
	if err := r.stage.LeaveSummary(r.summary); err != nil {
		r.opts.Log.Warn("the partial folder has no summary", "error", errors.Join(cause, err))
	}
}
