package snapshot

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/snapshot/format"
)

// A good night says nothing: what is as it was in the last good snapshot is a note in the summary, and no warning. Nobody reads
// warnings that come each night.

// note puts down what is to be known of the whole, and warns of it if it is news.
func (r *run) note(text string, news bool) {
	r.summary.Notes = append(r.summary.Notes, text)
	if news {
		r.warn("%s", text)
	}
}

// isNew reports that the last good snapshot does not say the same.
func (r *run) isNew(text string) bool { return !slices.Contains(r.known, text) }

// noteIndex puts down the notes of an index. Numbers in a note change each night, so two of its kinds are news by what the
// base has, and not by their text.
func (r *run) noteIndex(l *listing) {
	for _, e := range l.notes {
		news := false
		switch info := e.Kind.Info(); {
		case info.Class == fs.ClassText: // the text of pages came line by line
			news = r.base == nil || r.base.lines == 0
		case info.Withheld:
			news = r.withheldAnew(e.Kind, l)
		default:
			news = r.isNew(e.Note)
		}
		r.note(e.Note, news)
	}
}

// noteFiles says, once, that images and attachments come into the snapshots from now on, or no longer do.
func (r *run) noteFiles(l *listing) {
	if r.base == nil {
		return
	}
	switch was, is := r.base.Options.HasFiles(), r.head.Options.HasFiles(); {
	case is && !was:
		long := ""
		if e := l.planned().Estimate; e.Minutes > 0 {
			long = fmt.Sprintf(": this first such run takes %d minutes at least", int(math.Ceil(e.Minutes)))
		}
		r.warn("with images and attached files from now on, and the HTML of pages that they are found in%s", long)
	case was && !is:
		r.warn("without images and attached files from now on; %s has them", r.base.ID)
	}
}

// withheldAnew reports that a doc has no file of a kind, and had one in the last good snapshot, or was not in that.
func (r *run) withheldAnew(kind fs.Kind, l *listing) bool {
	if r.base == nil {
		return true
	}
	for _, f := range l.missing {
		l.note(kind, f.DocID) // why, is told
	}
	return slices.ContainsFunc(l.docs, func(d format.Doc) bool {
		_, had := r.base.docs[d.DocID]
		kept := r.base.withheld[format.Key{Kind: kind, Doc: d.DocID, Object: d.DocID}]
		return !l.has[kind][d.DocID] && (kept || !had)
	})
}

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
	for _, d := range r.base.Manifest.Docs {
		add(d.DocID)
	}
	for _, f := range r.base.Failures {
		if isUnit(f.Kind) {
			add(f.DocID)
		}
	}
	return docs, r.base.odd
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
		if key := format.KeyOfFailure(f); !slices.Contains(r.odd[key], f.Message) {
			r.odd[key] = append(r.odd[key], f.Message)
		}
		if isUnit(f.Kind) && f.DocID == "" { // of the list of units, which is no file
			r.oddList = f
		}
	}
	return nil
}

// withOdd gives a file with what is odd about it.
func (r *run) withOdd(f format.File) format.File {
	if len(r.odd) == 0 {
		return f
	}
	if now := r.odd[f.Key()]; now != nil {
		f.Warnings = now
	}
	return f
}

// warnOfOdd puts down what is odd about a file, if it was not so in the last good snapshot, where it is old. What is no news
// is in the manifest alone: nobody reads warnings that come each night.
func (r *run) warnOfOdd(f, old format.File) {
	for _, message := range f.Warnings {
		if !slices.Contains(old.Warnings, message) {
			r.warn("%s: %s", f.Path, message)
		}
	}
}

// warnOfUnits puts down what is odd about the list of units.
func (r *run) warnOfUnits() {
	for _, message := range r.odd[format.KeyOfFailure(r.oddList)] {
		r.warn("%s: %s", r.oddList.Path, message)
	}
}
