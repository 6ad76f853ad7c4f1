package treetest_test

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/codafs/codafs/coda/codatest"
)

// smallOffice is a workspace that fits into no cache of officeCache bytes: small pages, some of more
// than a cache holds in memory, a table with a view, a page that cannot be exported.
func smallOffice(rng *rand.Rand) *codatest.Workspace {
	w := codatest.Generate(rng.Uint64(), 4, 5, 1, 12)
	for i, d := range w.Docs {
		d.Pages[1].Body = longText(rng, 100_000)
		d.Pages[2].Parent = d.Pages[1].ID // so that there is a folder below it
		d.Pages = append(d.Pages, &codatest.Page{ID: fmt.Sprintf("canvas-Embed0000%d", i), Name: "Board", Type: "embed"})
		table := d.Tables[0]
		d.Tables = append(d.Tables, &codatest.Table{ID: fmt.Sprintf("table-View00000%d", i), Name: "Some of it", Base: table.ID,
			Parent: d.Pages[0].ID, Filter: func(r *codatest.Row) bool { return r.Cells[table.Columns[3].ID] == codatest.Bool(true) }})
	}
	return w
}

const officeCache = 400_000

// editor is somebody who works in the documents.
type editor struct {
	rng   *rand.Rand
	w     *codatest.Workspace
	h     *history
	count int // of edits, so that no two leave the same bytes
}

func (e *editor) text(what string) string { return fmt.Sprintf("%s %d", what, e.count) }

// edit makes one edit of one doc.
func (e *editor) edit() {
	e.count++
	d := e.w.Docs[e.rng.IntN(len(e.w.Docs))]
	page := d.Pages[e.rng.IntN(len(d.Pages))]
	table := d.Tables[0]
	row := table.Rows[e.rng.IntN(len(table.Rows))]
	column := table.Columns[e.rng.IntN(len(table.Columns))]
	edits := []func(){
		func() { e.w.SetPageBody(d.ID, page.ID, e.text("# Edit")+"\n\n"+longText(e.rng, 100<<e.rng.IntN(10))) },
		func() { e.w.SetPageBody(d.ID, page.ID, e.text("# Edit")+"\n") },
		func() { e.w.SetCell(d.ID, table.ID, row.ID, column.ID, codatest.Text(e.text("cell"))) },
		func() { e.w.SetCell(d.ID, table.ID, row.ID, table.Columns[3].ID, codatest.Bool(e.count%2 == 0)) },
		func() { e.w.RenamePage(d.ID, page.ID, e.text("Page")) },
		func() { e.w.RenameTable(d.ID, table.ID, e.text("Table")) },
		func() { e.w.RenameDoc(d.ID, e.text("Doc")) },
		func() { e.w.Edit(d.ID, func(*codatest.Doc) { column.Name = e.text("Column") }) },
		func() { e.w.SetPageHidden(d.ID, page.ID, !page.Hidden) },
		func() { e.addOrRemovePage(d) },
		func() { e.addOrRemoveRow(d, table) },
	}
	e.h.edit(d.ID, edits[e.rng.IntN(len(edits))])
}

const mostPages, mostRows = 8, 20

func (e *editor) addOrRemovePage(d *codatest.Doc) {
	last := d.Pages[len(d.Pages)-1]
	if len(d.Pages) >= mostPages {
		e.w.RemovePage(d.ID, last.ID)
		return
	}
	e.w.AddPage(d.ID, &codatest.Page{ID: fmt.Sprintf("canvas-New%07d", e.count), Name: "New", Body: e.text("New page") + "\n"})
}

func (e *editor) addOrRemoveRow(d *codatest.Doc, t *codatest.Table) {
	if len(t.Rows) >= mostRows {
		e.w.DeleteRow(d.ID, t.ID, t.Rows[e.rng.IntN(len(t.Rows))].ID)
		return
	}
	e.w.AddRow(d.ID, t.ID, &codatest.Row{ID: fmt.Sprintf("i-New%07d", e.count),
		Cells: map[string]codatest.Value{t.Columns[0].ID: codatest.Text(e.text("row"))}})
}

// longText is that many bytes that do not repeat.
func longText(rng *rand.Rand, n int) string {
	var b strings.Builder
	for b.Len() < n {
		fmt.Fprintf(&b, "%x\n", rng.Uint64())
	}
	return b.String()
}
