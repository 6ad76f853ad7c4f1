package render

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// own are the columns that a source adds to each table, here Coda's.
var own = []string{"_row_id", "_row_name", "_row_index", "_created_at", "_updated_at", "_browser_link"}

type csvRow struct {
	ID, Name, Index                   string
	CreatedAt, UpdatedAt, BrowserLink string
	Values                            map[string]json.RawMessage
}

func (r csvRow) own() []string {
	return []string{r.ID, r.Name, r.Index, r.CreatedAt, r.UpdatedAt, r.BrowserLink}
}

func TestCSVOfTable(t *testing.T) {
	columns := []Column{{ID: "c-1", Name: "Task"}, {ID: "c-2", Name: "Due, or \"never\""}, {ID: "c-3", Name: "Task"}}
	rows := []csvRow{
		{"i-1", "First", "0", "2026-01-01T00:00:00.000Z", "2026-01-02T00:00:00.000Z", "https://coda.io/d/_d1#_tu1/r1",
			map[string]json.RawMessage{"c-1": json.RawMessage(`"a,b"`), "c-2": json.RawMessage(`1e400`), "c-3": json.RawMessage(`["x", {"y": 1.0}]`)}},
		{"i-2", "two\nlines", "", "", "", "", map[string]json.RawMessage{"c-3": json.RawMessage(`true`), "c-gone": json.RawMessage(`"left out"`)}},
	}
	want := `_row_id,_row_name,_row_index,_created_at,_updated_at,_browser_link,Task,"Due, or ""never""",Task__2
i-1,First,0,2026-01-01T00:00:00.000Z,2026-01-02T00:00:00.000Z,https://coda.io/d/_d1#_tu1/r1,"a,b",1e400,"[""x"",{""y"":1.0}]"
i-2,"two
lines",,,,,,,true
`
	if got := writeTable(t, columns, rows); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestCSVOfEmptyTableIsItsHeader(t *testing.T) {
	want := "_row_id,_row_name,_row_index,_created_at,_updated_at,_browser_link\n"
	if got := writeTable(t, nil, nil); got != want {
		t.Errorf("got %q", got)
	}
}

func TestCSVHeadersAreUnique(t *testing.T) {
	for _, c := range []struct{ names, want []string }{
		{[]string{"Status", "Status", "Status"}, []string{"Status", "Status__2", "Status__3"}},
		{[]string{"Status", "Status__2", "Status"}, []string{"Status", "Status__2", "Status__3"}},
		{[]string{"Status", "Status", "Status__2", "Status__2"}, []string{"Status", "Status__2", "Status__2__2", "Status__2__3"}},
		{[]string{"Status", "Status__3", "Status", "Status"}, []string{"Status", "Status__3", "Status__2", "Status__4"}},
		{[]string{"_row_id", "_row_id__2", "_browser_link"}, []string{"_row_id__2", "_row_id__2__2", "_browser_link__2"}},
		{[]string{"", "status", "Status", ""}, []string{"", "status", "Status", "__2"}},
	} {
		var columns []Column
		for i, name := range c.names {
			columns = append(columns, Column{ID: strconv.Itoa(i), Name: name})
		}
		if got := Headers(own, columns)[len(own):]; !slices.Equal(got, c.want) {
			t.Errorf("headers of %q: %q, want %q", c.names, got, c.want)
		}
	}
}

func TestCell(t *testing.T) {
	for _, c := range []struct{ why, raw, want string }{
		{"a missing value", ``, ""},
		{"null", `null`, ""},
		{"no text", `""`, ""},
		{"text that looks like null", `"null"`, "null"},
		{"escapes", `"a\"\\\/\n\té\u003c\ud83d\ude00"`, "a\"\\/\n\té<😀"},
		{"half a surrogate pair", `"a\ud83d"`, "a\ufffd"},
		{"NUL", `"\u0000"`, "\x00"},
		{"a boolean", `false`, "false"},
		{"a number keeps its digits", `12345678901234567890.10`, "12345678901234567890.10"},
		{"and its exponent", `-1.50E+07`, "-1.50E+07"},
		{"an empty array", `[ ]`, "[]"},
		{"an array's literals stay", "[1.0, 1e2,\n \"\\u00e9 <&> \\/\", null]", `[1.0,1e2,"\u00e9 <&> \/",null]`},
		{"an object keeps its order and repeated keys", `{"b": 1, "a": {"c": []}, "b": 2}`, `{"b":1,"a":{"c":[]},"b":2}`},
		{"line separators stay", "[\"\u2028\"]", "[\"\u2028\"]"},
		{"broken UTF-8 in text", "\"a\xff\"", "a\ufffd"},
		{"broken UTF-8 in an array", "[\"a\xff\"]", "[\"a\ufffd\"]"},
	} {
		if got, err := Cell(json.RawMessage(c.raw)); got != c.want || err != nil {
			t.Errorf("%s: Cell(%s) = %q, %v; want %q", c.why, c.raw, got, err, c.want)
		}
	}
}

// Go's own reader gives back what was written, but for \r\n, which it makes \n.
func FuzzCSVIsReadBack(f *testing.F) {
	f.Add("Status", `a,"b"`, "1.50")
	f.Add("", "", "")
	f.Add("=1+1", " leading", `\.`)
	f.Add("a\r\nb", "\r", "\ufeff")
	f.Add("_row_id", "'", "\"\n\"")
	f.Fuzz(func(t *testing.T, header, name, text string) {
		raw, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		got := writeTable(t,
			[]Column{{ID: "c-1", Name: header}, {ID: "c-2", Name: header}},
			[]csvRow{{ID: "i-1", Name: name, Values: map[string]json.RawMessage{"c-2": raw}}})
		records, err := csv.NewReader(strings.NewReader(got)).ReadAll()
		if err != nil || len(records) != 2 {
			t.Fatalf("%d records, %v, of %q", len(records), err, got)
		}
		if records[0][6] == records[0][7] {
			t.Errorf("two columns are called %q", records[0][6])
		}
		var decoded string
		if err := json.Unmarshal(raw, &decoded); err != nil {
			t.Fatal(err)
		}
		for i, want := range []string{"i-1", name, "", "", "", "", "", decoded} {
			if got := records[1][i]; got != strings.ReplaceAll(want, "\r\n", "\n") {
				t.Errorf("field %d: %q, want %q", i, got, want)
			}
		}
	})
}

func TestCSVWritesRowsAsTheyCome(t *testing.T) {
	var written counter
	w, err := NewCSV(&written, own, []Column{{ID: "c-1", Name: "Text"}})
	if err != nil {
		t.Fatal(err)
	}
	text := json.RawMessage(`"` + strings.Repeat("x", 1000) + `"`)
	for n := range 100 {
		if err := w.Row(csvRow{}.own(), map[string]json.RawMessage{"c-1": text}); err != nil {
			t.Fatal(err)
		}
		if held := (n+1)*1000 - int(written); held > 64<<10 {
			t.Fatalf("%d bytes are held back", held)
		}
	}
}

func TestCSVTellsWriteErrors(t *testing.T) {
	w, err := NewCSV(full{}, own, nil)
	for range 1000 {
		err = errors.Join(err, w.Row(csvRow{ID: "i-1"}.own(), nil))
	}
	if err = errors.Join(err, w.Flush()); !errors.Is(err, errFull) {
		t.Errorf("got %v", err)
	}
}

func writeTable(t *testing.T, columns []Column, rows []csvRow) string {
	t.Helper()
	var b bytes.Buffer
	w, err := NewCSV(&b, own, columns)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if err := w.Row(r.own(), r.Values); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// counter counts what is written to it.
type counter int

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

var errFull = errors.New("full")

// full takes nothing.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }
