package codadocs_test

import (
	"fmt"
	"net/url"
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

const (
	ledgerDoc  = "LedgerDoc1"
	ledgerGrid = "grid-Ledger-01"
	ledgerRows = "GET /docs/" + ledgerDoc + "/tables/" + ledgerGrid + "/rows"
	ledgerGet  = "GET /docs/" + ledgerDoc + "/tables/" + ledgerGrid
)

// onePage is how many rows the service gives at a time, in these tests.
const onePage = 50

// ledger is a tree with row deltas over a doc with one table.
type ledger struct {
	*treetest.Workspace
	table *codatest.Table
	csv   string
}

// newLedger makes a table of n rows with columns of all formats for which deltas are used.
func newLedger(n int) (*codatest.Workspace, *codatest.Table) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	t := &codatest.Table{ID: ledgerGrid, Name: "Ledger", CreatedAt: start, UpdatedAt: start}
	for _, typ := range []string{"text", "number", "select", "checkbox", "date"} {
		t.Columns = append(t.Columns, &codatest.Column{ID: "c-" + typ, Name: typ, Format: format(typ)})
	}
	for i := range n {
		t.Rows = append(t.Rows, &codatest.Row{ID: fmt.Sprintf("i-%d", i), CreatedAt: start.Add(time.Duration(i) * time.Second),
			Cells: map[string]codatest.Value{"c-text": codatest.Text(fmt.Sprintf("row \"%d\",\nß", i)),
				"c-number": codatest.Number(fmt.Sprint(i) + ".50"), "c-select": codatest.Text("yes"), "c-checkbox": codatest.Bool(i%2 == 0),
				"c-date": codatest.Stamp{Time: time.Date(2026, 2, 9+i, 0, 0, 0, 0, time.FixedZone("", -8*3600))}}})
	}
	d := &codatest.Doc{ID: ledgerDoc, Name: "Books", CreatedAt: start, Tables: []*codatest.Table{t}}
	return &codatest.Workspace{ID: "ws-Ledger-001", Docs: []*codatest.Doc{d}}, t
}

// format is a column format with what the service tells of it.
func format(typ string) codatest.Format {
	number := map[string]any{"precision": 2, "useThousandsSeparator": true}
	return codatest.Format{Type: typ, Extra: map[string]map[string]any{
		"number": number, "percent": number, "date": {"format": "YYYY-MM-DD"}, "checkbox": {"displayType": "check"},
		"select": {"options": []map[string]string{{"name": "yes"}, {"name": "no"}}}, "button": {"label": "Go", "action": "NoAction()"},
	}[typ]}
}

func openLedger(t *testing.T, n int, o treetest.Options) *ledger {
	t.Helper()
	w, table := newLedger(n)
	o.RowDeltas, o.Service.PageSize, o.Select.RowsJSON = onePage, onePage, true
	return &ledger{treetest.New(t, w, o), table, "docs/Books__" + ledgerDoc + "/tables/table/Ledger__" + ledgerGrid + ".csv"}
}

// edit changes the text of rows, by number.
func (l *ledger) edit(rows ...int) {
	for _, i := range rows {
		l.State.SetCell(ledgerDoc, ledgerGrid, l.table.Rows[i].ID, "c-text", codatest.Text("edited"))
	}
}

// night lets what was edited settle, and lists all afresh.
func (l *ledger) night(t *testing.T) {
	t.Helper()
	l.Clock.Advance(settle)
	index(t, l.Tree)
}

// fetch reads the table, which must be as a whole read gives it, and tells what that took: how many
// requests for rows and for the table.
func (l *ledger) fetch(t *testing.T) (rows, table int) {
	t.Helper()
	var got tableFiles
	sent := l.Sent(func() { got = l.read(t, l.Tree) })
	l.mustEqual(t, got)
	return l.count(t, sent)
}

// count tells requests for rows from those for the table. There must be no others.
func (l *ledger) count(t *testing.T, sent []string) (rows, table int) {
	t.Helper()
	for _, r := range sent {
		switch r {
		case ledgerRows:
			rows++
		case ledgerGet:
			table++
		default:
			t.Errorf("sent %s", r)
		}
	}
	return rows, table
}

// wantSent is fetch with what it must take.
func (l *ledger) wantSent(t *testing.T, what string, rows, table int) {
	t.Helper()
	if r, g := l.fetch(t); r != rows || g != table {
		t.Errorf("%s: %d requests for rows and %d for the table, want %d and %d", what, r, g, rows, table)
	}
}

type tableFiles struct{ csv, lines string }

func (l *ledger) read(t *testing.T, tree *remote.Tree) (got tableFiles) {
	t.Helper()
	stem := strings.TrimSuffix(l.csv, "csv") // an edit amid the first read may give the table another name
	got.csv = l.readFile(t, tree, stem+"csv")
	got.lines = l.readFile(t, tree, stem+"rows.jsonl")
	return got
}

func (l *ledger) readFile(t *testing.T, tree *remote.Tree, path string) string {
	t.Helper()
	n, err := fs.Walk(t.Context(), tree.Root(), path)
	if err != nil {
		t.Fatal(err)
	}
	f := n.(fs.File)
	text, err := open(t.Context(), f, version(t, f))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// mustEqual compares with what a tree gives that reads all of the table.
func (l *ledger) mustEqual(t *testing.T, got tableFiles) {
	t.Helper()
	want := l.plain(t)
	if got != want {
		t.Errorf("not what a whole read gives: %s", firstDifference(got.csv+got.lines, want.csv+want.lines))
	}
}

// plain reads the whole table.
func (l *ledger) plain(t *testing.T) tableFiles {
	t.Helper()
	tree := codadocs.New(l.Client, treetest.Memory(t), codadocs.Options{Options: remote.Options{Account: "plain", Now: l.Clock.Now}, Select: codadocs.Selection{RowsJSON: true}})
	defer tree.Close()
	return l.read(t, tree)
}

func firstDifference(got, want string) string {
	a, b := strings.SplitAfter(got, "\n"), strings.SplitAfter(want, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return fmt.Sprintf("line %d of %d, %d:\n%s%s", i, len(a), len(b), a[i], b[i])
		}
	}
	return fmt.Sprintf("%d lines, want %d", len(a), len(b))
}

// Both files are made from one read. A request more than for the rows asks for the table once more.
func TestThreeChangedRowsOf500CostOneRequest(t *testing.T) {
	l := openLedger(t, 500, treetest.Options{})
	l.night(t)
	l.wantSent(t, "first", 10, 1)
	l.edit(7, 400, 499)
	l.night(t)
	l.wantSent(t, "three edits", 1, 1)
	l.night(t)
	l.wantSent(t, "nothing", 0, 0)
}

// fits is a table of 60 rows that was read, was changed by edit, and is read again. A whole read
// takes two requests, and is the only one where the changed rows are not asked for.
func fits(t *testing.T, edit func(l *ledger), what string, rows, table int) {
	t.Helper()
	l := openLedger(t, 60, treetest.Options{})
	l.night(t)
	l.wantSent(t, "first", 2, 1)
	edit(l)
	l.night(t)
	l.wantSent(t, what, rows, table)
	// Whichever way it came, it is good for the next time, if it is still to be had by deltas.
	if table == 0 {
		return
	}
	l.edit(3)
	l.night(t)
	l.wantSent(t, "an edit after "+what, 1, 1)
}

func (l *ledger) change(f func(table *codatest.Table, now time.Time)) {
	l.State.EditTable(ledgerDoc, ledgerGrid, f)
}

func (l *ledger) add(id string) { l.State.AddRow(ledgerDoc, ledgerGrid, &codatest.Row{ID: id}) }

func (l *ledger) remove(i int) { l.State.DeleteRow(ledgerDoc, ledgerGrid, l.table.Rows[i].ID) }

// order has the table show its rows in the order of their ranks.
func order(table *codatest.Table, rank map[string]int) {
	table.Order = func(a, b *codatest.Row) int { return rank[a.ID] - rank[b.ID] }
}

func ranks(table *codatest.Table) map[string]int {
	rank := map[string]int{}
	for i, r := range table.Rows {
		rank[r.ID] = 10 * i
	}
	return rank
}

func TestChangesThatFit(t *testing.T) {
	for what, edit := range map[string]func(l *ledger){
		"an edit":                             func(l *ledger) { l.edit(5) },
		"edits of the first and the last row": func(l *ledger) { l.edit(0, 59) },
		"a new row":                           func(l *ledger) { l.add("i-new") },
		"new and edited rows":                 func(l *ledger) { l.add("i-new"); l.edit(1, 60); l.add("i-newer") },
		"new rows of one moment": func(l *ledger) {
			l.change(func(table *codatest.Table, now time.Time) {
				for _, id := range []string{"i-b", "i-a", "i-c"} {
					table.Rows = append(table.Rows, &codatest.Row{ID: id, CreatedAt: now, UpdatedAt: now})
				}
			})
		},
		"a row that came and went": func(l *ledger) { l.add("i-brief"); l.remove(60); l.edit(1) },
		"a row brought back at once": func(l *ledger) {
			l.change(func(table *codatest.Table, now time.Time) { table.Rows[9].UpdatedAt = now })
		},
		"two rows that changed places": func(l *ledger) {
			l.change(func(table *codatest.Table, now time.Time) {
				rank := ranks(table)
				rank["i-5"], rank["i-9"] = rank["i-9"], rank["i-5"]
				order(table, rank)
				table.Rows[5].UpdatedAt, table.Rows[9].UpdatedAt = now, now
			})
		},
	} {
		t.Run(what, func(t *testing.T) { fits(t, edit, what, 1, 1) })
	}
}

// The changed rows were asked for, and are not enough.
func TestChangesThatDoNotFit(t *testing.T) {
	for what, edit := range map[string]func(l *ledger){
		"a deleted and a new row":   func(l *ledger) { l.remove(3); l.add("i-new") },
		"a new and a deleted row":   func(l *ledger) { l.add("i-new"); l.remove(3) },
		"two deleted and three new": func(l *ledger) { l.remove(3); l.add("i-1n"); l.remove(8); l.add("i-2n"); l.add("i-3n") },
		"a deleted and an old row brought back": func(l *ledger) {
			l.change(func(table *codatest.Table, now time.Time) {
				old := *table.Rows[30]
				old.ID, old.UpdatedAt = "i-back", now
				table.Rows = slices.Insert(table.Rows, 30, &old)
			})
		},
		"a moved row": func(l *ledger) {
			l.change(func(table *codatest.Table, now time.Time) {
				rank := ranks(table)
				rank["i-5"] = 301
				order(table, rank)
				table.Rows[5].UpdatedAt = now
			})
		},
		"a moved row that does not show up": func(l *ledger) {
			l.change(func(table *codatest.Table, _ time.Time) {
				rank := ranks(table)
				rank["i-5"] = 301
				order(table, rank)
			})
		},
		"a row brought back that does not show up": func(l *ledger) {
			l.edit(1)
			l.change(func(table *codatest.Table, now time.Time) {
				table.Rows = append(table.Rows, &codatest.Row{ID: "i-back", CreatedAt: now, UpdatedAt: table.CreatedAt})
			})
		},
		"a row that was created anew": func(l *ledger) {
			l.change(func(table *codatest.Table, now time.Time) {
				order(table, ranks(table)) // so that it keeps its place
				r := table.Rows[5]
				r.CreatedAt, r.UpdatedAt = now, now
				table.Rows = append(slices.Delete(table.Rows, 5, 6), r)
			})
		},
		"nothing but a stamp": func(l *ledger) { l.change(func(*codatest.Table, time.Time) {}) },
	} {
		t.Run(what, func(t *testing.T) { fits(t, edit, what, 3, 2-unasked(what)) })
	}
}

// unasked is 1 where the changed rows alone tell that they do not fit, so that the table is not asked for.
func unasked(what string) int {
	if slices.Contains([]string{"nothing but a stamp", "a moved row that does not show up"}, what) {
		return 1
	}
	return 0
}

// It is known before that changed rows would not be enough, so that they are not asked for.
func TestChangesThatAreNotAskedFor(t *testing.T) {
	plain := func(f func(table *codatest.Table)) func(l *ledger) {
		return func(l *ledger) { l.change(func(table *codatest.Table, _ time.Time) { f(table) }); l.edit(2) }
	}
	for what, edit := range map[string]func(l *ledger){
		"fewer rows": func(l *ledger) { l.remove(3); l.edit(2) },
		"a renamed table": func(l *ledger) {
			l.State.RenameTable(ledgerDoc, ledgerGrid, "Ledger!")
			l.State.RenameTable(ledgerDoc, ledgerGrid, "Ledger!")
			l.csv = strings.Replace(l.csv, "Ledger__", "Ledger!__", 1)
			l.edit(2)
		},
		"a renamed doc": func(l *ledger) {
			l.State.RenameDoc(ledgerDoc, "Tomes")
			l.csv = strings.Replace(l.csv, "Books", "Tomes", 1)
			l.edit(2)
		},
		"a renamed column": plain(func(table *codatest.Table) { table.Columns[1].Name = "No." }),
		"a new format":     plain(func(table *codatest.Table) { table.Columns[1].Format = format("percent") }),
		"a new column": plain(func(table *codatest.Table) {
			table.Columns = append(table.Columns, &codatest.Column{ID: "c-new", Name: "new", Format: format("date")})
		}),
		"a deleted column":         plain(func(table *codatest.Table) { table.Columns = table.Columns[:3] }),
		"columns in another order": plain(func(table *codatest.Table) { slices.Reverse(table.Columns); table.Display = "c-text" }),
		"another column as name":   plain(func(table *codatest.Table) { table.Display = "c-number" }),
		"a sort": plain(func(table *codatest.Table) {
			table.Sorts = []codatest.Sort{{Column: "c-text", Descending: true}}
			rank := ranks(table)
			table.Order = func(a, b *codatest.Row) int { return rank[b.ID] - rank[a.ID] }
		}),
	} {
		t.Run(what, func(t *testing.T) { fits(t, edit, what, 2, 1) })
	}
}

// Deltas are for large settled tables whose cells change with their rows alone: others are read as
// without them, each file for itself.
func TestTablesWithoutDeltas(t *testing.T) {
	column := func(c codatest.Column) func(l *ledger) {
		return func(l *ledger) {
			l.change(func(table *codatest.Table, _ time.Time) { table.Columns[1] = &c })
			l.edit(2)
		}
	}
	cases := map[string]func(l *ledger){
		"a computed column":     column(codatest.Column{ID: "c-number", Name: "number", Format: format("number"), Formula: "thisRow.text.Length()"}),
		"a list from elsewhere": column(codatest.Column{ID: "c-number", Name: "number", Format: codatest.Format{Type: "select"}}),
		"few rows": func(l *ledger) {
			l.change(func(table *codatest.Table, _ time.Time) { table.Rows = table.Rows[:onePage] })
		},
	}
	for _, typ := range []string{"lookup", "person", "image", "attachments", "canvas", "packObject", "reaction", "button", "other"} {
		of := format(typ)
		if typ == "lookup" || typ == "person" {
			of.Table = ledgerGrid
		}
		cases[typ] = column(codatest.Column{ID: "c-number", Name: "number", Format: of})
	}
	for what, edit := range cases {
		rows := 4
		if what == "few rows" {
			rows = 2
		}
		t.Run(what, func(t *testing.T) { fits(t, edit, what, rows, 0) })
	}
}

func TestYoungTablesAreReadWholeAndNotKept(t *testing.T) {
	l := openLedger(t, 60, treetest.Options{})
	l.night(t)
	l.wantSent(t, "first", 2, 1)
	l.edit(1)
	index(t, l.Tree)
	l.wantSent(t, "young", 4, 0)
	l.edit(2)
	l.night(t)
	l.wantSent(t, "settled", 1, 1)
}

func TestEveryTenthReadIsWhole(t *testing.T) {
	l := openLedger(t, 60, treetest.Options{})
	for i := range 21 {
		rows := 1
		if i%10 == 0 {
			rows = 2
		}
		l.edit(i)
		l.night(t)
		l.wantSent(t, fmt.Sprint("read ", i), rows, 1)
	}
}

// Whatever the service has against the token, a whole read may go well.
func TestATokenThatIsRefused(t *testing.T) {
	for _, f := range []codatest.Fault{{Status: 400}, {Status: 410}, {Status: 504}, {Kind: codatest.BadJSON}, {Kind: codatest.LoopingToken}} {
		l := openLedger(t, 60, treetest.Options{})
		l.night(t)
		l.wantSent(t, "first", 2, 1)
		l.edit(5)
		l.night(t)
		f.Method, f.Query = "GET", func(q url.Values) bool { return q.Get("syncToken") != "" }
		l.Fail(f)
		rows, _ := l.fetch(t)
		if rows < 3 && f.Kind != codatest.LoopingToken { // one page of changes has no page token that loops
			t.Errorf("%+v: %d requests", f, rows)
		}
		l.Heal()
	}
}

// A revoked token, unlike a sync token, is not to be tried again.
func TestARefusedUserIsNotAskedTwice(t *testing.T) {
	l := openLedger(t, 60, treetest.Options{})
	l.night(t)
	l.wantSent(t, "first", 2, 1)
	l.edit(5)
	l.night(t)
	l.Fail(codatest.Fault{Method: "GET", Path: ".*/rows", Status: 401})
	n, err := fs.Walk(t.Context(), l.Tree.Root(), l.csv)
	if err != nil {
		t.Fatal(err)
	}
	sent := l.Sent(func() { _, _, err = fs.OpenCurrent(t.Context(), n.(fs.File)) })
	if err == nil {
		t.Fatal("it was opened")
	}
	equal(t, "sent", sent, []string{ledgerRows})
}
