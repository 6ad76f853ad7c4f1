package codadocs_test

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"iter"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/source/codadocs"
	"github.com/codafs/codafs/fs/treetest"
)

// rawItems is a list as one JSON array, indented at once.
func rawItems[T any](t *testing.T, items iter.Seq2[T, error], raw func(T) json.RawMessage) string {
	t.Helper()
	all := []json.RawMessage{}
	for v, err := range items {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, raw(v))
	}
	return indented(t, []byte("["+string(bytes.Join(rawBytes(all), []byte(",")))+"]"))
}

func rawBytes(all []json.RawMessage) [][]byte {
	out := make([][]byte, len(all))
	for i, b := range all {
		out[i] = b
	}
	return out
}

func indented(t *testing.T, sent []byte) string {
	t.Helper()
	var b bytes.Buffer
	if err := json.Indent(&b, sent, "", "  "); err != nil {
		t.Fatal(err)
	}
	return b.String() + "\n"
}

// Small pages make lists and rows come in many pieces.
func TestJSONFilesAreWhatWasSent(t *testing.T) {
	for name, make := range map[string]func() *codatest.Workspace{"sample": codatest.Sample, "hostile": codatest.Hostile} {
		t.Run(name, func(t *testing.T) {
			w := treetest.New(t, make(), treetest.Options{Service: codatest.Options{PageSize: 7}, Select: codadocs.Selection{RowsJSON: true}})
			ctx, c := t.Context(), w.Client
			docs := map[string]coda.Doc{}
			for d, err := range c.Docs(ctx, coda.DocFilter{OwnedOnly: true}) {
				if err != nil {
					t.Fatal(err)
				}
				docs[d.ID] = d
			}
			for _, e := range index(t, w.Tree) {
				var want string
				switch e.Kind {
				case fs.KindDoc:
					want = indented(t, docs[e.DocID].Raw)
				case fs.KindPages:
					want = rawItems(t, c.Pages(ctx, e.DocID), func(p coda.Page) json.RawMessage { return p.Raw })
				case fs.KindTables:
					want = rawItems(t, c.Tables(ctx, e.DocID), func(x coda.Table) json.RawMessage { return x.Raw })
				case fs.KindFormulas:
					want = rawItems(t, c.Formulas(ctx, e.DocID), func(x coda.Formula) json.RawMessage {
						whole, err := c.Formula(ctx, e.DocID, x.ID)
						if err != nil {
							t.Fatal(err)
						}
						return whole.Raw
					})
				case fs.KindControls:
					want = rawItems(t, c.Controls(ctx, e.DocID), func(x coda.Control) json.RawMessage {
						whole, err := c.Control(ctx, e.DocID, x.ID)
						if err != nil {
							t.Fatal(err)
						}
						return whole.Raw
					})
				case fs.KindPermissions:
					want = rawItems(t, c.Permissions(ctx, e.DocID), func(x coda.Permission) json.RawMessage { return x.Raw })
				case fs.KindColumns:
					want = rawItems(t, c.Columns(ctx, e.DocID, e.ObjectID), func(x coda.Column) json.RawMessage { return x.Raw })
				case fs.KindTable:
					x, err := c.Table(ctx, e.DocID, e.ObjectID)
					if err != nil {
						t.Fatal(err)
					}
					want = indented(t, x.Raw)
				case fs.KindPageJSON:
					for p := range c.Pages(ctx, e.DocID) {
						if p.ID == e.ObjectID {
							want = indented(t, p.Raw)
						}
					}
				case fs.KindRowsJSON:
					for r := range c.Rows(ctx, e.DocID, e.ObjectID, coda.RowOptions{Visible: e.Type == "view"}) {
						want += string(r.Raw) + "\n"
					}
				default:
					continue
				}
				if got := read(t, w, e.Path); got != want {
					t.Errorf("%s:\n%.2000s\nwant:\n%.2000s", e.Path, got, want)
				}
			}
		})
	}
}

// pasted is an image between two paragraphs, which Coda leaves out of Markdown.
var pasted = regexp.MustCompile(`(?m)^!\[.*\]\(blob:.*\)\n\n`)

// The text of a page without tables is known from the workspace's state; what others add to it
// is for the export alone to say.
func TestPagesAreTheirExportsByteForByte(t *testing.T) {
	for name, make := range map[string]func() *codatest.Workspace{"sample": codatest.Sample, "hostile": codatest.Hostile} {
		t.Run(name, func(t *testing.T) {
			w := treetest.New(t, make(), treetest.Options{})
			bodies, withTables := map[string]string{}, map[string]bool{}
			for _, d := range w.State.Docs {
				for _, p := range d.Pages {
					bodies[d.ID+p.ID] = pasted.ReplaceAllString(p.Body, "")
				}
				for _, x := range d.Tables {
					withTables[d.ID+x.Parent] = true
				}
			}
			pages := 0
			for _, e := range index(t, w.Tree) {
				if e.Kind != fs.KindPage {
					continue
				}
				pages++
				got, want := read(t, w, e.Path), bodies[e.DocID+e.ObjectID]
				if withTables[e.DocID+e.ObjectID] {
					b, err := w.Client.ExportPage(t.Context(), e.DocID, e.ObjectID, coda.Markdown)
					if err != nil {
						t.Fatal(err)
					}
					if !strings.HasPrefix(string(b), want) || len(b) == len(want) {
						t.Errorf("%s: the export lacks the page's text or its tables", e.Path)
					}
					want = string(b)
				}
				if got != want {
					t.Errorf("%s: %d bytes, want %d", e.Path, len(got), len(want))
				}
			}
			if pages < 20 {
				t.Errorf("only %d pages", pages)
			}
		})
	}
}

func TestHTMLIsTheExport(t *testing.T) {
	w := sample(t, codadocs.Selection{HTMLPages: true})
	want, err := w.Client.ExportPage(t.Context(), codatest.SampleDoc, codatest.SamplePage, coda.HTML)
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, w, strings.TrimSuffix(pagePlan, ".md")+".html"); got != string(want) || !strings.Contains(got, "<h1>") {
		t.Errorf("%.200s", got)
	}
}

// The whole of a small table and of a view of it, written down by hand.
func TestCSVByHand(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	row := func(id string, minute int, cells map[string]codatest.Value) *codatest.Row {
		return &codatest.Row{ID: id, CreatedAt: at.Add(time.Duration(minute) * time.Minute), Cells: cells}
	}
	list := func(v ...codatest.Value) codatest.Value { return codatest.List(v) }
	x := &codatest.Table{ID: "grid-Hand-00001", Name: "Things", CreatedAt: at, Columns: []*codatest.Column{
		{ID: "c-1", Name: "Name", Format: codatest.Format{Type: "text"}},
		{ID: "c-2", Name: "Count", Format: codatest.Format{Type: "number"}},
		{ID: "c-3", Name: "Name", Format: codatest.Format{Type: "select", Array: true}},
		{ID: "c-4", Name: "_row_id", Format: codatest.Format{Type: "checkbox", Extra: map[string]any{"displayType": "check"}}},
	}, Rows: []*codatest.Row{
		row("i-b", 0, map[string]codatest.Value{"c-1": codatest.Text("b, \"x\""), "c-2": codatest.Number("1.50"), "c-3": list(codatest.Text("p"), codatest.Number("2")), "c-4": codatest.Bool(true)}),
		row("i-a", 1, map[string]codatest.Value{"c-1": codatest.Text("a\nz"), "c-2": codatest.Number("12345678901234567890"), "c-3": list(), "c-4": codatest.Text("no bool")}),
		row("i-c", 2, map[string]codatest.Value{"c-1": nil, "c-2": codatest.Number("1e400")}),
	}}
	view := &codatest.Table{ID: "table-Hand-0001", Name: "Some", Base: x.ID, CreatedAt: at, Hidden: []string{"c-2"},
		Filter: func(r *codatest.Row) bool { return r.ID != "i-c" }, Order: func(a, b *codatest.Row) int { return cmp.Compare(a.ID, b.ID) }}
	w := treetest.New(t, &codatest.Workspace{ID: "ws-1", User: codatest.Person{Name: "U", Email: "u@x.example"},
		Docs: []*codatest.Doc{{ID: "HandDoc001", Name: "D", CreatedAt: at, Tables: []*codatest.Table{x, view}}}}, treetest.Options{})
	const (
		head  = "_row_id,_row_name,_row_index,_created_at,_updated_at,_browser_link,Name,Count,Name__2,_row_id__2\n"
		times = "2026-01-02T03:04:05.000Z,2026-01-02T03:04:05.000Z,"
		link  = "https://docs.superhuman.com/d/_dHandDoc001#_tu"
	)
	want := head +
		`i-b,"b, ""x""",0,` + times + link + `grid-Hand-00001/_rui-b,"b, ""x""",1.50,"[""p"",2]",true` + "\n" +
		"i-a,\"a\nz\",1," + strings.ReplaceAll(times, ":04:", ":05:") + link + "grid-Hand-00001/_rui-a,\"a\nz\",12345678901234567890,[],no bool\n" +
		"i-c,,2," + strings.ReplaceAll(times, ":04:", ":06:") + link + "grid-Hand-00001/_rui-c,,1e400,,\n"
	if got := read(t, w, "docs/D__HandDoc001/tables/table/Things__grid-Hand-00001.csv"); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	want = head +
		"i-a,\"a\nz\",0," + strings.ReplaceAll(times, ":04:", ":05:") + link + "table-Hand-0001/_rui-a,\"a\nz\",,[],no bool\n" +
		`i-b,"b, ""x""",1,` + times + link + `table-Hand-0001/_rui-b,"b, ""x""",,"[""p"",2]",true` + "\n"
	if got := read(t, w, "docs/D__HandDoc001/tables/view/Some__table-Hand-0001.csv"); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

// Every table of both workspaces has the rows and columns that it should, in the right order, and
// each plain cell its value.
func TestCSVIsTheTable(t *testing.T) {
	for name, make := range map[string]func() *codatest.Workspace{"sample": codatest.Sample, "hostile": codatest.Hostile} {
		t.Run(name, func(t *testing.T) {
			w := treetest.New(t, make(), treetest.Options{Service: codatest.Options{PageSize: 3}})
			for _, e := range index(t, w.Tree) {
				if e.Kind == fs.KindRows {
					checkCSV(t, w, e)
				}
			}
		})
	}
}

func checkCSV(t *testing.T, w *treetest.Workspace, e fs.Entry) {
	t.Helper()
	shown := state(t, w.State, e.DocID, e.ObjectID)
	from, rows := shown, shown.Rows
	if shown.Base != "" {
		from = state(t, w.State, e.DocID, shown.Base)
		rows = slices.Clone(from.Rows)
		if shown.Filter != nil {
			rows = slices.DeleteFunc(rows, func(r *codatest.Row) bool { return !shown.Filter(r) })
		}
		if shown.Order != nil {
			slices.SortStableFunc(rows, shown.Order)
		}
	}
	text := read(t, w, e.Path)
	records, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", e.Path, err)
	}
	if len(records) != len(rows)+1 || len(records[0]) != len(from.Columns)+6 {
		t.Fatalf("%s: %d rows of %d, want %d of %d", e.Path, len(records)-1, len(records[0]), len(rows), len(from.Columns)+6)
	}
	if headers := slices.Sorted(slices.Values(records[0])); len(slices.Compact(headers)) != len(records[0]) {
		t.Errorf("%s: a header is there twice: %q", e.Path, records[0])
	}
	for i, r := range rows {
		if records[i+1][0] != r.ID {
			t.Fatalf("%s: row %d is %s, want %s", e.Path, i, records[i+1][0], r.ID)
		}
		for j, c := range from.Columns {
			want, plain := cellText(r.Cells[c.ID])
			if slices.Contains(shown.Hidden, c.ID) && shown.Base != "" {
				want, plain = "", true
			}
			// encoding/csv reads \r\n in quotes as \n.
			if got := records[i+1][j+6]; plain && got != strings.ReplaceAll(want, "\r\n", "\n") {
				t.Errorf("%s: row %d, column %d: %.80q, want %.80q", e.Path, i, j, got, want)
			}
		}
	}
}

// cellText is what a cell with a plain value is to read, as far as the state alone tells.
func cellText(v codatest.Value) (text string, plain bool) {
	switch v := v.(type) {
	case nil:
		return "", true
	case codatest.Text:
		return string(v), true
	case codatest.Number:
		return string(v), true
	case codatest.Bool:
		return fmt.Sprint(bool(v)), true
	case codatest.Money:
		return v.Shown, true
	case codatest.Link:
		return v.URL, true
	case codatest.Person:
		return v.Name, true
	case codatest.List:
		return "[]", len(v) == 0
	}
	return "", false
}

func TestManyColumnsAreAllThere(t *testing.T) {
	w := treetest.New(t, codatest.Hostile(), treetest.Options{})
	lines := strings.Split(read(t, w, "docs/Hostile tables_ _quotes_, commas_and lines__T4bles_-_x/tables/table/"+
		"Tables _ _all_ of them__Three hundred columns__grid-Wide-300_.csv"), "\n")
	if len(lines) != 5 || !strings.HasSuffix(lines[0], ",Column 298,Column 299") || !strings.HasSuffix(lines[3], ",r2 c298,r2 c299") {
		t.Errorf("%d lines, the last: %.100s", len(lines), lines[len(lines)-2])
	}
}

// Rows come by column id: names that are there twice, or that look like ids, change nothing.
func TestColumnsOfOneNameKeepTheirCells(t *testing.T) {
	w := treetest.New(t, codatest.Hostile(), treetest.Options{})
	text := read(t, w, "docs/Hostile tables_ _quotes_, commas_and lines__T4bles_-_x/tables/table/"+
		"Tables _ _all_ of them__Duplicate column names__grid-DupNames_.csv")
	records, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "headers", records[0][6:], []string{"Status", "Status__2", "Status__2__2", "Status__3", "status",
		"_row_id__2", "_row_name__2", "_row_index__2", "_created_at__2", "_updated_at__2", "_browser_link__2", "_row_id__3",
		"", "__2", "a,b", "two\nlines", `"quoted"`, " padded ", "=1+1"})
	for j, got := range records[2][6:] {
		if want := fmt.Sprintf("r1 c%d", j); got != want {
			t.Errorf("column %d has %q, want %q", j, got, want)
		}
	}
}
