package codadocs_test

import (
	"encoding/csv"
	"strings"
	"testing"
	"time"

	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/fs/source/codadocs"
	"github.com/codafs/codafs/fs/treetest"
)

const (
	datesDoc  = "DatesDoc_1"
	datesGrid = "grid-Dates_001"
)

// datesOf is a table with a view, and one column with these cells.
func datesOf(format codatest.Format, cells ...codatest.Value) *codatest.Workspace {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	t := &codatest.Table{ID: datesGrid, Name: "Dates", CreatedAt: at, UpdatedAt: at,
		Columns: []*codatest.Column{{ID: "c-Date", Name: "Date", Format: format}}}
	for i, c := range cells {
		t.Rows = append(t.Rows, &codatest.Row{ID: "i-" + string(rune('a'+i)), CreatedAt: at, Cells: map[string]codatest.Value{"c-Date": c}})
	}
	view := &codatest.Table{ID: "table-Dates_1", Name: "View", Base: datesGrid, CreatedAt: at, UpdatedAt: at}
	d := &codatest.Doc{ID: datesDoc, Name: "Dates", CreatedAt: at, Tables: []*codatest.Table{t, view}}
	return &codatest.Workspace{ID: "ws-Dates-001", Docs: []*codatest.Doc{d}}
}

// lastColumn gives the cells of a CSV file's last column.
func lastColumn(t *testing.T, text string) (cells []string) {
	t.Helper()
	records, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records[1:] {
		cells = append(cells, r[len(r)-1])
	}
	return cells
}

func TestDatesAreCalendarDates(t *testing.T) {
	text := func(s string) codatest.Value { return codatest.Text(s) }
	cells := []codatest.Value{
		text("2026-02-09T00:00:00.000-07:00"), text("2026-02-09T00:00:00.000+13:45"), text("2026-02-09T00:00:00Z"), text("2026-02-09T00:00:00.000Z"),
		text("2026-07-09T00:00:00+02:00"),
		text("2026-02-09T01:00:00.000-02:00"), // where the clock skips midnight
		text("2026-02-09T00:00:00.001-07:00"), text("2026-02-09T00:00:01-07:00"), text("2026-02-29T00:00:00.000Z"), text("2026-02-09T00:00:00"),
		text("2026-02-09"), text("soon"), text(""), codatest.Number("1772582400"), codatest.Bool(true),
	}
	asSent := []string{
		"2026-02-09T00:00:00.000-07:00", "2026-02-09T00:00:00.000+13:45", "2026-02-09T00:00:00Z", "2026-02-09T00:00:00.000Z",
		"2026-07-09T00:00:00+02:00",
		"2026-02-09T01:00:00.000-02:00",
		"2026-02-09T00:00:00.001-07:00", "2026-02-09T00:00:01-07:00", "2026-02-29T00:00:00.000Z", "2026-02-09T00:00:00",
		"2026-02-09", "soon", "", "1772582400", "true",
	}
	dates := append([]string{"2026-02-09", "2026-02-09", "2026-02-09", "2026-02-09", "2026-07-09"}, asSent[5:]...)
	for _, c := range []struct {
		typ  string
		want []string
	}{{"date", dates}, {"dateTime", asSent}, {"text", asSent}} {
		w := treetest.New(t, datesOf(format(c.typ), cells...), treetest.Options{Select: codadocs.Selection{RowsJSON: true}})
		dir := "docs/Dates__" + datesDoc + "/tables/"
		table, view := dir+"table/Dates__"+datesGrid, dir+"view/View__table-Dates_1"
		equal(t, c.typ+", table", lastColumn(t, read(t, w, table+".csv")), c.want)
		equal(t, c.typ+", view", lastColumn(t, read(t, w, view+".csv")), c.want)
		if lines := read(t, w, table+".rows.jsonl"); !strings.Contains(lines, `"2026-02-09T00:00:00.000-07:00"`) {
			t.Errorf("%s: rows are not as sent:\n%s", c.typ, lines)
		}
	}
}

func TestListsOfDatesStayAsSent(t *testing.T) {
	list := codatest.List{codatest.Text("2026-02-09T00:00:00.000-07:00"), codatest.Text("2026-02-10T00:00:00.000-07:00")}
	f := format("date")
	f.Array = true
	w := treetest.New(t, datesOf(f, list), treetest.Options{})
	equal(t, "cells", lastColumn(t, read(t, w, "docs/Dates__"+datesDoc+"/tables/table/Dates__"+datesGrid+".csv")),
		[]string{`["2026-02-09T00:00:00.000-07:00","2026-02-10T00:00:00.000-07:00"]`})
}
