package codapick

import (
	"fmt"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/fs"
)

// meansPage reports whether a selector (id, name or link) matches a page of a doc. A name may match pages of several docs, and
// several of one doc: all are meant.
func meansPage(selector, docID string, p coda.Page) bool {
	if id, ok := coda.DocOfLink(selector); ok {
		tail := coda.LinkTail(selector)
		return id == docID && tail != "" && tail == coda.LinkTail(p.BrowserLink)
	}
	return selector == p.ID || selector == p.Name
}

// Excluded finds the pages of a doc to leave out: those that a selector matches, and all pages below them, also by parents
// in a circle. used has the selectors that matched, for UnusedExclusions.
func (sel Selection) Excluded(docID string, pages []coda.Page) (out map[string]bool, used []string) {
	out = map[string]bool{}
	below := map[string][]string{}
	var todo []string
	for _, p := range pages {
		if p.Parent != nil {
			below[p.Parent.ID] = append(below[p.Parent.ID], p.ID)
		}
		for _, s := range sel.ExcludePages {
			if meansPage(s, docID, p) {
				todo, used = append(todo, p.ID), append(used, s)
			}
		}
	}
	for len(todo) > 0 {
		id := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if !out[id] {
			out[id] = true
			todo = append(todo, below[id]...)
		}
	}
	return out, used
}

// UnusedExclusions notes each exclusion that matched no page: it may be a typo. pages are the titles of all pages.
func (sel Selection) UnusedExclusions(used map[string]bool, pages []string) (notes []fs.Entry) {
	for _, s := range sel.ExcludePages {
		if used[s] {
			continue
		}
		note := fmt.Sprintf("none of the pages is %q, which should be left out", s)
		if near := fs.Nearest(s, pages); near != "" {
			note += fmt.Sprintf("; did you mean %q?", near)
		}
		notes = append(notes, fs.Entry{Kind: fs.KindPages, Note: note})
	}
	return notes
}
