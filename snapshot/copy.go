package snapshot

import (
	"context"
	"errors"
	iofs "io/fs"
	"net/http"
	"sync"
	"time"

	"github.com/codafs/codafs/fs"
)

// outcome is what became of one entry: a file, or a failure, or an error that ends the run.
type outcome struct {
	entry   fs.Entry
	file    File
	fetched time.Time // zero for a file that was there already
	missing *fs.Failure
	gone    bool // missing because it does not exist (any more)
	fatal   error
}

// copyAll copies files, several at a time, in their order. Only this goroutine keeps
// results, so they need no lock. When it returns, all it started has ended.
func (r *run) copyAll(ctx context.Context, files []fs.Entry) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	jobs, outcomes := make(chan fs.Entry), make(chan outcome)
	var workers sync.WaitGroup
	for range min(r.opts.Concurrency, len(files)) {
		workers.Go(func() {
			for e := range jobs {
				if ctx.Err() == nil {
					outcomes <- r.copyOne(ctx, e)
				}
			}
		})
	}
	workers.Go(func() {
		defer close(jobs)
		for _, e := range files {
			select {
			case jobs <- e:
			case <-ctx.Done():
				return
			}
		}
	})
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

// copyOne has one file in the stage, or says why not.
func (r *run) copyOne(ctx context.Context, e fs.Entry) outcome {
	file, ok, err := r.stage.reuse(ctx, e)
	if ok || err != nil {
		return outcome{entry: e, file: file, fatal: err}
	}
	fetched := r.opts.Now()
	in, err := r.from.Open(ctx, e.Path)
	if err == nil {
		file, err = r.stage.put(ctx, e, in)
		in.Close()
	}
	switch {
	case err == nil:
		return outcome{entry: e, file: file, fetched: fetched}
	case ctx.Err() != nil:
		return outcome{fatal: context.Cause(ctx)}
	}
	return r.judge(e, err)
}

// judge tells an error that costs one object from one that ends the run.
func (r *run) judge(e fs.Entry, err error) outcome {
	if name, ok := errors.AsType[*nameError](err); ok {
		f := about(e, fs.Failure{Code: "bad_name", Message: name.Error()})
		return outcome{missing: &f}
	}
	if _, ok := errors.AsType[*DestinationError](err); ok || errors.Is(err, ErrMountLost) {
		return outcome{fatal: err}
	}
	f := about(e, r.opts.Explain(e.Path, err))
	return outcome{missing: &f, gone: errors.Is(err, iofs.ErrNotExist)}
}

// keep takes an outcome into the run's account. Its error ends the run.
func (r *run) keep(o outcome) error {
	if o.fatal != nil {
		return o.fatal
	}
	if o.missing != nil {
		r.opts.Progress.Missed(*o.missing)
		if o.gone {
			r.gone = append(r.gone, *o.missing)
			return nil
		}
		return r.miss(*o.missing)
	}
	if !o.fetched.IsZero() {
		if err := note(r.stage.journal, finished{FetchedAt: stamp(o.fetched), File: o.file}); err != nil {
			return err
		}
	}
	r.files = append(r.files, o.file)
	r.count(o)
	r.opts.Progress.Copied(o.file)
	return nil
}

func (r *run) count(o outcome) {
	r.summary.Files++
	r.summary.Bytes += o.file.Size
	switch {
	case o.entry.Kind == fs.KindPage:
		r.summary.PagesExported++
	case o.entry.Kind == fs.KindRows && o.entry.Type == "view":
		r.summary.ViewsExported++
	case o.entry.Kind == fs.KindRows:
		r.summary.TablesExported++
	}
}

// miss puts a gap on record. Its error ends the run.
func (r *run) miss(f fs.Failure) error {
	r.opts.Log.Warn("not in the snapshot", "kind", f.Kind, "path", f.Path, "code", f.Code, "error", f.Message)
	r.summary.Failures = append(r.summary.Failures, f)
	if f.HTTPStatus == http.StatusUnauthorized {
		return &RefusedError{f}
	}
	return nil
}
