package fs

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/codafs/codafs/coda"
)

// If the list of docs lacks a known doc, the doc is asked for by its id before its name vanishes: programs such as
// rsync --delete believe what they see. The doc is gone if the service knows no such doc or refuses to show it. If it
// is there, the list was wrong, which is a warning. If the request fails otherwise, the doc stays as it was known, and
// a failure is reported. That all docs are gone at once is not believed.

// expect records what the last snapshot had: see [Held].
func (t *Tree) expect(docs []string, odd []Failure) {
	t.mu.Lock()
	expected := map[string]bool{}
	for _, id := range t.expected {
		expected[id] = true
	}
	for _, id := range docs {
		if t.byID[id] == nil && !expected[id] {
			expected[id] = true
			t.expected = append(t.expected, id)
		}
	}
	t.mu.Unlock()
	if odd != nil {
		t.earlier.replace(func(Failure) bool { return true }, odd, t.opts.Now())
	}
}

// docList is a list of docs as it was read.
type docList struct {
	docs  []coda.Doc
	gaps  []Failure
	notes []string
	// unlisted are docs that exist, though the service's list lacks them.
	unlisted []coda.Doc
	// unsure has the ids of docs that could not be asked for: nobody knows whether they exist.
	unsure []string
	odd    []Failure
}

// readDocs lists the docs, a second time if the list changed while it was read.
func (t *Tree) readDocs(ctx context.Context) (l docList, err error) {
	known := t.knownDocs(ctx)
	err = twice(func(last bool) error {
		try := &try{last: last}
		l, err = listDocs(ctx, t.src, t.opts.Select, known, try)
		l.odd = try.odd
		return err
	})
	if err != nil {
		return l, err
	}
	if err := t.askForLost(ctx, &l, known); err != nil {
		return l, err
	}
	if len(l.docs) == 0 && len(known) > 1 && t.docsFolder() != nil {
		l.keepAll(known)
	}
	if len(l.docs)+len(l.gaps) == 0 {
		l.notes = append(l.notes, whyEmpty(t.opts.Select))
	}
	return l, nil
}

// keepAll keeps all known docs if the service shows none of them any more, neither in the list nor by id. A snapshot
// run has a guard of its own against this; programs that copy a mount believe what they see. A single doc may well have
// been deleted: the caller does not keep that.
func (l *docList) keepAll(known []coda.Doc) {
	l.docs = known
	l.odd = append(l.odd, Failure{Code: CodeAllLost, Warning: true,
		Message: fmt.Sprintf("Coda shows none of the %d docs any more; they stay as they were. If that is right, unmount and mount again", len(known))})
}

// knownDocs returns the docs of the last listing, of this run or an earlier one. Of docs that only a snapshot had, the
// id alone is known.
func (t *Tree) knownDocs(ctx context.Context) []coda.Doc {
	docs := t.known()
	if t.docsFolder() == nil {
		docs, _, _ = t.lastDocs(ctx) // on an error there are none
	}
	have := map[string]bool{}
	for _, d := range docs {
		have[d.ID] = true
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, id := range t.expected {
		if !have[id] {
			docs = append(docs, coda.Doc{ID: id})
		}
	}
	return docs
}

// askForLost asks for each known doc that the list lacks, several at a time.
func (t *Tree) askForLost(ctx context.Context, l *docList, known []coda.Doc) error {
	listed := map[string]bool{}
	for _, d := range l.docs {
		listed[d.ID] = true
	}
	lost := slices.DeleteFunc(known, func(d coda.Doc) bool { return listed[d.ID] || !validID(d.ID) })
	now, errs := make([]coda.Doc, len(lost)), make([]error, len(lost))
	err := t.parallel(ctx, len(lost), func(ctx context.Context, i int) error {
		if now[i], errs[i] = t.src.Doc(ctx, lost[i].ID); errs[i] == nil {
			errs[i] = t.stillSelected(ctx, now[i], lost[i], l.docs)
		}
		if fatal(ctx, errs[i]) {
			return errs[i]
		}
		return nil
	})
	if err != nil {
		return err
	}
	for i, was := range lost {
		switch err := errs[i]; {
		case err == nil:
			l.found(now[i])
		case notExist(err), refused(err):
		default:
			l.unsure = append(l.unsure, was.ID)
			l.gaps = append(l.gaps, FailureOf(err, Object{Kind: KindDoc, DocID: was.ID, ID: was.ID}, ""))
			if was.Raw != nil {
				l.docs = append(l.docs, was)
			}
		}
	}
	return nil
}

// found adds a doc that the list lacked. A selector that matches it has found it now: its gap is removed.
func (l *docList) found(d coda.Doc) {
	l.docs = append(l.docs, d)
	l.unlisted = append(l.unlisted, d)
	l.gaps = slices.DeleteFunc(l.gaps, func(f Failure) bool { return f.DocID == "" && matches(f.ObjectID, d) })
}

// stillSelected returns [noSuchDoc] if the selection would not list d any more. Only the list of docs says whether a
// doc is the user's own; so d counts as own if its owner is the same as before, the owner of a listed doc, or the user.
func (t *Tree) stillSelected(ctx context.Context, d, was coda.Doc, listed []coda.Doc) error {
	s := t.opts.Select
	means := func(selector string) bool { return matches(selector, d) }
	byID := func(selector string) bool { id, _ := docID(selector); return id == d.ID }
	owned := func(other coda.Doc) bool { return other.Owner == d.Owner }
	switch {
	case slices.ContainsFunc(s.ExcludeDocs, means):
		return noSuchDoc{}
	case slices.ContainsFunc(s.Docs, byID):
		return nil
	case len(s.Docs) > 0 && !slices.ContainsFunc(s.Docs, means), s.WorkspaceID != "" && d.WorkspaceID != s.WorkspaceID:
		return noSuchDoc{}
	case s.IncludeShared, owned(was), slices.ContainsFunc(listed, owned):
		return nil
	}
	user, err := t.src.WhoAmI(ctx)
	if err == nil && !strings.EqualFold(user.LoginID, d.Owner) {
		return noSuchDoc{}
	}
	return err
}

// warnOfDocs replaces the warnings about the list of docs, and drops those about docs that are gone.
func (t *Tree) warnOfDocs(l docList) {
	const what = "Coda's list of docs lacks this one, which is there when it is asked for by its id"
	odd := l.odd
	for i := range odd {
		odd[i].Kind, odd[i].Path = KindDoc, "docs"
	}
	for _, d := range l.unlisted {
		odd = append(odd, Failure{Code: CodeNotListed, Message: what, Warning: true, Kind: KindDoc, DocID: d.ID, ObjectID: d.ID, Path: t.docPath(d.ID)})
	}
	t.mu.Lock()
	there := maps.Clone(t.byID)
	t.mu.Unlock()
	over := func(f Failure) bool { return f.Kind == KindDoc || f.DocID != "" && there[f.DocID] == nil }
	t.tellNew(t.warnings.replace(over, odd, t.opts.Now()))
}

// tellNew passes new warnings to Options.Warned.
func (t *Tree) tellNew(odd []Failure) {
	for _, f := range odd {
		if t.opts.Warned != nil {
			t.opts.Warned(f)
		}
	}
}

// docPath returns the path of a doc's folder, "" if the tree has no such doc.
func (t *Tree) docPath(id string) string {
	t.mu.Lock()
	d := t.byID[id]
	t.mu.Unlock()
	if d == nil {
		return ""
	}
	return d.path()
}
