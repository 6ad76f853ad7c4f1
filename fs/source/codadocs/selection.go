package codadocs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/remote"
	"github.com/codafs/codafs/fs/remote/load"
	"github.com/codafs/codafs/fs/source/codadocs/codapick"
)

// Selection says which docs and files are in the tree.
type Selection = codapick.Selection

// NoDocError says that none of the selected docs could be found.
type NoDocError = codapick.NoDocError

// List implements [remote.Source]. It lists the selected docs; known has those of the last listing. A selector that matches
// nothing is a gap, and costs no other doc; if all match nothing, that is an error. An exclusion that matches no doc is
// noted: it may be a typo, and the doc that it means would be shown.
func (s *docs) List(ctx context.Context, known []remote.Item, t *remote.Try) (l remote.Listing, err error) {
	sel, docs := s.sel, []coda.Doc(nil)
	if len(sel.Docs) == 0 {
		docs, err = collect(load.Once(t, s.api.Docs(ctx, sel.Filter()), docOwnID))
	} else {
		p := picker{s: s, sel: sel, known: mapped(known, docOf), try: t}
		docs, l.Gaps, err = p.all(ctx)
	}
	for _, s := range sel.ExcludeDocs {
		if err == nil && len(codapick.Which(docs, s)) == 0 {
			l.Notes = append(l.Notes, fmt.Sprintf("none of the docs is %q, which should be left out%s", s, codapick.DidYouMean(s, docs)))
		}
	}
	docs = slices.DeleteFunc(docs, func(d coda.Doc) bool {
		return slices.ContainsFunc(sel.ExcludeDocs, func(s string) bool { return codapick.Matches(s, d) })
	})
	l.Items = mapped(docs, itemOf)
	return l, err
}

// docOwnID is what no two docs of a list share.
func docOwnID(d coda.Doc) string { return d.ID }

// picker finds the docs that a Selection names. Docs with an id are requested one by one: this also works for a token
// that may not list docs, and for docs of other people. It is for one listing, and for one goroutine.
type picker struct {
	s      *docs
	sel    Selection
	known  []coda.Doc
	try    *remote.Try
	listed []coda.Doc // requested when the first name needs it
}

// all finds the docs of all selectors. A doc that could not be asked for stays as it was known, with a gap that names it: a
// short outage must not make it vanish from the tree. Only if no selector got an answer there is an error.
func (p *picker) all(ctx context.Context) (docs []coda.Doc, gaps []fs.Failure, err error) {
	var first error
	answered := false
	for _, s := range p.sel.Docs {
		found, err := p.pick(ctx, s)
		if p.s.t.Fatal(ctx, err) || errors.Is(err, remote.ErrMoved) {
			return nil, nil, err
		}
		if err != nil {
			if first == nil {
				first = err
			}
			gaps = append(gaps, p.s.t.FailureOf(err, fs.Object{Kind: fs.KindDoc, ID: s}, ""))
			if !notExist(err) && !p.s.refused(err) {
				found = codapick.Which(p.known, s)
			}
		}
		answered = answered || err == nil
		docs = append(docs, found...)
	}
	if !answered {
		return nil, nil, &NoDocError{Selector: p.sel.Docs[0], Err: first}
	}
	return docs, gaps, nil
}

// pick finds the docs of one selector. Text that may be an id may also be a name: it is tried as an id, which takes one
// request and works for tokens that may not list docs, and then as a name in the list, which is requested once for all.
func (p *picker) pick(ctx context.Context, s string) ([]coda.Doc, error) {
	var noID error
	if id, link := codapick.DocID(s); id != "" {
		d, err := p.s.api.Doc(ctx, id)
		if err == nil {
			return []coda.Doc{d}, nil
		}
		if link || !notExist(err) && !p.s.refused(err) {
			return nil, err
		}
		noID = err
	}
	if p.listed == nil {
		var err error
		if p.listed, err = collect(load.Once(p.try, p.s.api.Docs(ctx, p.sel.Filter()), docOwnID)); err != nil {
			if noID != nil && p.s.refused(err) { // a token for one doc: the answer about the id says more
				return nil, noID
			}
			return nil, err
		}
	}
	if found := codapick.Which(p.listed, s); len(found) > 0 {
		return found, nil
	}
	return nil, codapick.NoSuchDocError{Meant: codapick.DidYouMean(s, p.listed)}
}

// Ask implements [remote.Source]. It costs one request, or two if only the user's own name tells whose the doc is.
func (s *docs) Ask(ctx context.Context, was remote.Item, listed []remote.Item) (remote.Item, error) {
	d, err := s.api.Doc(ctx, was.ID)
	if err != nil {
		return remote.Item{}, err
	}
	return itemOf(d), s.stillSelected(ctx, d, docOf(was), listed)
}

// stillSelected returns [codapick.NoSuchDocError] if the selection would not list d any more. Only the list of docs says whether a
// doc is the user's own; so d counts as own if its owner is the same as before, the owner of a listed doc, or the user.
func (s *docs) stillSelected(ctx context.Context, d, was coda.Doc, listed []remote.Item) error {
	sel := s.sel
	means := func(selector string) bool { return codapick.Matches(selector, d) }
	byID := func(selector string) bool { id, _ := codapick.DocID(selector); return id == d.ID }
	owned := func(other coda.Doc) bool { return other.Owner == d.Owner }
	ownedItem := func(i remote.Item) bool { return owned(docOf(i)) }
	switch {
	case slices.ContainsFunc(sel.ExcludeDocs, means):
		return codapick.NoSuchDocError{}
	case slices.ContainsFunc(sel.Docs, byID):
		return nil
	case len(sel.Docs) > 0 && !slices.ContainsFunc(sel.Docs, means), sel.WorkspaceID != "" && d.WorkspaceID != sel.WorkspaceID:
		return codapick.NoSuchDocError{}
	case sel.IncludeShared, owned(was), slices.ContainsFunc(listed, ownedItem):
		return nil
	}
	user, err := s.api.WhoAmI(ctx)
	if err == nil && !strings.EqualFold(user.LoginID, d.Owner) {
		return codapick.NoSuchDocError{}
	}
	return err
}

// collect reads a list to its end, or fails: never a part of it.
func collect[T any](seq func(yield func(T, error) bool)) (items []T, err error) {
	for v, err := range seq {
		if err != nil {
			return nil, err
		}
		items = append(items, v)
	}
	return items, nil
}

// ListKeys implements [remote.Source]. The keys depend only on the settings that choose docs.
func (s *docs) ListKeys() []string { return s.sel.ListKeys() }
