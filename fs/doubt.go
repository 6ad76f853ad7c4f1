package fs

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/codafs/codafs/coda"
)

// A doc that was known and that the list of docs lacks is asked for by its id before its name vanishes: programs such as
// rsync --delete believe what they see. It is gone where the service knows no such doc, or does not show it. Where it is there
// the list was wrong, which is a warning. Where that cannot be found out it stays as it was known, and is a failure. That all docs
// are gone at once is not believed.

// expect takes in what the last snapshot had: see [Held].
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

// docList is a listing of docs.
type docList struct {
	docs  []coda.Doc
	gaps  []Failure
	notes []string
	// unlisted are the docs that the service's list lacks.
	unlisted []coda.Doc
	// unsure are the ids of docs of which nobody knows whether they are there.
	unsure []string
	odd    []Failure
}

// readDocs lists the docs.
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

// keepAll keeps all docs, of which the service shows none any more, by list or by id. A run that makes a snapshot would call that
// suspect; programs that copy a mount believe what they see. One doc alone may well be deleted.
func (l *docList) keepAll(known []coda.Doc) {
	l.docs = known
	l.odd = append(l.odd, Failure{Code: CodeAllLost, Warning: true,
		Message: fmt.Sprintf("Coda shows none of the %d docs any more; they stay as they were. If that is right, unmount and mount again", len(known))})
}

// knownDocs are the docs of the last listing: of this run, or of an earlier one; of those that a snapshot had only the id
// is known.
func (t *Tree) knownDocs(ctx context.Context) []coda.Doc {
	docs := t.known()
	if t.docsFolder() == nil {
		docs, _, _ = t.lastDocs(ctx) // none where nothing is known
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

// askForLost asks for the known docs that a listing lacks, several at a time.
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

// found takes in a doc that was not listed. A selector that means it has found it now.
func (l *docList) found(d coda.Doc) {
	l.docs = append(l.docs, d)
	l.unlisted = append(l.unlisted, d)
	l.gaps = slices.DeleteFunc(l.gaps, func(f Failure) bool { return f.DocID == "" && matches(f.ObjectID, d) })
}

// stillSelected fails with [noSuchDoc] where a doc that is there would not be listed any more. That a doc is the user's own the
// service tells in its list alone; it is where it has the owner that it had, or that the other docs have, or the user.
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

// warnOfDocs takes over what is odd about a listing of docs that the tree has taken over.
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

// tellNew tells of warnings that were not there before.
func (t *Tree) tellNew(odd []Failure) {
	for _, f := range odd {
		if t.opts.Warned != nil {
			t.opts.Warned(f)
		}
	}
}

// docPath is the folder of a doc, "" if it has none.
func (t *Tree) docPath(id string) string {
	t.mu.Lock()
	d := t.byID[id]
	t.mu.Unlock()
	if d == nil {
		return ""
	}
	return d.path()
}
