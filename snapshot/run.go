package snapshot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/snapshot/folder"
	"github.com/codafs/codafs/snapshot/format"
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
	r := &run{opts: o.withDefaults(), from: from, unlisted: map[format.Key]bool{}, odd: map[format.Key][]string{}}
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
// opts, from, head, stage, base, before, last and skipped, which nobody changes then; results come back through a channel.
type run struct {
	opts    Options
	from    Origin
	head    format.Head
	out     *folder.Folder
	stage   *folder.Stage
	meter   *meter
	base    *format.Manifest // the last good run's, nil before there is one
	before  *baseSnapshot    // the same for an incremental run, else nil
	last    format.Files     // the files of base
	known   []string         // notes and warnings of base
	docs    []format.Doc
	files   []format.File
	summary format.Summary
	sealed  bool
	// unlisted are the failures that the index has.
	unlisted map[format.Key]bool
	// skipped are the docs that are not looked into.
	skipped map[string]bool
	// odd is what is odd about files that are there.
	odd map[format.Key][]string
	// oddList is one failure that is odd about the list of units; the zero value if there is none.
	oddList fs.Failure
	// gone are the objects that were listed and then not found.
	gone []fs.Failure
}

// run is the order of the whole: lock, compare, list, copy, seal.
func (r *run) run(ctx context.Context) (err error) {
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
	if err := r.fill(ctx); err != nil {
		return err
	}
	if err := r.seal(ctx); err != nil || r.opts.Archive == "" {
		return err
	}
	return r.out.Archive(ctx, r.stage.ID(), r.opts.Archive)
}

// fill lists the tree and copies it into the stage. Gaps are put down as they are found; only an error that ends the run is
// returned. What was not found is looked for in a second list before it counts, and what failed is carried last, when it is
// known what else is there.
func (r *run) fill(ctx context.Context) error {
	index, err := r.index(ctx, r.stage.Left())
	if err != nil {
		return err
	}
	if err := r.askOdd(ctx); err != nil {
		return err
	}
	l := newListing(index)
	r.docs, r.summary.DocsFound = l.docs, l.found
	r.noteIndex(l)
	keep := r.trusted(r.stage.Left(), l.files)
	r.opts.Progress.Listed(r.plan(l, keep))
	for _, f := range l.missing {
		r.unlisted[format.KeyOfFailure(f)] = true
		if err := r.miss(r.tellMissed(f)); err != nil {
			return err
		}
	}
	if err := r.stage.Begin(r.head, l.files, keep); err != nil {
		return err
	}
	if err := r.copyAll(ctx, l.files); err != nil {
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
	r.warnOfOdd()
	return nil
}

// list lists the tree, with what is held in mind if the origin can. A list that broke off is an error: a short list would
// look like a workspace in which things were deleted.
func (r *run) list(ctx context.Context, held fs.Held) ([]fs.Entry, error) {
	list := r.from.Index
	if from, able := r.from.(ChangeIndexer); able {
		list = func(ctx context.Context) ([]fs.Entry, error) { return from.IndexChanged(ctx, held) }
	}
	index, err := list(ctx)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err == nil {
		return index, nil
	}
	if f := r.opts.Explain("", err); refused(f) {
		return nil, &RefusedError{f}
	}
	return nil, fmt.Errorf("list the workspace: %w", err)
}

// account brings what was copied into the order and the numbers of both files.
func (r *run) account() {
	slices.SortFunc(r.files, func(a, b format.File) int { return strings.Compare(a.Path, b.Path) })
	slices.SortFunc(r.docs, func(a, b format.Doc) int { return strings.Compare(a.Path, b.Path) })
	format.SortFailures(r.summary.Failures)
	slices.Sort(r.summary.Warnings)
	slices.Sort(r.summary.Notes)
	r.summary.ComputedKept = 0
	for _, f := range r.files {
		if f.Computed {
			r.summary.ComputedKept++
		}
	}
	s := &r.summary
	s.FinishedAt = format.Stamp(r.opts.Now())
	sent, throttled := r.opts.Requests()
	s.Requests, s.ThrottledSeconds = sent, float64(throttled.Milliseconds())/1000
	s.DocsProcessed, s.PagesLineByLine = r.docsProcessed(), format.PagesLineByLine(r.files)
}

// docsProcessed counts the docs that have their doc.json and whose listings came: what is missing in them has a name each.
func (r *run) docsProcessed() int {
	done := map[string]bool{}
	for _, f := range r.files {
		if isUnit(f.Kind) {
			done[f.DocID] = true
		}
	}
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
