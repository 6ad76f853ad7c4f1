package codatest_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/codafs/codafs/coda/codatest"
)

const (
	roadmap     = "/docs/" + codatest.SampleDoc + "/tables/" + codatest.SampleRoadmap
	hostileGrid = "/docs/T4bles_-_x/tables/grid-EveryType1"
)

// The forms are those of the project's facts on rows, which were observed on the real service.
func TestCellsHaveTheirFormInEachFormat(t *testing.T) {
	p := inMemory(t, codatest.Hostile(), codatest.Options{})
	const jsonLD = `"@context":"http://schema.org/","@type":`
	for _, c := range []struct{ column, simple, arrays, rich string }{
		{"c-Every-_000", `"plain, \"quoted\"\nand a second line"`, "", "\"```plain, \\\"quoted\\\"\\nand a second line```\""},
		{"c-Every-_001", `"bold and a link"`, "", `"**bold** and [a link](https://example.com)"`},
		{"c-Every-_002", `"Zoë O'Neil, PhD"`, "", `{` + jsonLD + `"Person","name":"Zoë O'Neil, PhD","email":"zoe@hostile.example"}`},
		{"c-Every-_003", `"Comma, Carl,Nameless"`, `["Comma, Carl","Nameless"]`, `[{` + jsonLD + `"Person","name":"Comma, Carl","email":"carl@hostile.example"},{` + jsonLD + `"Person","name":"Nameless"}]`},
		{"c-Every-_006", `12345678901234567890`, "", `12345678901234567890`},
		{"c-Every-_007", `1e400`, "", `1e400`},
		{"c-Every-_008", `0.1`, "", `0.1`},
		{"c-Every-_009", `0.10`, "", `0.10`},
		{"c-Every-_010", "\"12.34\u00a0€\"", "", `{` + `"@context":"http://schema.org/","@type":"MonetaryAmount","amount":12.34,"currency":"EUR"}`},
		{"c-Every-_011", `"2026-01-15T00:00:00.000+01:00"`, "", `"2026-01-15T00:00:00.000+01:00"`},
		{"c-Every-_012", `"2026-01-15T09:30:00.000+01:00"`, "", `"2026-01-15T09:30:00.000+01:00"`},
		{"c-Every-_014", `"1 hr 30 mins"`, "", `"1 hr 30 mins"`},
		{"c-Every-_016", `"https://example.com/?a=1&b=<2>"`, "", `{` + jsonLD + `"WebPage","name":"A, B","url":"https://example.com/?a=1&b=<2>"}`},
		{"c-Every-_023", `true`, "", `true`},
		{"c-Every-_024", `"Small"`, "", "\"```Small```\""},
		{"c-Every-_025", `"A,B,C,"`, `["A,B","C",""]`, "[\"```A,B```\",\"```C```\",\"\"]"},
		{"c-Every-_027", `"👍,👩‍👩‍👧‍👦"`, `["👍","👩‍👩‍👧‍👦"]`, "[\"```👍```\",\"```👩‍👩‍👧‍👦```\"]"},
		{"c-Every-_029", `"nested,1,flat"`, `[["nested",1],"flat"]`, "[[\"```nested```\",1],\"```flat```\"]"},
	} {
		if c.arrays == "" {
			c.arrays = c.simple
		}
		for format, want := range map[string]string{"": c.simple, "?valueFormat=simple": c.simple, "?valueFormat=simpleWithArrays": c.arrays, "?valueFormat=rich": c.rich} {
			row := p.get(hostileGrid + "/rows/i-Every-row-00" + format)
			if got := string(row.object("values")[c.column]); got != want {
				t.Errorf("%s%s: %s, want %s", c.column, format, got, want)
			}
		}
	}
}

func TestEmptyAndMissingCells(t *testing.T) {
	p := inMemory(t, codatest.Hostile(), codatest.Options{})
	for format, want := range map[string]string{"simple": `""`, "simpleWithArrays": `[]`, "rich": `[]`} {
		values := p.get(hostileGrid + "/rows/i-Every-row-01?valueFormat=" + format).object("values")
		if string(values["c-Every-_000"]) != `""` || string(values["c-Every-_003"]) != want {
			t.Errorf("%s: empty text %s, empty list %s", format, values["c-Every-_000"], values["c-Every-_003"])
		}
	}
	if values := p.get(hostileGrid + "/rows/i-Every-row-03").object("values"); len(values) != 0 {
		t.Errorf("a row without cells has %d", len(values))
	}
}

func TestRowsAreOrderedFilteredAndHiddenAsAsked(t *testing.T) {
	p := inMemory(t, codatest.Hostile(), codatest.Options{})
	view := strings.Replace(hostileGrid, "grid-EveryType1", "table--View_01", 1)
	rows := func(path string) []string { return ids(p.all(path)) }
	all := rows(hostileGrid + "/rows")
	if len(all) != 6 || !slices.IsSorted(all) {
		t.Fatalf("all rows: %v", all)
	}
	shown := slices.Delete(slices.Clone(all), 1, 2)
	if got := rows(view + "/rows?visibleOnly=true"); !slices.Equal(got, shown) {
		t.Errorf("visible rows of the view: %v", got)
	}
	slices.Reverse(shown)
	if got := rows(view + "/rows?sortBy=natural"); !slices.Equal(got, shown) {
		t.Errorf("natural order of the view: %v", got)
	}
	first := p.all(view + "/rows?visibleOnly=true")[0].object("values")
	if _, hidden := first["c-Every-_001"]; hidden || len(first) != 29 {
		t.Errorf("%d visible cells", len(first))
	}
	if columns := ids(p.all(view + "/columns?visibleOnly=true")); len(columns) != 31 {
		t.Errorf("visibleOnly works on the columns of a view: %v", columns)
	}
	p.refused("GET", hostileGrid+"/rows?sortBy=natural&visibleOnly=false", "", http.StatusBadRequest,
		"Natural sorting is only available for visible rows. When using sortBy=natural, pass visibleOnly=true or omit the visibleOnly param "+
			"which has the same effect.(The natural ordering of a table is only meaningfully defined for visible rows.)")
}

func TestRowQueryMatchesOneColumnExactly(t *testing.T) {
	p := inMemory(t, codatest.Sample(), codatest.Options{})
	names := func(query string) []string {
		var out []string
		for _, r := range p.all(roadmap + "/rows?query=" + url.QueryEscape(query)) {
			out = append(out, r.string("name"))
		}
		return out
	}
	status := p.get(roadmap + "/columns/Status").string("id")
	want := []string{"Japanese tokens", "Offline reading (Android)", "Migration guide", "Tables with 100 000 rows"}
	for _, q := range []string{`"Status":"At risk"`, status + `:"At risk"`} {
		if got := names(q); !slices.Equal(got, want) {
			t.Errorf("%s: %v", q, got)
		}
	}
	if got := names(`"Budget":"$900.00"`); !slices.Equal(got, []string{"Status page component for imports"}) {
		t.Errorf("by budget: %v", got)
	}
	if got := names(`"Status":"at risk"`); got != nil {
		t.Errorf("a query ignores case: %v", got)
	}
	for _, q := range []string{"Status", `"Status"`, `"Nope":1`, `"Status":unquoted`} {
		if status, body := p.text("GET", roadmap+"/rows?query="+url.QueryEscape(q), ""); status != http.StatusBadRequest {
			t.Errorf("%s: %d %s", q, status, body)
		}
	}
}

func TestColumnNamesAsKeys(t *testing.T) {
	p := inMemory(t, codatest.Sample(), codatest.Options{})
	values := p.all(roadmap + "/rows?useColumnNames=true&limit=40")[0].object("values")
	if values.string("Feature") != "Importer for Tidemark 1 archives" || values.string("Owner") != "Tomás Ibarra" {
		t.Errorf("%s", values)
	}
}

func TestSyncTokenShowsEditsAndNewRowsButNoDeletedOnes(t *testing.T) {
	w := codatest.Sample()
	p := inMemory(t, w, codatest.Options{PageSize: 7})
	token := p.get(roadmap + "/rows").string("nextSyncToken")
	since := func() []string { return ids(p.all(roadmap + "/rows?syncToken=" + token)) }
	if got := since(); got != nil {
		t.Errorf("nothing happened, but %v", got)
	}
	all := ids(p.all(roadmap + "/rows"))
	column := p.get(roadmap + "/columns/Notes").string("id")
	w.SetCell(codatest.SampleDoc, codatest.SampleRoadmap, all[3], column, codatest.Text("edited"))
	w.AddRow(codatest.SampleDoc, codatest.SampleRoadmap, &codatest.Row{ID: "i-NewRow0001"})
	w.DeleteRow(codatest.SampleDoc, codatest.SampleRoadmap, all[5])
	if got := since(); !slices.Equal(got, []string{all[3], "i-NewRow0001"}) {
		t.Errorf("since the token: %v", got)
	}
	p.refused("GET", roadmap+"/rows?syncToken=NOT_A_TOKEN", "", http.StatusBadRequest, "Invalid pageToken.")
}
