package fs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	iofs "io/fs"
	"regexp"
	"slices"

	"github.com/codafs/codafs/coda"
)

// Selection says which docs and files are in the tree. The zero value is what users get
// without flags: the docs they own, with all pages, tables and views.
type Selection struct {
	IncludeShared bool
	WorkspaceID   string
	// Docs and ExcludeDocs name docs by id, browser link or name.
	Docs        []string
	ExcludeDocs []string
	// SkipHiddenPages leaves out the pages that are hidden, or are below one that is.
	SkipHiddenPages bool
	NoViews         bool
	HTMLPages       bool // also each page's HTML export
	RowsJSON        bool // also each table's rows as they were sent
	Names           NameMode
}

// docLink finds the id in a doc's browser link: the first part of the path ends in _d and the id.
var docLink = regexp.MustCompile(`^https://[^/]+/d/[^/?#]*_d([A-Za-z0-9_-]{10})(?:[/?#]|$)`)

// docID is the id that a selector gives, if it is a link or may be an id.
func docID(selector string) (id string, link bool) {
	if m := docLink.FindStringSubmatch(selector); m != nil {
		return m[1], true
	}
	if validID(selector) {
		return selector, false
	}
	return "", false
}

// matches tells whether a selector means d.
func matches(selector string, d coda.Doc) bool {
	id, _ := docID(selector)
	return id == d.ID || selector == d.Name
}

// listDocs lists the selected docs. A selector that finds nothing costs no other doc: it is a
// gap, unless nothing at all is found.
func listDocs(ctx context.Context, src Source, sel Selection) (docs []coda.Doc, gaps []Failure, err error) {
	if len(sel.Docs) == 0 {
		docs, err = collect(src.Docs(ctx, sel.filter()))
	} else {
		docs, gaps, err = pickDocs(ctx, src, sel)
	}
	docs = slices.DeleteFunc(docs, func(d coda.Doc) bool {
		return slices.ContainsFunc(sel.ExcludeDocs, func(s string) bool { return matches(s, d) })
	})
	return docs, gaps, err
}

func (sel Selection) filter() coda.DocFilter {
	return coda.DocFilter{OwnedOnly: !sel.IncludeShared, WorkspaceID: sel.WorkspaceID}
}

// pickDocs finds the docs that sel.Docs names. Those with an id are got one by one, which also
// works for a token that may not list docs, and for docs that somebody else owns.
func pickDocs(ctx context.Context, src Source, sel Selection) (docs []coda.Doc, gaps []Failure, err error) {
	var listed []coda.Doc
	seen := map[string]bool{}
	for _, s := range sel.Docs {
		found, err := pickDoc(ctx, src, sel, s, &listed)
		if err != nil {
			if ctx.Err() != nil || coda.CodeOf(err) == coda.CodeUnauthorized {
				return nil, nil, err
			}
			gaps = append(gaps, FailureOf(err, Object{Kind: KindDoc, ID: s}, ""))
			continue
		}
		for _, d := range found {
			if !seen[d.ID] {
				seen[d.ID] = true
				docs = append(docs, d)
			}
		}
	}
	if len(docs) == 0 && len(gaps) > 0 {
		return nil, nil, &NoDocError{Selector: sel.Docs[0], Why: gaps[0]}
	}
	return docs, gaps, nil
}

func pickDoc(ctx context.Context, src Source, sel Selection, s string, listed *[]coda.Doc) ([]coda.Doc, error) {
	id, link := docID(s)
	if id != "" {
		d, err := src.Doc(ctx, id)
		if err == nil {
			return []coda.Doc{d}, nil
		}
		if link || !errors.Is(err, iofs.ErrNotExist) {
			return nil, err
		}
	}
	if *listed == nil {
		var err error
		if *listed, err = collect(src.Docs(ctx, sel.filter())); err != nil {
			return nil, err
		}
	}
	var found []coda.Doc
	for _, d := range *listed {
		if d.Name == s {
			found = append(found, d)
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("no doc of yours has this id or name: %w", iofs.ErrNotExist)
	}
	return found, nil
}

// NoDocError is the error for a selection that finds no doc at all.
type NoDocError struct {
	Selector string
	Why      Failure
}

func (e *NoDocError) Error() string {
	return fmt.Sprintf("no doc for %q: %s", e.Selector, cmp.Or(e.Why.Message, e.Why.Code))
}

// Is tells that there is no such doc.
func (e *NoDocError) Is(target error) bool { return target == iofs.ErrNotExist }

// collect reads a list to its end, or fails.
func collect[T any](seq func(yield func(T, error) bool)) (items []T, err error) {
	for v, err := range seq {
		if err != nil {
			return nil, err
		}
		items = append(items, v)
	}
	return items, nil
}
