package codatest

import (
	"fmt"
	"strings"
	"time"
)

// typed is a column of the table of everyType and a value that fits it.
type typed struct {
	Format
	value Value
}

// everyColumn has a column of each type that the API names, and of one that it doesn't.
func everyColumn(table string) []typed {
	zone := time.FixedZone("CET", 3600)
	photo := Image{Name: "../pho/to.heic", URL: "https://codahosted.io/docs/T4bles_-_x/blobs/bl-Ph0to-_123/9f86d081884c7d65", Width: 4032, Height: 3024, Status: "live"}
	extra := func(pairs ...any) map[string]any {
		m := map[string]any{}
		for i := 0; i < len(pairs); i += 2 {
			m[pairs[i].(string)] = pairs[i+1]
		}
		return m
	}
	self := Ref{table, "i-Every-row-00"}
	return []typed{
		{Format{Type: "text"}, Text("plain, \"quoted\"\nand a second line")},
		{Format{Type: "text"}, Markdown{"bold and a link", "**bold** and [a link](https://example.com)"}},
		{Format{Type: "person", Table: "grid-sync-1-User"}, Person{"Zoë O'Neil, PhD", "zoe@hostile.example"}},
		{Format{Type: "person", Array: true, Table: "grid-sync-1-User"}, List{Person{"Comma, Carl", "carl@hostile.example"}, Person{Name: "Nameless"}}},
		{Format{Type: "lookup", Table: table}, self},
		{Format{Type: "lookup", Array: true, Table: table}, List{self, self}},
		{Format{Type: "number", Extra: extra("precision", 22, "useThousandsSeparator", true)}, Number("12345678901234567890")},
		{Format{Type: "number"}, Number("1e400")},
		{Format{Type: "number"}, Number("0.1")},
		{Format{Type: "percent", Extra: extra("precision", 2)}, Number("0.10")},
		{Format{Type: "currency", Extra: extra("currencyCode", "EUR", "precision", 2, "format", "accounting")}, Money{"12.34", "EUR", "12.34\u00a0€"}},
		{Format{Type: "date", Extra: extra("format", "ddd, MMM D, YYYY")}, Stamp{time.Date(2026, 1, 15, 0, 0, 0, 0, zone)}},
		{Format{Type: "dateTime", Extra: extra("dateFormat", "DD/MM/YY", "timeFormat", "h:mm A")}, Stamp{time.Date(2026, 1, 15, 9, 30, 0, 0, zone)}},
		{Format{Type: "time", Extra: extra("format", "h:mm A")}, Stamp{time.Date(1899, 12, 30, 9, 30, 0, 0, zone)}},
		{Format{Type: "duration", Extra: extra("precision", 1, "maxUnit", "minutes")}, Duration(90 * time.Minute)},
		{Format{Type: "email", Extra: extra("display", "emailOnly", "autocomplete", true)}, Text("a+b@hostile.example")},
		{Format{Type: "link", Extra: extra("display", "card", "force", true)}, Link{"A, B", "https://example.com/?a=1&b=<2>"}},
		{Format{Type: "slider", Extra: extra("minimum", 0, "maximum", "thisRow.Max", "step", 0.5, "displayType", "slider", "showValue", false)}, Number("-0")},
		{Format{Type: "scale", Extra: extra("maximum", 7, "icon", "bug")}, Number("3")},
		{Format{Type: "image", Array: true}, List{photo}},
		{Format{Type: "imageReference", Extra: extra("width", 100, "height", "Max(1,2)", "style", "circle")}, photo},
		{Format{Type: "attachments", Array: true}, List{photo, Image{Name: "gone.pdf", URL: photo.URL + "0", Status: "deleted"}}},
		{Format{Type: "button", Extra: extra("label", "Push, me", "action", "ModifyRows(thisRow, A, 1)", "disableIf", "false")}, Button("Push, me")},
		{Format{Type: "checkbox", Extra: extra("displayType", "toggle")}, Bool(true)},
		{Format{Type: "select", Extra: extra("options", []map[string]string{{"name": "Small"}, {"name": "A,B"}})}, Text("Small")},
		{Format{Type: "select", Array: true}, List{Text("A,B"), Text("C"), Text("")}},
		{Format{Type: "packObject"}, Text("Ticket #42")},
		{Format{Type: "reaction", Array: true}, List{Text("👍"), Text("👩‍👩‍👧‍👦")}},
		{Format{Type: "canvas"}, Text("# Heading\n\n**bold** text | with a pipe")},
		{Format{Type: "other"}, List{List{Text("nested"), Number("1")}, Text("flat")}},
		{Format{Type: "imageAttachments", Array: true}, List{photo}},
	}
}

// awkward are texts that must survive any way of writing them down.
var awkward = []string{
	"comma, comma", `"`, `""`, "line\nfeed", "carriage\rreturn", "both\r\nof them", " leading and trailing ", "\ttab", `\.`, `\n`,
	"=HYPERLINK(\"http://evil.example\")", "+1", "-1", "@SUM(A1)", "nul\u0000", "bell\u0007", "\u202ertl", "\ufeffbom", "\u2028", "null", "NaN", "true",
	"<script>alert(1)</script> & more", "👩‍👩‍👧‍👦", strings.Repeat("x", 70_000),
}

// everyType is a table with a column of each type. Its rows: all values; all empty; each
// value in its neighbour's column; no cells at all; every second cell; the awkward texts.
func everyType(id, page string) *Table {
	t := &Table{ID: id, Name: "Every type", Parent: page}
	columns := everyColumn(id)
	n := len(columns)
	for i, c := range columns {
		t.Columns = append(t.Columns, &Column{ID: fmt.Sprintf("c-Every-_%03d", i), Name: fmt.Sprintf("%s %d", c.Type, i), Format: c.Format})
	}
	t.Columns[8].Formula, t.Columns[0].Default = "thisRow.[number 7] / 10", "nothing, yet"
	add := func(cell func(i int) (Value, bool)) {
		r := &Row{ID: fmt.Sprintf("i-Every-row-%02d", len(t.Rows)), Cells: map[string]Value{}}
		for i, c := range t.Columns {
			if v, ok := cell(i); ok {
				r.Cells[c.ID] = v
			}
		}
		t.Rows = append(t.Rows, r)
	}
	add(func(i int) (Value, bool) { return columns[i].value, true })
	add(func(i int) (Value, bool) {
		if columns[i].Array {
			return List{}, true
		}
		return nil, true
	})
	add(func(i int) (Value, bool) { return columns[(i+1)%n].value, true })
	add(func(int) (Value, bool) { return nil, false })
	add(func(i int) (Value, bool) { return columns[i].value, i%2 == 0 })
	for from := 0; from < len(awkward); from += n {
		add(func(i int) (Value, bool) {
			if from+i >= len(awkward) {
				return nil, true
			}
			return Text(awkward[from+i]), true
		})
	}
	return t
}
