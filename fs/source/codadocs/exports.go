package codadocs

import (
	"context"
	"fmt"
	iofs "io/fs"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/rest"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/remote"
)

// Reads implements [remote.Prober]: it says how page text is read.
func (s *docs) Reads() string {
	if s.exports.Refused() {
		return fs.SourceContent
	}
	return fs.SourceExport
}

// Learned implements [remote.Prober].
func (s *docs) Learned() <-chan struct{} { return s.exports.Learned() }

// Shows implements [remote.Prober]: the export of a page shows whether the token may export.
func (s *docs) Shows(f *remote.File) bool { return f.Object().Kind == fs.KindPage }

// NotInLines names what is missing from a page's text that was read line by line.
const NotInLines = "tables, links, images and ticked boxes"

// contentNote is reported once, and is in each snapshot's warnings.
const contentNote = "this token may not start page exports, so page text is read line by line: " +
	NotInLines + " are missing from it (a token that may write, too, gets them)"

// errNoHTML is the failure of a page's HTML if the token may not export.
var errNoHTML = fmt.Errorf("a page's HTML needs a token that may start page exports: %w", iofs.ErrPermission)

// export exports a page. If it turns out that the token may not export any, the error is ErrStale: the page then has
// another version.
func (d doc) export(ctx context.Context, pageID string, f coda.Format) ([]byte, error) {
	b, err := d.s.api.ExportPage(coda.OnExportStart(ctx, d.s.exports.Allow), d.ID, pageID, f)
	if rest.CodeOf(err) == coda.CodeExportRefused && d.allRefused(ctx, pageID, f) {
		return nil, fs.ErrStale
	}
	return b, err
}

// allRefused reports whether the refusal of one page holds for all. It may concern this page alone, and all page text
// depends on the answer: unless that is known, another page is tried first.
func (d doc) allRefused(ctx context.Context, pageID string, f coda.Format) bool {
	s := d.s
	unlock, err := s.exports.Lock(ctx)
	if err != nil {
		return false // the caller gave up
	}
	defer unlock()
	if s.exports.Unknown() {
		docID, pageID := d.anotherPage(ctx, pageID)
		_, err := s.api.ExportPage(coda.OnExportStart(ctx, s.exports.Allow), docID, pageID, f)
		if rest.CodeOf(err) == coda.CodeExportRefused && s.exports.Refuse() {
			s.t.Notice(contentNote)
		}
	}
	return s.exports.Refused()
}

// anotherPage chooses a page to try: one of another doc if there is one, since a doc may be refused as a whole; else
// another page of the same doc; else the same page again.
func (d doc) anotherPage(ctx context.Context, id string) (docID, pageID string) {
	for _, other := range append(d.s.t.Others(d.ID), d.Unit) {
		pages, err := d.s.pageList(ctx, other.Current())
		if err != nil {
			continue
		}
		for _, p := range pages.Exportable() {
			if other.ID != d.ID || p != id {
				return other.ID, p
			}
		}
	}
	return d.ID, id
}
