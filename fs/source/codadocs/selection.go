package codadocs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	iofs "io/fs"
	"slices"
	"strings"
	"time"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/remote"
)

// Selection says which docs and files are in the tree. The zero value is what users get without flags: the docs that
// they own, with all pages, tables and views. It does not change while the tree lives. A field that chooses docs is
// also a part of ListKeys, with its zero value left out.
type Selection struct {
	IncludeShared bool
	WorkspaceID   string
	// Docs and ExcludeDocs name docs by id, browser link or name.
	Docs        []string
	ExcludeDocs []string
	// ExcludePages name pages by id, browser link or name. Pages below them are left out, too; tables on them stay.
	ExcludePages []string
	// SkipHiddenPages leaves out hidden pages, and pages below a hidden one.
	SkipHiddenPages bool
	NoViews         bool
	HTMLPages       bool // also each page's HTML export
	RowsJSON        bool // also each table's rows as they were sent
	CSVBOM          bool // CSV files begin with a byte order mark
	Names           fs.NameMode
}

// docID returns the id in a selector that is a link or may be an id. Every id may also be somebody's name for a doc; the caller
// tries it as an id first.
func docID(selector string) (id string, link bool) {
	if id, ok := coda.DocOfLink(selector); ok {
		return id, true
	}
	if fs.ValidID(selector) {
		return selector, false
	}
	return "", false
}

// matches reports whether a selector matches d.
func matches(selector string, d coda.Doc) bool {
	id, _ := docID(selector)
	return id == d.ID || selector == d.Name
}

// List implements [remote.Source]. It lists the selected docs; known has those of the last listing. A selector that matches
// nothing is a gap, and costs no other doc; if all match nothing, that is an error. An exclusion that matches no doc is
// noted: it may be a typo, and the doc that it means would be shown.
func (s *docs) List(ctx context.Context, known []remote.Item, t *remote.Try) (l remote.Listing, err error) {
	sel, docs := s.sel, []coda.Doc(nil)
	if len(sel.Docs) == 0 {
		docs, err = collect(remote.Once(t, s.api.Docs(ctx, sel.filter()), docOwnID))
	} else {
		p := picker{s: s, sel: sel, known: mapped(known, docOf), try: t}
		docs, l.Gaps, err = p.all(ctx)
	}
	for _, s := range sel.ExcludeDocs {
		if err == nil && len(which(docs, s)) == 0 {
			l.Notes = append(l.Notes, fmt.Sprintf("none of the docs is %q, which should be left out%s", s, didYouMean(s, docs)))
		}
	}
	docs = slices.DeleteFunc(docs, func(d coda.Doc) bool {
		return slices.ContainsFunc(sel.ExcludeDocs, func(s string) bool { return matches(s, d) })
	})
	l.Items = mapped(docs, itemOf)
	return l, err
}

// whyEmpty says why no doc is shown, and what to do. Coda lists only docs that the user has opened at least once (Coda API
// 1.5.0, listDocs), and service accounts hardly ever own one.
func whyEmpty(sel Selection) string {
	where := ""
	if sel.WorkspaceID != "" {
		where = fmt.Sprintf(" in the workspace %q", sel.WorkspaceID)
	}
	if len(sel.ExcludeDocs) > 0 {
		where += " but those of --exclude-doc"
	}
	if sel.IncludeShared {
		return "there is no doc" + where + ": Coda lists those of others when they were opened in a browser"
	}
	return "the account of this token owns no doc" + where + " (a service account hardly ever does): --include-shared adds those of others that it has opened"
}

// docOwnID is what no two docs of a list share.
func docOwnID(d coda.Doc) string { return d.ID }

// filter is what of the selection the service itself can apply.
func (sel Selection) filter() coda.DocFilter {
	return coda.DocFilter{OwnedOnly: !sel.IncludeShared, WorkspaceID: sel.WorkspaceID}
}

// picker finds the docs that a Selection names. Docs with an id are requested one by one: this also works for a token
// that may not list docs, and for docs of other people. It is for one listing, and for one goroutine.
type picker struct {
	s      *docs
	sel    Selection
	known  []coda.Doc
	try    *remote.Try
	listed []coda.Doc // requested when the first name needs it
}

// all finds the docs of all selectors. A doc that could not be asked for stays as it was known.
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
				found = which(p.known, s)
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

// pick finds the docs of one selector. Text that may be an id may also be a name.
func (p *picker) pick(ctx context.Context, s string) ([]coda.Doc, error) {
	var noID error
	if id, link := docID(s); id != "" {
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
		if p.listed, err = collect(remote.Once(p.try, p.s.api.Docs(ctx, p.sel.filter()), docOwnID)); err != nil {
			if noID != nil && p.s.refused(err) { // a token for one doc: the answer about the id says more
				return nil, noID
			}
			return nil, err
		}
	}
	if found := which(p.listed, s); len(found) > 0 {
		return found, nil
	}
	return nil, noSuchDoc{didYouMean(s, p.listed)}
}

// noSuchDoc: a selector matches no doc.
type noSuchDoc struct{ meant string }

func (e noSuchDoc) Error() string {
	return "none that you own has this id or name; --include-shared adds those of others that you have opened" + e.meant
}

// Is makes it an ErrNotExist, as the service's own answer for an id is.
func (noSuchDoc) Is(target error) bool { return target == iofs.ErrNotExist }

// which returns the docs that a selector matches.
func which(docs []coda.Doc, selector string) (found []coda.Doc) {
	for _, d := range docs {
		if matches(selector, d) {
			found = append(found, d)
		}
	}
	return found
}

// NoDocError says that none of the selected docs could be found: a wrong selection, or a token that may see none of them.
type NoDocError struct {
	Selector string // the first
	Err      error  // why it found nothing
}

// Error names the selector and the reason.
func (e *NoDocError) Error() string { return fmt.Sprintf("no doc for %q: %v", e.Selector, e.Err) }

// Unwrap returns the reason.
func (e *NoDocError) Unwrap() error { return e.Err }

// Ask implements [remote.Source]. It costs one request, or two if only the user's own name tells whose the doc is.
func (s *docs) Ask(ctx context.Context, was remote.Item, listed []remote.Item) (remote.Item, error) {
	d, err := s.api.Doc(ctx, was.ID)
	if err != nil {
		return remote.Item{}, err
	}
	return itemOf(d), s.stillSelected(ctx, d, docOf(was), listed)
}

// stillSelected returns [noSuchDoc] if the selection would not list d any more. Only the list of docs says whether a
// doc is the user's own; so d counts as own if its owner is the same as before, the owner of a listed doc, or the user.
func (s *docs) stillSelected(ctx context.Context, d, was coda.Doc, listed []remote.Item) error {
	sel := s.sel
	means := func(selector string) bool { return matches(selector, d) }
	byID := func(selector string) bool { id, _ := docID(selector); return id == d.ID }
	owned := func(other coda.Doc) bool { return other.Owner == d.Owner }
	ownedItem := func(i remote.Item) bool { return owned(docOf(i)) }
	switch {
	case slices.ContainsFunc(sel.ExcludeDocs, means):
		return noSuchDoc{}
	case slices.ContainsFunc(sel.Docs, byID):
		return nil
	case len(sel.Docs) > 0 && !slices.ContainsFunc(sel.Docs, means), sel.WorkspaceID != "" && d.WorkspaceID != sel.WorkspaceID:
		return noSuchDoc{}
	case sel.IncludeShared, owned(was), slices.ContainsFunc(listed, ownedItem):
		return nil
	}
	user, err := s.api.WhoAmI(ctx)
	if err == nil && !strings.EqualFold(user.LoginID, d.Owner) {
		return noSuchDoc{}
	}
	return err
}

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

// didYouMean suggests the doc that a selector probably meant; the selector may be the name of the doc's folder. It
// returns "" if there is none. The list is at hand, so it costs no request.
func didYouMean(selector string, docs []coda.Doc) string {
	names := make([]string, len(docs))
	for i, d := range docs {
		names[i] = d.Name
		if strings.HasSuffix(selector, "__"+d.ID) {
			return fmt.Sprintf("; did you mean %q?", d.Name)
		}
	}
	if near := fs.Nearest(selector, names); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	return ""
}

// ListKeys are the Store's keys of the list of docs. They depend only on the settings that choose docs. The first leaves out
// settings with their default value: a program with one more setting finds the same list. The second is that of earlier
// versions, which contained all settings in this order; it must not change.
func (s *docs) ListKeys() []string {
	sel := s.sel
	return []string{
		docsKey(struct {
			IncludeShared     bool     `json:",omitempty"`
			WorkspaceID       string   `json:",omitempty"`
			Docs, ExcludeDocs []string `json:",omitempty"`
		}{sel.IncludeShared, sel.WorkspaceID, asSet(sel.Docs), asSet(sel.ExcludeDocs)}),
		docsKey(struct {
			IncludeShared                                 bool
			WorkspaceID                                   string
			Docs, ExcludeDocs                             []string
			SkipHiddenPages, NoViews, HTMLPages, RowsJSON bool
			Names                                         string
		}{IncludeShared: sel.IncludeShared, WorkspaceID: sel.WorkspaceID, Docs: sel.Docs, ExcludeDocs: sel.ExcludeDocs}),
	}
}

// docsKey hashes the JSON of a selection. Names and order of its fields are part of the key.
func docsKey(selection any) string {
	b, err := json.Marshal(selection)
	if err != nil {
		panic(err) // it has strings and booleans only
	}
	return "docs/" + fs.BytesVersion(b, time.Time{}).Key
}

// asSet sorts a list and drops duplicates: the order of selectors chooses nothing.
func asSet(list []string) []string { return slices.Compact(slices.Sorted(slices.Values(list))) }
