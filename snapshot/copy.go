package snapshot

import (
	"context"
	"errors"
	iofs "io/fs"
	"slices"
	"sync"
	"time"

	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/snapshot/folder"
	"github.com/codafs/codafs/snapshot/format"
	"github.com/codafs/codafs/snapshot/spool"
)

// job is a file that is to be copied, with what the last good snapshot has for it.
type job struct {
	item
	old baseFile
}

// outcome is what became of one job: a file, or a failure, or an error that ends the run.
type outcome struct {
	job
	file    format.File
	skipped bool // nothing was fetched, the last good snapshot has the same
	damaged bool // the last good snapshot had it, but not as it was sealed
	missing *fs.Failure
	gone    bool // missing because it does not exist (any more)
	fatal   error
}

// copyAll copies files, several at a time. Only this goroutine keeps results, so they need
// no lock. When it returns, all it started has ended.
func (r *run) copyAll(ctx context.Context, files *spool.List[item], queues []queue) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	outcomes := make(chan outcome)
	var workers sync.WaitGroup
	for _, q := range queues {
		r.start(ctx, &workers, files, q, outcomes)
	}
	go func() {
		workers.Wait()
		close(outcomes)
	}()
	for o := range outcomes {
		if err := r.keep(o); err != nil {
			stop(err)
		}
	}
	return context.Cause(ctx)
}

// queue is files that are copied apart from others, so many at a time, in their order.
type queue struct {
	has     func(fs.Entry) bool
	files   int
	workers int
}

// queues sets pages apart, if that is wanted: the service makes them slowly, and the rest
// need not wait behind them. Late files are in none.
func (r *run) queues(l *listing) []queue {
	n := l.files.Len() - l.late
	if r.opts.PageConcurrency <= 0 {
		return []queue{{func(e fs.Entry) bool { return !isLate(e) }, n, r.opts.Concurrency}}
	}
	slow := func(e fs.Entry) bool { return e.Kind.Info().Slow }
	return []queue{
		{slow, l.slow, r.opts.PageConcurrency},
		{func(e fs.Entry) bool { return !slow(e) && !isLate(e) }, n - l.slow, r.opts.Concurrency},
	}
}

// start copies the files of a queue, in its order, with as many workers as it has. All that it starts ends with ctx: a worker
// that has an outcome may always send it, since copyAll takes them until the last worker is done.
func (r *run) start(ctx context.Context, workers *sync.WaitGroup, files *spool.List[item], q queue, outcomes chan<- outcome) {
	jobs := make(chan job)
	for range min(q.workers, q.files) {
		workers.Go(func() {
			for j := range jobs {
				if ctx.Err() == nil {
					outcomes <- r.copyOne(ctx, j)
				}
			}
		})
	}
	workers.Go(func() {
		defer close(jobs)
		for i, err := range files.All() {
			if err == nil && !q.has(i.Entry) {
				continue
			}
			j := job{item: i}
			if err == nil {
				j.old, err = r.baseFile(i.Entry)
			}
			if err != nil {
				outcomes <- outcome{fatal: err}
				return
			}
			select {
			case jobs <- j:
			case <-ctx.Done():
				return
			}
		}
	})
}

// copyOne has one file in the stage, or says why not. The cheapest way that is sure comes first: what a run that was stopped
// left, then a link to the last good snapshot's file, then the origin. The first two hash the bytes again; nothing is taken
// over on the word of a record. It runs in many goroutines, and reads of r only what does not change meanwhile.
func (r *run) copyOne(ctx context.Context, j job) outcome {
	e, old := j.Entry, j.old
	same, kept := r.kept(e, old)
	left, ok, err := r.stage.Reuse(ctx, e.Path)
	if ok || err != nil {
		file := r.dated(left.File.WithEntry(e), left.File.Fetched(left.FetchedAt))
		return outcome{job: j, file: file, skipped: kept && old.SHA256 == file.SHA256, fatal: err}
	}
	if kept {
		err := r.stage.Take(ctx, r.before.ID, old.File, e.Path)
		if err == nil {
			file := r.dated(old.WithEntry(e), old.Fetched(r.before.StartedAt))
			return outcome{job: j, file: file, skipped: true, fatal: r.stage.NoteTaken(folder.Finished{FetchedAt: r.before.StartedAt, File: file})}
		}
		if !errors.Is(err, folder.ErrDamaged) {
			return r.classify(ctx, j, err)
		}
	}
	return r.fetch(ctx, j, same, kept)
}

// fetch has a file in the stage that the origin gives. Where the last good snapshot has the same version of it, that
// was damaged, or is not known to be what the origin gives now.
func (r *run) fetch(ctx context.Context, j job, same, damaged bool) outcome {
	e, old := j.Entry, j.old
	r.opts.Progress.Fetching(e)
	var file format.File
	in, fetched, err := r.open(ctx, e)
	if err == nil {
		file, err = r.stage.Put(ctx, e, in, r.seen(j))
		in.Close()
	}
	if err == nil && same && !damaged && file.SHA256 == old.SHA256 {
		if err = r.stage.Relink(ctx, r.before.ID, old.File, e.Path); errors.Is(err, folder.ErrDamaged) {
			damaged, err = true, nil
		}
		file = old.WithEntry(e)
	}
	if err != nil {
		return r.classify(ctx, j, err)
	}
	file = r.dated(file, fetched)
	// Here, not in keep, which may be a file behind: a kill then costs no more than this one.
	return outcome{job: j, file: file, damaged: damaged, fatal: r.stage.Note(folder.Finished{FetchedAt: fetched, File: file})}
}

// seen gives the time of a file by the hash of its bytes: the tree's own, unless the base had other bytes with that time or a
// later one, or had these bytes with a later one. Whoever copies snapshots by size and time must see each change.
func (r *run) seen(j job) func(sum string) time.Time {
	var last fs.Seen
	e := j.Entry
	if j.old.known {
		last = fs.Seen{SHA256: j.old.SHA256, ModTime: j.old.Time()}
	}
	return func(sum string) time.Time { return last.Next(sum, e.ModTime, e.Unstamped, r.head.StartedAt).ModTime }
}

// classify tells an error that costs one object from one that ends the run: the end of ctx, a destination that takes nothing
// more, a mount that is gone. All else is a gap with a name.
func (r *run) classify(ctx context.Context, j job, err error) outcome {
	e := j.Entry
	if ctx.Err() != nil {
		return outcome{fatal: context.Cause(ctx)}
	}
	if name, ok := errors.AsType[*folder.NameError](err); ok {
		f := about(e, fs.Failure{Code: "bad_name", Message: name.Error()})
		return outcome{job: j, missing: &f}
	}
	if _, ok := errors.AsType[*folder.DestinationError](err); ok || errors.Is(err, ErrMountLost) {
		return outcome{fatal: err}
	}
	f := about(e, r.opts.Explain(e.Path, err))
	return outcome{job: j, missing: &f, gone: errors.Is(err, iofs.ErrNotExist) && !isNamed(e.Kind)}
}

// keep takes an outcome into the run's account. Its error ends the run.
func (r *run) keep(o outcome) error {
	if o.fatal != nil {
		return o.fatal
	}
	r.meter.done(o.Takes)
	if o.missing != nil {
		f := r.tellMissed(*o.missing)
		if o.gone {
			r.gone = append(r.gone, f)
			return nil
		}
		return r.miss(f)
	}
	if o.damaged {
		r.warn("%s: %q is damaged there and was fetched again, run verify", r.before.ID, o.file.Path)
	}
	o.file.Status = statusOf(o.file, o.old)
	if err := r.count(o.file); err != nil {
		return err
	}
	r.countExport(o)
	r.opts.Progress.Copied(o.file, r.meter.left())
	return nil
}

// count takes a file into the snapshot, and adds it to the summary.
func (r *run) count(f format.File) error {
	r.summary.Files++
	r.summary.Bytes += f.Size
	if f.Computed {
		r.computed++
	}
	if f.IsLines() {
		r.lines++
	}
	if isUnit(f.Kind) {
		r.units[f.DocID] = true
	}
	r.filesOf[f.DocID]++
	return r.files.Add(f)
}

// countExport counts the text of a page and the rows of a table as exported or skipped; all other
// files come with a list and cost nothing of their own.
func (r *run) countExport(o outcome) {
	isText, isTable := o.Entry.Kind.Is(fs.ClassText), o.Entry.Kind.Is(fs.ClassTable)
	switch {
	case !isText && !isTable:
	case o.skipped:
		r.summary.SkippedUnchanged++
	case isText:
		r.summary.PagesExported++
	case o.Entry.Type == fs.TypeView:
		r.summary.ViewsExported++
	default:
		r.summary.TablesExported++
	}
}

// tellMissed tells of a gap, and marks one that is accepted.
func (r *run) tellMissed(f fs.Failure) fs.Failure {
	f.Accepted = slices.Contains(r.opts.AcceptGaps, f.ObjectID)
	r.opts.Progress.Missed(f, r.meter.left())
	return f
}

// miss puts a gap on record. Its error ends the run.
func (r *run) miss(f fs.Failure) error {
	r.opts.Log.Info("not in the snapshot", "kind", f.Kind, "path", f.Path, "code", f.Code, "error", f.Message)
	r.summary.Failures = append(r.summary.Failures, f)
	if refused(f) {
		return &RefusedError{f}
	}
	return nil
}
