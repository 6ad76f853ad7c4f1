package snapshot

import (
	"context"
	"errors"
	"slices"

	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/snapshot/format"
)

// expected is what the last good snapshot tells of the workspace: docs that may be missing from a list by mistake, and what
// was odd then.
func (r *run) expected() (docs []string, odd []fs.Failure) {
	if r.base == nil {
		return nil, nil
	}
	known := map[string]bool{"": true}
	add := func(id string) {
		if !known[id] {
			known[id] = true
			docs = append(docs, id)
		}
	}
	for _, d := range r.base.Docs {
		add(d.DocID)
	}
	for _, f := range r.base.Failures {
		if f.Kind == fs.KindDoc {
			add(f.DocID)
		}
	}
	for _, f := range r.base.Files {
		for _, message := range f.Warnings {
			odd = append(odd, fs.Failure{Kind: f.Kind, DocID: f.DocID, ObjectID: f.ObjectID, Path: f.Path, Message: message, Warning: true})
		}
	}
	return docs, odd
}

// askOdd asks the origin what is odd, after it listed the tree and again after all was read: the next listing of a mount knows
// nothing any more of what was wrong with the one that the run goes by.
func (r *run) askOdd(ctx context.Context) error {
	from, able := r.from.(Warner)
	if !able {
		return nil
	}
	odd, err := from.Warnings(ctx)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, ErrMountLost):
		return err
	case err != nil:
		r.warn("what is odd about the files is not known: %v", err)
	}
	for _, f := range odd {
		if key := failureKey(f); !slices.Contains(r.odd[key], f.Message) {
			r.odd[key] = append(r.odd[key], f.Message)
		}
	}
	return nil
}

// warnOfOdd puts down what is odd. What was so in the last good snapshot too is in the manifest alone: nobody reads
// warnings that come each night.
func (r *run) warnOfOdd() {
	for i := range r.files {
		f := &r.files[i]
		if now := r.odd[f.Key()]; now != nil {
			f.Warnings = now
		}
		last, _ := r.last.get(f.Key())
		for _, message := range f.Warnings {
			if !slices.Contains(last.Warnings, message) {
				r.warn("%s: %s", f.Path, message)
			}
		}
	}
	for _, message := range r.odd[format.Key{Kind: fs.KindDoc}] {
		r.warn("docs: %s", message)
	}
}
