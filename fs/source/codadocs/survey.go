package codadocs

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/remote"
)

// docSurvey collects what an index says about Coda's docs beside their files.
type docSurvey struct {
	s *docs

	mu sync.Mutex // guards all below
	// withheld has the number of docs that lack a file because the token may not see it, by the file's kind.
	withheld map[fs.Kind]int
	// excluded has the selectors that left pages out; unknown says that the pages of a doc were not listed.
	excluded map[string]bool
	unknown  bool
	// pages counts the pages that were listed. titles has theirs, if pages are to be left out: one may have been misspelled.
	pages  int
	titles []string
}

// Survey implements [remote.Surveyor].
func (s *docs) Survey() remote.Survey {
	return &docSurvey{s: s, withheld: map[fs.Kind]int{}, excluded: map[string]bool{}}
}

// Unlisted implements [remote.Survey].
func (v *docSurvey) Unlisted() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.unknown = true
}

// Unit implements [remote.Survey]. It returns the gaps of a doc. Failures of lists that have a file are those of the file.
func (v *docSurvey) Unit(ctx context.Context, l *remote.Lists) (gaps []fs.Failure, err error) {
	s, d := v.s, doc{l.Unit, v.s}
	if oversized(l) {
		v.Unlisted()
		return d.refusals("", errOversized), nil
	}
	pages, err := s.pageList(ctx, l)
	switch {
	case err == nil:
		gaps = append(gaps, pages.gaps...)
		v.exclude(pages.excluded)
	case s.refused(err): // its file, which would report the failure, is left out
		gaps = append(gaps, d.refusals("pages.json", err)...)
		v.Unlisted()
	default:
		v.Unlisted()
	}
	if tables, err := s.tableList(ctx, l); err == nil {
		gaps = append(gaps, tables.gaps...)
	} else if s.refused(err) {
		gaps = append(gaps, d.refusals("tables.json", err)...)
	}
	for _, o := range objectFiles {
		if _, err := o.list(s, ctx, l); o.withheld(s, err) {
			v.withhold(o.kind)
		}
	}
	return gaps, nil
}

func (v *docSurvey) exclude(selectors []string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, s := range selectors {
		v.excluded[s] = true
	}
}

func (v *docSurvey) withhold(kind fs.Kind) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.withheld[kind]++
}

// Entry implements [remote.Survey].
func (v *docSurvey) Entry(e fs.Entry) {
	if e.Kind != fs.KindPage || e.Failure != nil || e.Note != "" {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.pages++
	if len(v.s.sel.ExcludePages) > 0 {
		v.titles = append(v.titles, e.Name)
	}
}

// Notes implements [remote.Survey]: it says what is to know about the whole workspace.
func (v *docSurvey) Notes() (notes []fs.Entry) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.unknown {
		notes = v.s.sel.UnusedExclusions(v.excluded, v.titles)
	}
	if v.s.exports.Refused() && v.pages > 0 {
		notes = append(notes, fs.Entry{Kind: fs.KindPage, Note: fmt.Sprintf("%s (pages: %d)", contentNote, v.pages)})
	}
	for _, kind := range slices.Sorted(maps.Keys(v.withheld)) {
		notes = append(notes, fs.Entry{Kind: kind,
			Note: fmt.Sprintf("%s.json is left out where this token may not see it (docs: %d)", kind, v.withheld[kind])})
	}
	return notes
}
