package codadocs_test

import (
	"context"
	"errors"
	iofs "io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/coda/rest"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/remote"
	"github.com/codafs/codafs/fs/source/codadocs"
	"github.com/codafs/codafs/fs/treetest"
)

// No stamp of a table tells that a column has another name, nor does that of a page that shows it.
func TestColumnRenameRenewsTheTableItsViewsAndTheirPages(t *testing.T) {
	w := sample(t, codadocs.Selection{})
	before := shoot(t, w)
	w.State.Edit(codatest.SampleDoc, func(d *codatest.Doc) { d.Tables[0].Columns[1].Name = "Renamed" })
	w.Clock.Advance(settle)
	refresh(t, w)
	versions, bytes := moved(before, shoot(t, w))
	changed := []string{pageRoadmap, pageStatus}
	for _, stem := range []string{hubRoadmap, hubDetails, hubShips, hubAtRisk} {
		changed = append(changed, stem+".csv", stem+".columns.json")
	}
	equal(t, "versions", versions, sorted(append(slices.Clone(changed), docLists...)...))
	equal(t, "bytes", bytes, sorted(append(changed, hub+"doc.json")...))
}

// Who copies by size and time would miss a name that is as long as the one before.
func TestColumnRenameMovesTheTime(t *testing.T) {
	w := sample(t, codadocs.Selection{})
	files := []string{pageRoadmap, pageStatus, hubRoadmap + ".csv", hubDetails + ".csv", hubShips + ".csv", hubAtRisk + ".csv"}
	for _, p := range files {
		if _, v := now(t, w.Tree, p); v.ModTime.After(state(t, w.State, codatest.SampleDoc, codatest.SampleRoadmap).UpdatedAt) {
			t.Errorf("%s: at first mtime %v, which is no stamp of the table's", p, v.ModTime)
		}
	}
	for range 2 {
		w.Clock.Advance(time.Hour)
		w.State.Edit(codatest.SampleDoc, func(d *codatest.Doc) {
			columns := d.Tables[0].Columns
			columns[0].Name, columns[1].Name = columns[1].Name, columns[0].Name
		})
		edited := w.Clock.Now()
		w.Clock.Advance(settle)
		refresh(t, w)
		for _, tree := range []*remote.Tree{w.Tree, w.NewTree(w.Store, codadocs.Selection{})} {
			for _, p := range files {
				_, v := now(t, tree, p)
				wantTime(t, p, v, edited)
			}
		}
	}
}

// The service may answer with the rows of before while it already names the new column. A new run
// must not take them for settled either.
func TestWhatWasFetchedSoonAfterAColumnChangedIsYoung(t *testing.T) {
	w := sample(t, codadocs.Selection{})
	shoot(t, w)
	w.Clock.Advance(settle)
	w.State.Edit(codatest.SampleDoc, func(d *codatest.Doc) { d.Tables[0].Columns[1].Name = "Renamed" })
	refresh(t, w)
	check := func(when string, young bool) {
		t.Helper()
		for _, p := range []string{hubRoadmap + ".csv", hubAtRisk + ".csv", pageRoadmap, pageStatus} {
			if v := version(t, file(t, w, p)); v.Young() != young {
				t.Errorf("%s %s is young: %v", when, p, v.Young())
			}
		}
		if version(t, file(t, w, pagePlan)).Young() { // which has nothing of that table
			t.Errorf("%s %s is young", when, pagePlan)
		}
	}
	check("a moment later", true)
	w.Clock.Advance(5 * time.Minute)
	w.State.SetPageBody(codatest.SampleDoc, codatest.SamplePage, "# New\n") // moves the doc
	w.Tree = w.NewTree(w.Store, codadocs.Selection{})
	if v := version(t, file(t, w, hubRoadmap+".csv")); !v.Young() {
		t.Error("to a new run it is not young")
	}
	w.Clock.Advance(5 * time.Minute) // ten since the column's change, five since the page's
	if v := version(t, file(t, w, hubRoadmap+".csv")); v.Young() {
		t.Error("the table is young for another's edit")
	}
	w.Clock.Advance(settle)
	check("settled,", false)
}

// The lists of a doc are asked for once more when they are settled, and may then show an edit that
// no list of docs has shown.
func TestColumnsThatChangedUnseenAreYoung(t *testing.T) {
	for _, seen := range []bool{false, true} {
		w := sample(t, codadocs.Selection{})
		csv := file(t, w, hubRoadmap+".csv")
		version(t, csv)
		rename := func() {
			w.State.Edit(codatest.SampleDoc, func(d *codatest.Doc) { d.Tables[0].Columns[1].Name = "Renamed" })
		}
		if seen {
			rename()
		} else {
			w.State.SetPageBody(codatest.SampleDoc, codatest.SamplePage, "# New\n")
		}
		refresh(t, w)
		w.Clock.Advance(settle)
		if !seen {
			rename()
		}
		if v := version(t, csv); v.Young() == seen {
			t.Errorf("of an edit that was seen (%v) long ago: young is %v", seen, v.Young())
		}
	}
}

// asking has a function see each question for a doc, and perhaps refuse it.
type asking struct {
	codadocs.API
	doc func(context.Context) error
}

func (a asking) Doc(ctx context.Context, id string) (coda.Doc, error) {
	if err := a.doc(ctx); err != nil {
		return coda.Doc{}, err
	}
	return a.API.Doc(ctx, id)
}

// askedByColumns calls use for a tree that is to find that a column has another name, and so asks for the
// doc: in a walk of all that is listed afresh, or for one file.
func askedByColumns(t *testing.T, doc func(ctx context.Context) error, use func(ctx context.Context, walks bool, read func(context.Context) error)) {
	for _, walks := range []bool{true, false} {
		w := sample(t, codadocs.Selection{})
		version(t, file(t, w, hubRoadmap+".csv"))
		w.State.Edit(codatest.SampleDoc, func(d *codatest.Doc) { d.Tables[0].Columns[1].Name = "Renamed" })
		tree := codadocs.New(asking{w.Client, doc}, w.Store, codadocs.Options{Options: remote.Options{Account: "test", Now: w.Clock.Now}})
		t.Cleanup(tree.Close)
		// A walk that does not know yet how page text is got would look at pages behind, and ask for their tables' columns.
		if _, err := iofs.ReadFile(fs.FS(t.Context(), tree.Root()), pagePlan); err != nil {
			t.Fatal(err)
		}
		use(t.Context(), walks, func(ctx context.Context) error {
			if walks {
				_, err := treetest.Index(ctx, tree, fs.Held{})
				return err
			}
			n, err := fs.Walk(ctx, tree.Root(), hubRoadmap+".csv")
			if err == nil {
				_, err = n.(fs.File).Version(ctx)
			}
			return err
		})
	}
}

func TestWhoReadsColumnsAsksForTheirDoc(t *testing.T) {
	type caller struct{}
	asked := 0
	doc := func(ctx context.Context) error {
		if asked++; ctx.Value(caller{}) == nil {
			t.Error("the doc is not asked for in the caller's name")
		}
		return nil
	}
	askedByColumns(t, doc, func(ctx context.Context, _ bool, read func(context.Context) error) {
		if err := read(context.WithValue(ctx, caller{}, true)); err != nil {
			t.Error(err)
		}
	})
	if asked != 2 {
		t.Errorf("asked %d times, want once by each tree", asked)
	}
}

// A walk ends with its caller. What is loaded for one file goes on behind, for the next caller.
func TestQuestionForADocEndsWithAWalk(t *testing.T) {
	var leave context.CancelFunc
	var walk bool
	asked := 0
	doc := func(ctx context.Context) error {
		asked++
		leave()
		if (ctx.Err() != nil) != walk {
			t.Errorf("its caller left, a walk: %v, and the question ends: %v", walk, ctx.Err())
		}
		return ctx.Err()
	}
	askedByColumns(t, doc, func(ctx context.Context, walks bool, read func(context.Context) error) {
		asked, walk = 0, walks
		left, cancel := context.WithCancel(ctx)
		leave = cancel
		if err := read(left); !errors.Is(err, context.Canceled) {
			t.Errorf("a walk: %v: got %v, want %v", walks, err, context.Canceled)
		}
		if walks {
			return
		}
		if err := read(ctx); err != nil || asked != 1 {
			t.Errorf("the next caller: %v, asked %d times", err, asked)
		}
	})
}

func TestRefusedTokenIsNotTakenForAnOldDoc(t *testing.T) {
	for code, want := range map[rest.Code]rest.Code{rest.CodeUnauthorized: rest.CodeUnauthorized, rest.CodeServerError: ""} {
		doc := func(context.Context) error { return &rest.Error{Code: code} }
		askedByColumns(t, doc, func(ctx context.Context, walks bool, read func(context.Context) error) {
			if err := read(ctx); rest.CodeOf(err) != want || want == "" && err != nil {
				t.Errorf("a walk: %v: %s gave %v, want code %q", walks, code, err, want)
			}
		})
	}
}

// evicted is a Store that let go of what it was told of columns, and knows when that was.
type evicted struct {
	fs.Store
	at time.Time
}

func (e evicted) Lookup(ctx context.Context, key string) (fs.Content, bool) {
	if strings.Contains(key, "columns-since") {
		return nil, false
	}
	return e.Store.Lookup(ctx, key)
}

func (e evicted) Filled(key string) (time.Time, bool) {
	if _, ok := e.Store.Filled(key); !ok {
		return time.Time{}, false
	}
	return e.at, true
}

// Else they would seem to have just changed, and what was fetched when the version was young would be served once more.
func TestColumnsAreAsOldAsTheyWereWhenTheNoteOfThemIsEvicted(t *testing.T) {
	w := sample(t, codadocs.Selection{})
	shoot(t, w)
	noted := w.Clock.Now()
	w.Clock.Advance(settle)
	w.State.SetPageBody(codatest.SampleDoc, codatest.SamplePage, "# New\n") // moves the doc
	w.Tree = w.NewTree(evicted{w.Store, noted}, codadocs.Selection{})
	if version(t, file(t, w, hubRoadmap+".csv")).Young() {
		t.Error("the table is young for another's edit")
	}
	w.State.Edit(codatest.SampleDoc, func(d *codatest.Doc) { d.Tables[0].Columns[1].Name = "Renamed" })
	refresh(t, w)
	if !version(t, file(t, w, hubRoadmap+".csv")).Young() {
		t.Error("the table is not young for other columns")
	}
}
