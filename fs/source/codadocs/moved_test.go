package codadocs_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/remote"
	"github.com/codafs/codafs/fs/source/codadocs"
	"github.com/codafs/codafs/fs/treetest"
)

// moving has do run before the second request for a list is answered: that once, or before all after it too.
func moving(w *treetest.Workspace, path string, always bool, do func()) {
	times := 1
	if always {
		times = 0
	}
	w.Fail(codatest.Fault{Method: "GET", Path: path, Skip: 1, Times: times, Kind: codatest.Meanwhile, Do: do})
}

// warned are the warnings of a tree, as "code path".
func warned(tree *remote.Tree) (all []string) {
	for _, f := range tree.Warnings() {
		all = append(all, f.Code+" "+f.Path)
	}
	return all
}

const ledgerRowsPath = "/docs/" + ledgerDoc + "/tables/" + ledgerGrid + "/rows"

// rowEdits are what may happen to a table while it is read, and the warning where it goes on happening.
var rowEdits = map[string]struct {
	edit     func(l *ledger, n int)
	warnings []string
	// again reports whether the table is to be read again.
	again bool
}{
	"a row goes":           {func(l *ledger, _ int) { l.remove(3) }, []string{codadocs.CodeRowCount}, true},
	"a row comes in front": {func(l *ledger, n int) { l.addFirst(fmt.Sprint("i-front", n)) }, []string{fs.CodeTwice, codadocs.CodeRowCount}, true},
	"a row comes behind":   {func(l *ledger, n int) { l.add(fmt.Sprint("i-behind", n)) }, nil, false},
	"one goes, one comes": {func(l *ledger, n int) {
		l.remove(3)
		l.add(fmt.Sprint("i-behind", n))
	}, []string{codadocs.CodeRowCount}, true},
}

// addFirst adds a row that the service lists before all others, as one that somebody brings back may be.
func (l *ledger) addFirst(id string) {
	l.State.EditTable(ledgerDoc, ledgerGrid, func(t *codatest.Table, now time.Time) {
		t.Rows = slices.Insert(t.Rows, 0, &codatest.Row{ID: id, CreatedAt: t.Rows[0].CreatedAt.Add(-time.Hour), UpdatedAt: now})
	})
}

// A row that goes hides another one, and a row that comes in front shows one twice.
func TestRowsThatMoveWhileTheyAreReadAreReadAgain(t *testing.T) {
	for name, test := range rowEdits {
		for _, deltas := range []int64{0, onePage} {
			for _, always := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s, deltas %d, always %v", name, deltas, always), func(t *testing.T) {
					l := openLedger(t, 120, treetest.Options{})
					tree := codadocs.New(l.Client, l.Store, codadocs.Options{Options: remote.Options{Account: "test", Now: l.Clock.Now}, RowDeltas: deltas})
					defer tree.Close()
					l.Clock.Advance(settle)
					index(t, tree)
					n := 0
					moving(l.Workspace, ledgerRowsPath, always, func() { n++; test.edit(l, n) })
					var got string
					sent := l.Sent(func() { got = l.readFile(t, tree, l.csv) })
					again := slices.Contains(sent, ledgerGet)
					if again != test.again {
						t.Errorf("asked for again: %v, want %v", again, test.again)
					}
					l.Heal()
					if want := l.plain(t).csv; !always && got != want {
						t.Errorf("%s", firstDifference(got, want))
					}
					if !always || test.warnings == nil {
						equal(t, "warnings", warned(tree), nil)
						return
					}
					var want []string
					for _, code := range test.warnings {
						want = append(want, code+" "+l.csv)
					}
					equal(t, "warnings", warned(tree), want)
					wantOnce(t, got)
					l.edit(1)
					l.Clock.Advance(settle)
					index(t, tree)
					l.readFile(t, tree, l.csv)
					equal(t, "warnings of a table that stood still", warned(tree), nil)
				})
			}
		}
	}
}

// wantOnce fails where two lines of a CSV file begin with the same id.
func wantOnce(t *testing.T, csv string) {
	t.Helper()
	seen := map[string]bool{}
	for line := range strings.Lines(csv) {
		if id, _, _ := strings.Cut(line, ","); strings.HasPrefix(id, "i-") && seen[id] {
			t.Errorf("row %s is there twice", id)
		} else {
			seen[id] = true
		}
	}
}

// A count that is always wrong costs a second read once, not each time the table changes.
func TestATableWhoseCountIsAlwaysWrongIsReadTwiceOnce(t *testing.T) {
	for deltas, again := range map[int64]int{0: 1, onePage: 2} { // with deltas the rows as sent are counted, too
		t.Run(fmt.Sprint("deltas ", deltas), func(t *testing.T) { wrongCount(t, deltas, again) })
	}
}

func wrongCount(t *testing.T, deltas int64, again int) {
	l := openLedger(t, 60, treetest.Options{})
	tree := codadocs.New(l.Client, l.Store, codadocs.Options{Options: remote.Options{Account: "test", Now: l.Clock.Now}, RowDeltas: deltas})
	defer tree.Close()
	l.State.EditTable(ledgerDoc, ledgerGrid, func(t *codatest.Table, _ time.Time) { t.CountOff = 2 })
	read := func(what string, wantRows, wantTable int) {
		t.Helper()
		l.Clock.Advance(settle)
		index(t, tree)
		rows, table := l.count(t, l.Sent(func() { l.readFile(t, tree, l.csv) }))
		if rows != wantRows || table != wantTable {
			t.Errorf("%s: %d requests for rows and %d for the table, want %d and %d", what, rows, table, wantRows, wantTable)
		}
		equal(t, what, warned(tree), []string{codadocs.CodeRowCount + " " + l.csv})
	}
	read("first", 4, 3)
	l.edit(5)
	read("an edit", 2, again)
	l.add("i-more")
	read("a row more", 2, again)

	other := codadocs.New(l.Client, treetest.Memory(t), codadocs.Options{Options: remote.Options{Account: "test", Now: l.Clock.Now}, RowDeltas: deltas})
	defer other.Close()
	known := tree.Warnings()
	tree = other
	if _, err := treetest.Index(t.Context(), tree, fs.Held{Odd: known}); err != nil {
		t.Fatal(err)
	}
	read("another run that was told of it", 2, again)
}

// Each list that comes in pages, as its file shows it.
func TestEachListThatMovesWhileItIsReadIsReadAgain(t *testing.T) {
	date := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		path, file string
		edit       func(d *codatest.Doc, id string)
	}{
		"pages": {objectsPath + "/pages", "pages.json", func(d *codatest.Doc, id string) {
			d.Pages = slices.Insert(d.Pages, 0, &codatest.Page{ID: "canvas-" + id, Name: id, CreatedAt: date, UpdatedAt: date})
		}},
		"tables": {objectsPath + "/tables", "tables.json", func(d *codatest.Doc, id string) {
			d.Tables = slices.Insert(d.Tables, 0, &codatest.Table{ID: "grid-" + id, Name: id, CreatedAt: date, UpdatedAt: date})
		}},
		"columns": {objectsPath + "/tables/grid-0/columns", "tables/table/T__grid-0.columns.json", func(d *codatest.Doc, id string) {
			d.Tables[0].Columns = slices.Insert(d.Tables[0].Columns, 0, &codatest.Column{ID: "c-" + id, Name: id, Format: codatest.Format{Type: "text"}})
		}},
		"formulas": {objectsPath + "/formulas", "formulas.json", func(d *codatest.Doc, id string) {
			d.Formulas = slices.Insert(d.Formulas, 0, &codatest.Formula{ID: "f-" + id, Name: id, Value: codatest.Text("x")})
		}},
		"controls": {objectsPath + "/controls", "controls.json", func(d *codatest.Doc, id string) {
			d.Controls = slices.Insert(d.Controls, 0, &codatest.Control{ID: "ctrl-" + id, Name: id, Type: "textbox", Value: codatest.Text("x")})
		}},
		"permissions": {objectsPath + "/acl/permissions", "permissions.json", func(d *codatest.Doc, id string) {
			d.Permissions = slices.Insert(d.Permissions, 0, &codatest.Permission{ID: id, Access: "write",
				Principal: map[string]string{"type": "domain", "domain": "x.example"}})
		}},
	} {
		for _, always := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, always %v", name, always), func(t *testing.T) {
				w := treetest.New(t, listsOf(4), treetest.Options{Service: codatest.Options{PageSize: 3}})
				n := 0
				moving(w, test.path, always, func() {
					n++
					w.State.Edit("ObjectDoc1", func(d *codatest.Doc) { test.edit(d, fmt.Sprint("new-", n)) })
				})
				text := read(t, w, objectsDoc+test.file)
				ids := idsIn(t, text)
				if !slices.Equal(slices.Compact(slices.Sorted(slices.Values(ids))), slices.Sorted(slices.Values(ids))) {
					t.Errorf("an id is there twice: %q", ids)
				}
				got := slices.DeleteFunc(warned(w.Tree), func(s string) bool { return !strings.HasPrefix(s, fs.CodeTwice) })
				if always == (len(got) == 0) {
					t.Errorf("warnings %q", got)
				}
				if !always && len(ids) != 5 {
					t.Errorf("%q, want the one that came, and four", ids)
				}
			})
		}
	}
}

// listsOf is a workspace of one doc with n of all that is listed.
func listsOf(n int) *codatest.Workspace {
	w := objectsOf(n)
	d := w.Docs[0]
	d.Pages = nil
	for i := range n {
		id := fmt.Sprint(i)
		d.Pages = append(d.Pages, &codatest.Page{ID: "canvas-" + id, Name: id, Body: "text\n"})
		d.Tables = append(d.Tables, &codatest.Table{ID: "grid-" + id, Name: "T"})
	}
	for i := range n {
		d.Tables[0].Columns = append(d.Tables[0].Columns, &codatest.Column{ID: fmt.Sprint("c-", i), Name: fmt.Sprint(i), Format: codatest.Format{Type: "text"}})
	}
	return w
}

func idsIn(t *testing.T, text string) (ids []string) {
	t.Helper()
	var items []struct{ ID string }
	if err := json.Unmarshal([]byte(text), &items); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	for _, v := range items {
		ids = append(ids, v.ID)
	}
	return ids
}

// A doc that somebody looks at goes to the front of the list: the last of the first page comes twice, and that doc never.
func TestADocThatIsOpenedWhileTheDocsAreListedIsNotLost(t *testing.T) {
	w := treetest.New(t, codatest.Generate(3, 7, 1, 0, 0), treetest.Options{Service: codatest.Options{PageSize: 3}})
	moving(w, "/docs", false, func() { w.State.Touch(w.State.Docs[0].ID) })
	if nodes, err := folder(t, w, "docs").Entries(t.Context()); err != nil || len(nodes) != 7 {
		t.Errorf("%d docs, %v, want 7", len(nodes), err)
	}
	equal(t, "warnings", warned(w.Tree), nil)
}

// A page's lines, for a token that may not export.
func TestLinesThatMoveWhileTheyAreReadAreReadAgain(t *testing.T) {
	for _, always := range []bool{false, true} {
		w := treetest.New(t, listsOf(1), treetest.Options{Service: codatest.Options{PageSize: 2}})
		body, n := "one\n\ntwo\n\nthree\n", 0
		w.State.SetPageBody("ObjectDoc1", "canvas-0", body)
		refresh(t, w)
		w.Fail(codatest.Fault{Method: "POST", Path: ".*/export", Status: 403})
		moving(w, objectsPath+"/pages/canvas-0/content", always, func() {
			n++
			body = fmt.Sprintf("new %d\n\n%s", n, body)
			w.State.SetPageBody("ObjectDoc1", "canvas-0", body)
		})
		got := read(t, w, objectsDoc+"pages/0__canvas-0.md")
		if !always && got != body {
			t.Errorf("%q, want %q", got, body)
		}
		for _, text := range []string{"one\n", "two\n", "three\n"} {
			if always && strings.Count(got, text) != 1 {
				t.Errorf("%q is in %q %d times", text, got, strings.Count(got, text))
			}
		}
		if got := warned(w.Tree); always == (len(got) == 0) {
			t.Errorf("always %v: warnings %q", always, got)
		}
	}
}
