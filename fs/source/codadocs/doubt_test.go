package codadocs_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/remote"
	"github.com/codafs/codafs/fs/source/codadocs"
	"github.com/codafs/codafs/fs/treetest"
)

const (
	bookID   = "TmHndBk_-1"
	bookPath = "/docs/" + bookID
)

// names are those of the docs.
func names(t *testing.T, tree *remote.Tree) (all []string) {
	t.Helper()
	n, err := fs.Walk(t.Context(), tree.Root(), "docs")
	if err != nil {
		t.Fatal(err)
	}
	nodes, err := n.(fs.Dir).Entries(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range nodes {
		all = append(all, n.Name())
	}
	slices.Sort(all)
	return all
}

// lacking has the list of docs lack one, so many times.
func lacking(w *treetest.Workspace, id string, times int) {
	w.Fail(codatest.Fault{Path: "/docs", Kind: codatest.Lacks, Body: id, Times: times})
}

func TestADocThatTheListLacksIsAskedForBeforeItsNameVanishes(t *testing.T) {
	w := sample(t, codadocs.Selection{})
	all := names(t, w.Tree)
	lacking(w, bookID, 1)
	equal(t, "sent", w.Sent(func() { refresh(t, w) }), []string{"GET /docs", "GET " + bookPath})
	equal(t, "names", names(t, w.Tree), all)
	equal(t, "warnings", warned(w.Tree), []string{fs.CodeNotListed + " docs/" + bookFolder})
	if got := read(t, w, ".codafs/errors.jsonl"); !strings.Contains(got, `"code":"not_listed"`) || !strings.Contains(got, `"warning":true`) {
		t.Errorf("errors.jsonl: %s", got)
	}
	if got := read(t, w, ".codafs/status.json"); !strings.Contains(got, `"warnings": 1`) || !strings.Contains(got, `"errors": 0`) {
		t.Errorf("status.json: %s", got)
	}
	equal(t, "sent when it is listed again", w.Sent(func() { refresh(t, w) }), []string{"GET /docs"})
	equal(t, "warnings when it is listed again", warned(w.Tree), nil)

	w.State.RemoveDoc(bookID)
	refresh(t, w)
	equal(t, "names after it was deleted", names(t, w.Tree), slices.DeleteFunc(all, func(n string) bool { return n == bookFolder }))
	equal(t, "warnings after it was deleted", warned(w.Tree), nil)
	equal(t, "sent after it was deleted", w.Sent(func() { refresh(t, w) }), []string{"GET /docs"})
}

// What is edited in a doc that the list lacks is shown all the same.
func TestADocThatTheListLacksIsFresh(t *testing.T) {
	w := sample(t, codadocs.Selection{})
	lacking(w, bookID, 0)
	w.State.RenameDoc(bookID, "Other name")
	refresh(t, w) // the first listing: nothing is known of the doc
	equal(t, "names", slices.DeleteFunc(names(t, w.Tree), func(n string) bool { return !strings.HasPrefix(n, "Other") }), nil)
	w.Heal()
	refresh(t, w)
	lacking(w, bookID, 0)
	w.State.RenameDoc(bookID, "Third name")
	refresh(t, w)
	has(t, names(t, w.Tree), "Third name__"+bookID)
}

func TestAnEmptyListOfDocsHidesNothing(t *testing.T) {
	w := treetest.New(t, codatest.Generate(5, 40, 1, 0, 0), treetest.Options{})
	all := names(t, w.Tree)
	w.Fail(codatest.Fault{Path: "/docs", Kind: codatest.Empty, Times: 2})
	for range 2 {
		if sent := w.Sent(func() { refresh(t, w) }); len(sent) != 41 {
			t.Errorf("%d requests, want the list and one for each doc", len(sent))
		}
		equal(t, "names", names(t, w.Tree), all)
	}
	refresh(t, w)
	equal(t, "warnings in the end", warned(w.Tree), nil)
}

// What the answer for a doc that the list lacks means.
func TestADocThatCannotBeAskedForStays(t *testing.T) {
	for status, stays := range map[int]bool{404: false, 410: false, 403: false, 500: true, 400: true} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			w := sample(t, codadocs.Selection{})
			all := names(t, w.Tree)
			lacking(w, bookID, 0)
			w.Fail(codatest.Fault{Path: bookPath, Status: status})
			refresh(t, w)
			if got := slices.Contains(names(t, w.Tree), bookFolder); got != stays || !slices.Contains(all, bookFolder) {
				t.Errorf("is there: %v, want %v", got, stays)
			}
			var gaps []string
			for _, e := range failures(index(t, w.Tree)) {
				gaps = append(gaps, fmt.Sprint(e.Kind, " ", e.DocID, " ", e.Failure.HTTPStatus))
			}
			var want []string
			if stays {
				want = []string{fmt.Sprint("doc ", bookID, " ", status)}
			}
			equal(t, "gaps", gaps, want)
		})
	}
}

func TestATokenThatIsRefusedMeanwhileTakesNoDocAway(t *testing.T) {
	w := sample(t, codadocs.Selection{})
	all := names(t, w.Tree)
	lacking(w, bookID, 0)
	w.Fail(codatest.Fault{Path: bookPath, Status: 401})
	if err := w.Tree.Refresh(t.Context()); err == nil {
		t.Error("the refresh did not fail")
	}
	equal(t, "names", names(t, w.Tree), all)
}

// A doc that is there is shown only while it is selected.
func TestADocThatIsNotSelectedAnyMoreGoes(t *testing.T) {
	for name, test := range map[string]struct {
		sel   codadocs.Selection
		edit  func(d *codatest.Doc)
		stays bool
	}{
		"another's":             {codadocs.Selection{}, func(d *codatest.Doc) { d.Owner = codatest.Person{Name: "X", Email: "x@elsewhere.example"} }, false},
		"another's, shared":     {codadocs.Selection{IncludeShared: true}, func(d *codatest.Doc) { d.Owner = codatest.Person{Name: "X", Email: "x@elsewhere.example"} }, true},
		"of an excluded name":   {codadocs.Selection{ExcludeDocs: []string{"Secret"}}, func(d *codatest.Doc) { d.Name = "Secret" }, false},
		"of another name":       {codadocs.Selection{Docs: []string{"Team Handbook", codatest.SampleDoc}}, func(d *codatest.Doc) { d.Name = "Other" }, false},
		"of the same name":      {codadocs.Selection{Docs: []string{"Team Handbook", codatest.SampleDoc}}, func(*codatest.Doc) {}, true},
		"in the same workspace": {codadocs.Selection{WorkspaceID: codatest.Sample().ID}, func(*codatest.Doc) {}, true},
	} {
		t.Run(name, func(t *testing.T) {
			w := sample(t, test.sel)
			has(t, names(t, w.Tree), bookFolder)
			w.State.Edit(bookID, test.edit)
			lacking(w, bookID, 0)
			refresh(t, w)
			got := slices.ContainsFunc(names(t, w.Tree), func(n string) bool { return strings.HasSuffix(n, bookID) })
			if got != test.stays {
				t.Errorf("is there: %v, want %v", got, test.stays)
			}
			if gaps := failures(index(t, w.Tree)); test.stays && len(gaps) > 0 {
				t.Errorf("gaps %+v", gaps)
			}
		})
	}
}

// A new program knows the docs from the cache, or is told of them, as by a snapshot.
func TestADocOfAnEarlierRunIsAskedFor(t *testing.T) {
	for _, where := range []string{"cache", "told"} {
		for _, there := range []bool{true, false} {
			w := sample(t, codadocs.Selection{})
			all := names(t, w.Tree)
			store := w.Store
			if where == "told" {
				store = treetest.Memory(t)
			}
			tree := w.NewTree(store, codadocs.Selection{})
			if !there {
				w.State.RemoveDoc(bookID)
				all = slices.DeleteFunc(all, func(n string) bool { return n == bookFolder })
			}
			lacking(w, bookID, 0)
			if where == "told" {
				told(t, tree, bookID, codatest.SampleDoc)
			}
			equal(t, where, names(t, tree), all)
			if len(tree.Warnings()) > 0 != there {
				t.Errorf("%s: warnings %q", where, warned(tree))
			}
		}
	}
}

// told lists all that there is, for somebody who has some docs.
func told(t *testing.T, tree *remote.Tree, docs ...string) []fs.Entry {
	t.Helper()
	entries, err := treetest.Index(t.Context(), tree, fs.Held{Docs: docs})
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

// A doc of which only the id is known is a gap while it cannot be asked for, again and again.
func TestADocThatIsKnownByItsIDAloneIsAGap(t *testing.T) {
	w := sample(t, codadocs.Selection{})
	lacking(w, bookID, 0)
	w.Fail(codatest.Fault{Path: bookPath, Status: 500, Times: 2})
	for _, docs := range [][]string{{bookID}, nil} {
		if gaps := failures(told(t, w.Tree, docs...)); len(gaps) != 1 || gaps[0].DocID != bookID || gaps[0].Kind != fs.KindDoc {
			t.Fatalf("gaps %+v", gaps)
		}
	}
	if gaps := failures(index(t, w.Tree)); len(gaps) != 0 {
		t.Errorf("gaps %+v", gaps)
	}
	has(t, names(t, w.Tree), bookFolder)
}

// A list of pages or tables that is suddenly empty, or under half of what it was, is read once more.
func TestASuddenLossOfPagesOrTablesIsDoubted(t *testing.T) {
	for _, kind := range []string{"pages", "tables"} {
		path := objectsPath + "/" + kind
		list := "GET " + path
		w := treetest.New(t, listsOf(6), treetest.Options{})
		count := func() int { return len(idsIn(t, read(t, w, objectsDoc+kind+".json"))) }
		move := func() { w.State.Edit("ObjectDoc1", func(*codatest.Doc) {}); w.Clock.Advance(settle); refresh(t, w) }
		asked := func(f func()) (n int) {
			for _, s := range w.Sent(f) {
				if s == list {
					n++
				}
			}
			return n
		}
		w.Fail(codatest.Fault{Path: path, Kind: codatest.Empty, Times: 1})
		if n := count(); n != 6 {
			t.Errorf("%s: %d after an empty answer, want 6", kind, n)
		}
		w.Fail(codatest.Fault{Path: path, Status: 200, Body: `{"items":[{"id":"x-1","type":"` + strings.TrimSuffix(kind, "s") + `","name":"one"}]}`, Times: 1})
		move()
		if n := count(); n != 6 {
			t.Errorf("%s: %d after a short answer, want 6", kind, n)
		}
		equal(t, "warnings", warned(w.Tree), nil)
		w.State.Edit("ObjectDoc1", func(d *codatest.Doc) { d.Pages, d.Tables = d.Pages[:1], d.Tables[:1] })
		w.Clock.Advance(settle)
		refresh(t, w)
		if n := asked(func() { count() }); n != 2 || count() != 1 {
			t.Errorf("%s: asked for %d times for %d, want 2 for the one that is left", kind, n, count())
		}
		w.Heal()
		w.Fail(codatest.Fault{Path: path, Kind: codatest.Empty})
		for i, want := range []int{2, 1} { // what is known to be odd is not doubted each time
			move()
			if n := asked(func() { count() }); n != want || count() != 0 {
				t.Errorf("%s: asked for %d times for %d, want %d for none", kind, n, count(), want)
			}
			equal(t, fmt.Sprint("warnings ", i), warned(w.Tree), []string{fs.CodeListEmpty + " " + objectsDoc + kind + ".json"})
		}
	}
}
