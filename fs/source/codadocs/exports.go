package codadocs

import (
	"context"
	"fmt"
	iofs "io/fs"
	"maps"
	"slices"
	"sync"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/rest"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/remote"
)

// exports records whether the token may start page exports. An export starts with a POST, which the service refuses to
// a read-only token; page text then comes from the pages' lines.
type exports struct {
	mu    sync.Mutex // guards all below
	known exportRight
	found chan struct{} // closed once something is known; nil until somebody waits
	turn  chan struct{} // holds one token while somebody tries another page
}

// exportRight is what is known of the right to export. It changes from unknown to one of the others, and from refused
// to allowed.
type exportRight int

const (
	exportsUnknown exportRight = iota
	exportsAllowed             // an export has started before: a refusal concerns that page alone
	exportsRefused
)

func (e *exports) right() exportRight {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.known
}

// allow records that the token may export. An export has started, which is proof: it overrides refuse.
func (e *exports) allow() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.set(exportsAllowed)
}

// set records the right and wakes those who wait. e.mu is held.
func (e *exports) set(known exportRight) {
	if e.known == exportsUnknown && e.found != nil {
		close(e.found)
	}
	e.known = known
}

// isKnown returns a channel that is closed once it is known whether the token may export, and nil if it is known already.
func (e *exports) isKnown() <-chan struct{} {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.known != exportsUnknown {
		return nil
	}
	if e.found == nil {
		e.found = make(chan struct{})
	}
	return e.found
}

// refuse records that the token may not export, and reports whether that is new.
func (e *exports) refuse() (news bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.known != exportsUnknown {
		return false
	}
	e.set(exportsRefused)
	return true
}

// lock waits for the turn to try another page.
func (e *exports) lock(ctx context.Context) (unlock func(), err error) {
	e.mu.Lock()
	if e.turn == nil {
		e.turn = make(chan struct{}, 1)
	}
	turn := e.turn
	e.mu.Unlock()
	select {
	case turn <- struct{}{}:
		return func() { <-turn }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// Reads implements [remote.Prober]: it says how page text is read.
func (s *docs) Reads() string {
	if s.exports.right() == exportsRefused {
		return fs.SourceContent
	}
	return fs.SourceExport
}

// Learned implements [remote.Prober].
func (s *docs) Learned() <-chan struct{} { return s.exports.isKnown() }

// Shows implements [remote.Prober]: the export of a page shows it.
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
	b, err := d.s.api.ExportPage(coda.OnExportStart(ctx, d.s.exports.allow), d.ID, pageID, f)
	if rest.CodeOf(err) == coda.CodeExportRefused && d.allRefused(ctx, pageID, f) {
		return nil, fs.ErrStale
	}
	return b, err
}

// allRefused reports whether the refusal of one page holds for all. It may concern this page alone, and all page text
// depends on the answer: unless that is known, another page is tried first.
func (d doc) allRefused(ctx context.Context, pageID string, f coda.Format) bool {
	s := d.s
	unlock, err := s.exports.lock(ctx)
	if err != nil {
		return false // the caller gave up
	}
	defer unlock()
	if s.exports.right() == exportsUnknown {
		docID, pageID := d.anotherPage(ctx, pageID)
		_, err := s.api.ExportPage(coda.OnExportStart(ctx, s.exports.allow), docID, pageID, f)
		if rest.CodeOf(err) == coda.CodeExportRefused && s.exports.refuse() {
			s.t.Notice(contentNote)
		}
	}
	return s.exports.right() == exportsRefused
}

// anotherPage chooses a page to try: one of another doc if there is one, since a doc may be refused as a whole; else
// another page of the same doc; else the same page again.
func (d doc) anotherPage(ctx context.Context, id string) (docID, pageID string) {
	for _, other := range append(d.s.t.Others(d.ID), d.Unit) {
		pages, err := d.s.pageList(ctx, other.Current())
		if err != nil {
			continue
		}
		for _, p := range slices.Sorted(maps.Keys(pages.byID)) {
			if pages.byID[p].exportable() && (other.ID != d.ID || p != id) {
				return other.ID, p
			}
		}
	}
	return d.ID, id
}
