package snapshot

import (
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

// noteIndex puts down the notes of an index.
func (r *run) noteIndex(l listing) {
	for _, e := range l.notes {
		news := false
		switch e.Kind {
		case fs.KindPage: // the text of pages came line by line
			news = r.base == nil || pagesLineByLine(r.base.Files) == 0
		case fs.KindFormulas, fs.KindControls, fs.KindPermissions:
			news = r.withheldAnew(e.Kind, l)
		default:
			news = r.isNew(e.Note)
		}
		r.note(e.Note, news)
	}
}

// withheldAnew reports that a doc has no file of a kind, and had one in the last good snapshot, or was not in that.
func (r *run) withheldAnew(kind fs.Kind, l listing) bool {
	if r.base == nil {
		return true
	}
	had := map[string]bool{}
	for _, d := range r.base.Docs {
		had[d.DocID] = true
	}
	has := map[string]bool{}
	for _, e := range l.files {
		has[e.DocID] = has[e.DocID] || e.Kind == kind
	}
	for _, f := range l.missing {
		has[f.DocID] = true // why, is told
	}
	return slices.ContainsFunc(l.docs, func(d format.Doc) bool {
		_, kept := r.last[format.Key{Kind: kind, Doc: d.DocID, Object: d.DocID}]
		return !has[d.DocID] && (kept || !had[d.DocID])
	})
}
