package thirdparty

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/coda/codatest/openapitest"
)

const token = "0b9c2f6e-55a1-4d1f-8f0e-token-of-coda-js"

// reading is what read.cjs prints, with the fields that are looked at.
type reading struct {
	User       struct{ Name, LoginID string }
	Docs       []docItem
	OwnedDocs  []docItem
	Doc        docItem
	Pages      []pageItem
	Tables     []tableItem
	Table      tableDetail
	Columns    []columnItem
	Rows       []rowItem
	RowsByPage [][]rowItem

	UnknownDoc, WrongPage, WrongToken string
}

type (
	docItem   struct{ ID, Name, Owner string }
	ref       struct{ ID string }
	pageItem  struct{ ID, Name, ContentType string }
	tableItem struct {
		ID, Name, TableType string
		Parent              ref
	}
	tableDetail struct {
		tableItem
		RowCount      int
		DisplayColumn ref
		UpdatedAt     time.Time
	}
	columnItem struct {
		ID, Name string
		Format   struct {
			Type    string
			IsArray bool
		}
	}
	rowItem struct {
		ID, Name string
		Values   map[string]any
	}
)

func TestCodaJSReadsTheWorkspaceOfTheStandIn(t *testing.T) {
	w := codatest.Sample()
	got := readByCodaJS(t, w)
	doc := w.Docs[slices.IndexFunc(w.Docs, func(d *codatest.Doc) bool { return d.ID == codatest.SampleDoc })]
	table := doc.Tables[slices.IndexFunc(doc.Tables, func(x *codatest.Table) bool { return x.ID == codatest.SampleRoadmap })]

	if got.User.Name != w.User.Name || got.User.LoginID != w.User.Email {
		t.Errorf("whoami gave %+v, want %+v", got.User, w.User)
	}
	same(t, "docs", got.Docs, docsOf(w))
	shared := func(d docItem) bool { return d.Owner != w.User.Email }
	same(t, "owned docs", got.OwnedDocs, slices.DeleteFunc(docsOf(w), shared))
	same(t, "doc", []docItem{got.Doc}, []docItem{docOf(w, doc)})
	same(t, "pages", got.Pages, pagesOf(doc))
	same(t, "tables", got.Tables, tablesOf(doc))
	same(t, "table", []tableDetail{got.Table}, []tableDetail{{
		tableItem: tableOf(table), RowCount: len(table.Rows), DisplayColumn: ref{table.Columns[0].ID},
		UpdatedAt: table.UpdatedAt.UTC(),
	}})
	same(t, "columns", got.Columns, columnsOf(table))
	rows := rowsOf(t, doc, table)
	same(t, "rows", got.Rows, rows)
	// The further pages are asked for by token alone: it must carry useColumnNames and the limit.
	same(t, "rows by page", got.RowsByPage, slices.Collect(slices.Chunk(rows, 7)))
}

func TestCodaJSKnowsTheErrorsOfTheStandIn(t *testing.T) {
	got := readByCodaJS(t, codatest.Sample())
	same(t, "errors", []string{got.UnknownDoc, got.WrongPage, got.WrongToken},
		[]string{"NotFoundError", "BadRequestError", "UnauthorizedError"})
}

// readByCodaJS runs read.cjs against a stand-in on a socket, whose traffic is held against
// the OpenAPI file.
func readByCodaJS(t *testing.T, w *codatest.Workspace) (got reading) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	api := codatest.New(w, codatest.Options{Token: token})
	server := httptest.NewServer(openapitest.Wrap(t, api))
	defer server.Close()
	cmd := node(ctx, t, "read.cjs", server.URL+codatest.Base, codatest.SampleDoc, codatest.SampleRoadmap)
	cmd.Env = append(cmd.Env, "CODA_API_TOKEN="+token)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("read.cjs: %v\n%s", err, stderr.Bytes())
	}
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	return got
}

// same compares as JSON, item by item.
func same[T any](t *testing.T, what string, got, want []T) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d items, want %d", what, len(got), len(want))
	}
	for i := range min(len(got), len(want)) {
		if g, w := asJSON(t, got[i]), asJSON(t, want[i]); g != w {
			t.Errorf("%s: item %d is\n%s, want\n%s", what, i, g, w)
		}
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func docsOf(w *codatest.Workspace) (all []docItem) {
	docs := slices.SortedStableFunc(slices.Values(w.Docs), func(a, b *codatest.Doc) int {
		return b.UpdatedAt.Compare(a.UpdatedAt) // newest event first
	})
	for _, d := range docs {
		all = append(all, docOf(w, d))
	}
	return all
}

func docOf(w *codatest.Workspace, d *codatest.Doc) docItem {
	return docItem{d.ID, d.Name, cmp.Or(d.Owner.Email, w.User.Email)}
}

func pagesOf(d *codatest.Doc) (all []pageItem) {
	for _, p := range d.Pages {
		all = append(all, pageItem{p.ID, p.Name, cmp.Or(p.Type, "canvas")})
	}
	return all
}

func tablesOf(d *codatest.Doc) (all []tableItem) {
	for _, x := range d.Tables {
		all = append(all, tableOf(x))
	}
	return all
}

func tableOf(x *codatest.Table) tableItem {
	kind := "table"
	if x.Base != "" {
		kind = "view"
	}
	return tableItem{x.ID, x.Name, kind, ref{x.Parent}}
}

func columnsOf(x *codatest.Table) (all []columnItem) {
	for _, c := range x.Columns {
		item := columnItem{ID: c.ID, Name: c.Name}
		item.Format.Type, item.Format.IsArray = c.Format.Type, c.Format.Array
		all = append(all, item)
	}
	return all
}

// rowsOf is the rows of a table with their cells by column name, as JSON has them.
func rowsOf(t *testing.T, d *codatest.Doc, x *codatest.Table) (all []rowItem) {
	for _, r := range x.Rows {
		item := rowItem{ID: r.ID, Values: map[string]any{}}
		for _, c := range x.Columns {
			item.Values[c.Name] = simple(t, d, r.Cells[c.ID])
		}
		item.Name = fmt.Sprint(item.Values[x.Columns[0].Name])
		all = append(all, item)
	}
	return all
}

// simple is a cell as Coda's documentation has it for valueFormat=simple, the default: numbers
// and booleans as such, everything else as text, arrays with commas between their members.
func simple(t *testing.T, d *codatest.Doc, v codatest.Value) any {
	switch v := v.(type) {
	case nil:
		return ""
	case codatest.Text:
		return string(v)
	case codatest.Button:
		return string(v)
	case codatest.Bool:
		return bool(v)
	case codatest.Number:
		var n float64
		if err := json.Unmarshal([]byte(v), &n); err != nil {
			t.Fatal(err)
		}
		return n
	case codatest.Money:
		return v.Shown
	case codatest.Stamp:
		return v.Format("2006-01-02T15:04:05.000-07:00")
	case codatest.Duration:
		return inWords(int(time.Duration(v).Hours()))
	case codatest.Link:
		return v.URL
	case codatest.Ref:
		return nameOf(d, v)
	case codatest.List:
		var members []string
		for _, m := range v {
			members = append(members, fmt.Sprint(simple(t, d, m)))
		}
		return strings.Join(members, ",")
	}
	t.Fatalf("a cell of type %T: say here how JSON has it", v)
	return nil
}

// inWords is a duration of whole hours.
func inWords(hours int) string {
	count := func(n int, unit string) string {
		switch n {
		case 0:
			return ""
		case 1:
			return "1 " + unit
		}
		return fmt.Sprintf("%d %ss", n, unit)
	}
	return strings.TrimSpace(count(hours/24, "day") + " " + count(hours%24, "hr"))
}

// nameOf is the name of the row that a lookup points to: the text of its first cell.
func nameOf(d *codatest.Doc, to codatest.Ref) any {
	for _, x := range d.Tables {
		for _, r := range x.Rows {
			if x.ID == to.Table && r.ID == to.Row {
				return string(r.Cells[x.Columns[0].ID].(codatest.Text))
			}
		}
	}
	return nil
}
