package fs

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
)

// docSurvey collects what an index says about Coda's docs beside their files.
type docSurvey struct {
	s *docs

	mu sync.Mutex // guards all below
	// withheld has the number of docs that lack a file because the token may not see it, by the file's kind.
	withheld map[Kind]int
	// excluded has the selectors that left pages out; unknown says that the pages of a doc were not listed.
	excluded map[string]bool
	unknown  bool
}

func (s *docs) survey() survey {
	return &docSurvey{s: s, withheld: map[Kind]int{}, excluded: map[string]bool{}}
}

func (v *docSurvey) unlisted() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.unknown = true
}

// unit returns the gaps of a doc. Failures of lists that have a file are those of the file.
func (v *docSurvey) unit(ctx context.Context, l *lists) (gaps []Failure, err error) {
	s, d := v.s, doc{l.u, v.s}
	if oversized(l) {
		v.unlisted()
		return d.refusals("", errOversized), nil
	}
	pages, err := s.pageList(ctx, l)
	switch {
	case err == nil:
		gaps = append(gaps, pages.gaps...)
		v.exclude(pages.excluded)
	case s.refused(err): // its file, which would report the failure, is left out
		gaps = append(gaps, d.refusals("pages.json", err)...)
		v.unlisted()
	default:
		v.unlisted()
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

func (v *docSurvey) withhold(kind Kind) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.withheld[kind]++
}

// notes says what is to know about the whole workspace.
func (v *docSurvey) notes(entries []Entry) (notes []Entry) {
	v.mu.Lock()
	defer v.mu.Unlock()
	var pages []string // their titles
	for _, e := range entries {
		if e.Kind == KindPage && e.Failure == nil && e.Note == "" {
			pages = append(pages, e.Name)
		}
	}
	if !v.unknown {
		notes = v.s.sel.unusedExclusions(v.excluded, pages)
	}
	if v.s.exports.right() == exportsRefused && len(pages) > 0 {
		notes = append(notes, Entry{Kind: KindPage, Note: fmt.Sprintf("%s (pages: %d)", contentNote, len(pages))})
	}
	for _, kind := range slices.Sorted(maps.Keys(v.withheld)) {
		notes = append(notes, Entry{Kind: kind,
			Note: fmt.Sprintf("%s.json is left out where this token may not see it (docs: %d)", kind, v.withheld[kind])})
	}
	return notes
}
