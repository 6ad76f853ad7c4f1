package codatest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/codafs/codafs/coda/codatest"
)

const (
	writableDoc  = "/docs/Wr1te_-abc"
	writableGrid = writableDoc + "/tables/grid-Write"
	writablePage = writableDoc + "/pages/canvas-Write"
)

// writable is a doc with a page, and a table of a column of each type that is written.
func writable() *codatest.Workspace {
	column := func(name, kind string) *codatest.Column {
		return &codatest.Column{ID: "c-" + name, Name: name, Format: codatest.Format{Type: kind, Table: "grid-Write"}}
	}
	zone := time.FixedZone("", 3600)
	sum := column("sum", "number")
	sum.Formula = "1+1"
	return &codatest.Workspace{ID: "ws-1", Name: "W", User: codatest.Person{Name: "Ann Lee", Email: "ann@example.com"},
		Folders: []*codatest.Folder{{ID: "fl-1", Name: "F"}},
		Docs: []*codatest.Doc{{ID: "Wr1te_-abc", Name: "Writes", CreatedAt: time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC),
			Pages: []*codatest.Page{{ID: "canvas-Write", Name: "Log", Body: "# Log\n\nfirst\nsame\nsame\n"}},
			Tables: []*codatest.Table{
				{ID: "grid-Write", Name: "Things", Parent: "canvas-Write",
					Columns: []*codatest.Column{column("name", "text"), column("n", "number"), column("money", "currency"), column("day", "date"),
						column("done", "checkbox"), column("state", "select"), column("who", "person"), column("other", "lookup"),
						column("span", "duration"), column("link", "link"), column("pic", "image"), column("push", "button"), sum},
					Rows: []*codatest.Row{{ID: "i-1", Cells: map[string]codatest.Value{"c-name": codatest.Text("One"), "c-day": codatest.Stamp{Time: time.Date(1999, 1, 1, 0, 0, 0, 0, zone)}}}}},
				{ID: "table-View", Name: "A view", Parent: "canvas-Write", Base: "grid-Write"},
			}}}}
}

// write sends a write, which must be accepted.
func (p *peer) write(method, path, body string) object {
	p.t.Helper()
	status, text := p.text(method, path, body)
	if status != http.StatusAccepted {
		p.t.Fatalf("%s %s: %d %s", method, path, status, text)
	}
	return p.decode(text)
}

func (p *peer) completed(requestID string) bool {
	p.t.Helper()
	return string(p.get("/mutationStatus/" + requestID)["completed"]) == "true"
}

// cells sends one row.
func cells(pairs ...string) string {
	var all []string
	for i := 0; i < len(pairs); i += 2 {
		all = append(all, fmt.Sprintf(`{"column":%q,"value":%s}`, pairs[i], pairs[i+1]))
	}
	return `{"cells":[` + strings.Join(all, ",") + `]}`
}

func insert(rows ...string) string { return `{"rows":[` + strings.Join(rows, ",") + `]}` }

func (p *peer) rows() map[string]object {
	p.t.Helper()
	out := map[string]object{}
	for _, r := range p.all(writableGrid + "/rows") {
		out[r.string("id")] = r
	}
	return out
}

func TestAWriteIsAcceptedAtOnceAndAppliedLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := inMemory(t, writable(), codatest.Options{WriteTime: 20 * time.Second})
		stamp := p.get(writableGrid).string("updatedAt")
		sent := p.write("POST", writableGrid+"/rows", insert(cells("c-name", `"Two"`), cells("n", `3`)))
		var added []string
		mustUnmarshal(t, sent["addedRowIds"], &added)
		if len(p.rows()) != 1 || p.completed(sent.string("requestId")) || len(added) != 2 {
			t.Errorf("at once: %d rows, added %v", len(p.rows()), added)
		}
		time.Sleep(20 * time.Second)
		rows := p.rows()
		if len(rows) != 3 || !p.completed(sent.string("requestId")) || string(rows[added[0]].object("values")["c-name"]) != `"Two"` || string(rows[added[1]].object("values")["c-n"]) != `3` {
			t.Errorf("later: %v", rows)
		}
		if now := p.get(writableGrid).string("updatedAt"); now <= stamp || p.get(writableDoc).string("updatedAt") != now {
			t.Errorf("stamps: table %s, before %s, doc %s", now, stamp, p.get(writableDoc).string("updatedAt"))
		}
		time.Sleep(25 * time.Hour)
		p.refused("GET", "/mutationStatus/"+sent.string("requestId"), "", http.StatusNotFound, "Not Found")
	})
}

func TestWritesAreReadByTheTypesOfTheirColumns(t *testing.T) {
	for _, c := range []struct{ column, value, want string }{
		{"c-name", `"a\nb"`, `"a\nb"`},
		{"c-name", `""`, `""`},
		{"c-n", `12.50`, `12.50`},
		{"c-n", `"12.50"`, `12.50`},
		{"c-n", `"many"`, `"many"`},
		{"c-money", `12.34`, `"$12.34"`},
		{"c-money", `"12.34"`, `"$12.34"`},
		{"c-day", `"2026-11-30"`, `"2026-11-30T00:00:00.000+01:00"`},
		{"c-day", `"03/04/2026"`, `"2026-03-04T00:00:00.000+01:00"`},
		{"c-day", `1772582400`, `1772582400`},
		{"c-done", `true`, `true`},
		{"c-done", `"true"`, `true`},
		{"c-state", `"No such option"`, `"No such option"`},
		{"c-who", `"ann@example.com"`, `"Ann Lee"`},
		{"c-who", `"Nobody"`, `"Nobody"`},
		{"c-other", `"i-1"`, `"One"`},
		{"c-other", `"One"`, `"One"`},
		{"c-other", `"None such"`, `"None such"`},
		{"c-span", `"90 minutes"`, `"1 hr 30 mins"`},
		{"c-link", `"https://example.com/a"`, `"https://example.com/a"`},
		{"c-state", `["a","b"]`, `"a,b"`},
	} {
		p := inMemory(t, writable(), codatest.Options{})
		p.write("PUT", writableGrid+"/rows/i-1", `{"row":`+cells(c.column, c.value)+`}`)
		if got := string(p.rows()["i-1"].object("values")[c.column]); got != c.want {
			t.Errorf("%s of %s is read back as %s, want %s", c.column, c.value, got, c.want)
		}
	}
	p := inMemory(t, writable(), codatest.Options{})
	p.write("PUT", writableGrid+"/rows/i-1?disableParsing=true", `{"row":`+cells("c-n", `"12.50"`)+`}`)
	if got := string(p.rows()["i-1"].object("values")["c-n"]); got != `"12.50"` {
		t.Errorf("without parsing: %s", got)
	}
}

func TestWritesThatAreRefused(t *testing.T) {
	p := inMemory(t, writable(), codatest.Options{})
	row := writableGrid + "/rows/i-1"
	big := `"` + strings.Repeat("x", 90<<10) + `"`
	p.refused("PUT", row, `{"row":`+cells("c-gone", `1`)+`}`, http.StatusBadRequest, "Could not find a column with the specified ID or name: c-gone.")
	p.refused("PUT", row, `{"row":`+cells("c-sum", `1`)+`}`, http.StatusBadRequest, "The column c-sum is calculated and cannot be edited.")
	p.refused("PUT", row, `{"row":`+cells("c-name", big)+`}`, http.StatusBadRequest, "Row edit of size 90 KB exceeds maximum size of 85 KB.")
	p.refused("POST", writableGrid+"/rows", insert(cells("c-name", `"fits"`), cells("c-name", big)), http.StatusBadRequest, "Row edit of size 90 KB exceeds maximum size of 85 KB.")
	p.refused("POST", writableGrid+"/rows", insert(strings.Repeat(cells("c-name", `"`+strings.Repeat("x", 80<<10)+`"`)+",", 29)+cells()), http.StatusBadRequest, "request entity too large")
	p.refused("POST", writableDoc+"/tables/table-View/rows", insert(cells("c-name", `"x"`)), http.StatusBadRequest, "Rows can only be written to base tables, not to views.")
	p.refused("DELETE", writableGrid+"/rows/i-9", "", http.StatusNotFound, "Could not find a row with the specified ID or name.")
	// Newlines count twice.
	p.refused("PUT", row, `{"row":`+cells("c-name", `"`+strings.Repeat(`\n`, 44<<10)+`"`)+`}`, http.StatusBadRequest, "Row edit of size 88 KB exceeds maximum size of 85 KB.")
	if got := len(p.rows()); got != 1 {
		t.Errorf("%d rows: a refused request wrote something", got)
	}
}

func TestUpsertsMatchWhenTheyAreApplied(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		times := []time.Duration{30 * time.Second, 10 * time.Second}
		p := inMemory(t, writable(), codatest.Options{WriteTimes: func(string, string) time.Duration {
			next := times[0]
			times = append(times[1:], 0)
			return next
		}})
		upsert := func(n string) object {
			return p.write("POST", writableGrid+"/rows", `{"keyColumns":["c-name"],"rows":[`+cells("c-name", `"New"`, "c-n", n)+`]}`)
		}
		if sent := upsert("1"); sent["addedRowIds"] != nil {
			t.Errorf("an upsert tells ids: %s", sent["addedRowIds"])
		}
		upsert("2") // is applied first
		time.Sleep(30 * time.Second)
		rows := p.rows()
		if len(rows) != 2 {
			t.Fatalf("%d rows", len(rows))
		}
		for id, r := range rows {
			if id != "i-1" && string(r.object("values")["c-n"]) != "1" {
				t.Errorf("the write that came first was applied last: %s", r.object("values")["c-n"])
			}
		}
	})
}

func TestRowsAreDeleted(t *testing.T) {
	p := inMemory(t, writable(), codatest.Options{})
	p.write("POST", writableGrid+"/rows", insert(cells("c-name", `"Two"`), cells("c-name", `"Three"`)))
	p.write("DELETE", writableGrid+"/rows/i-1", "")
	var rest []string
	for id := range p.rows() {
		rest = append(rest, id)
	}
	b, _ := json.Marshal(map[string]any{"rowIds": append(rest, "i-gone")})
	p.write("DELETE", writableGrid+"/rows", string(b))
	if len(rest) != 2 || len(p.rows()) != 0 {
		t.Errorf("%v, then %v", rest, p.rows())
	}
}

func TestALostAnswerDoesNotTellWhetherTheWriteWasTaken(t *testing.T) {
	for kind, want := range map[codatest.Kind]int{codatest.Reset: 2, codatest.Unheard: 1} {
		both(t, writable, codatest.Options{}, func(t *testing.T, p *peer) {
			p.Fail(codatest.Fault{Method: "POST", Kind: kind, Times: 1})
			if resp, err := p.send("POST", writableGrid+"/rows", insert(cells("c-name", `"Two"`))); err == nil {
				resp.Body.Close()
				t.Error("there is an answer")
			}
			if got := len(p.rows()); got != want {
				t.Errorf("%s: %d rows, want %d", kind, got, want)
			}
		})
	}
}

func TestLatestIsRefusedWhileWritesWait(t *testing.T) {
	for _, strict := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			p := inMemory(t, writable(), codatest.Options{WriteTime: time.Minute, WaitingIsStale: strict})
			p.write("PUT", writableGrid+"/rows/i-1", `{"row":`+cells("c-n", `1`)+`}`)
			status, _ := p.text("GET", writableGrid+"/rows", "", "X-Coda-Doc-Version", "latest")
			if refused := status == http.StatusBadRequest; refused != strict {
				t.Errorf("strict %v: %d", strict, status)
			}
			time.Sleep(time.Minute)
			p.get(writableGrid+"/rows", "X-Coda-Doc-Version", "latest")
		})
	}
}

func TestTokensOfEachKind(t *testing.T) {
	p := inMemory(t, writable(), codatest.Options{Tokens: map[string]codatest.Token{
		"token": {}, "reads": {Only: "read"}, "writes": {Only: "write"}, "doc": {Doc: "Wr1te_-abc"},
		"table": {Doc: "Wr1te_-abc", Table: "grid-Write"}, "ben": {User: codatest.Person{Name: "Ben", Email: "ben@example.com"}},
	}})
	put := `{"row":` + cells("c-n", `1`) + `}`
	for token, want := range map[string][5]int{ // GET rows, PUT row, list docs, list pages, whoami
		"token": {200, 202, 200, 200, 200}, "reads": {200, 403, 200, 200, 200}, "writes": {403, 202, 403, 403, 200},
		"doc": {200, 202, 403, 200, 200}, "table": {200, 202, 403, 403, 200}, "other": {401, 401, 401, 401, 401},
	} {
		auth := []string{"Authorization", "Bearer " + token}
		var got [5]int
		for i, c := range []struct{ method, path, body string }{{"GET", writableGrid + "/rows", ""}, {"PUT", writableGrid + "/rows/i-1", put},
			{"GET", "/docs", ""}, {"GET", writableDoc + "/pages", ""}, {"GET", "/whoami", ""}} {
			got[i], _ = p.text(c.method, c.path, c.body, auth...)
		}
		if got != want {
			t.Errorf("%s: %v, want %v", token, got, want)
		}
	}
	if me := p.get("/whoami", "Authorization", "Bearer ben"); me.string("loginId") != "ben@example.com" || string(me["scoped"]) != "false" {
		t.Errorf("whoami of ben: %s", me)
	}
	if me := p.get("/whoami", "Authorization", "Bearer doc"); string(me["scoped"]) != "true" {
		t.Errorf("whoami of a token for one doc: %s", me)
	}
}

func TestPagesAreWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := inMemory(t, writable(), codatest.Options{WriteTime: 30 * time.Second})
		body := func(of string) string {
			text := p.export("Wr1te_-abc", of, "markdown")
			if i := strings.Index(text, "\n## Things"); i >= 0 {
				text = text[:i]
			}
			return text
		}
		update := func(mode, element, text string) {
			p.write("PUT", writablePage, fmt.Sprintf(`{"contentUpdate":{"insertionMode":%q,%s"canvasContent":{"format":"markdown","content":%q}}}`, mode, element, text))
			time.Sleep(30 * time.Second)
		}
		made := p.write("POST", writableDoc+"/pages", `{"name":"New","parentPageId":"canvas-Write","pageContent":{"type":"canvas","canvasContent":{"format":"markdown","content":"text\n"}}}`)
		path := writableDoc + "/pages/" + made.string("id")
		p.refused("GET", path, "", http.StatusNotFound, "Could not find a page with the specified ID or name.")
		p.refused("POST", writableDoc+"/pages", `{"parentPageId":"`+made.string("id")+`"}`, http.StatusBadRequest,
			"Invalid parentPageId: could not find a page with id "+made.string("id")+".")
		time.Sleep(30 * time.Second)
		if p.get(path).string("name") != "New" || body(made.string("id")) != "text\n" {
			t.Errorf("the new page: %s", p.get(path))
		}

		update("append", "", "last\n")
		if got, want := body("canvas-Write"), "# Log\n\nfirst\nsame\nsame\nlast\n"; got != want {
			t.Errorf("appended: %q, want %q", got, want)
		}
		lines := ids(p.all(writablePage + "/content"))
		update("replace", `"elementId":"`+lines[1]+`",`, "FIRST")
		p.write("DELETE", writablePage+"/content", `{"elementIds":["`+lines[3]+`","`+lines[4]+`"]}`)
		time.Sleep(30 * time.Second)
		if got, want := body("canvas-Write"), "# Log\n\nFIRST\nsame\n"; got != want {
			t.Errorf("lines by their ids: %q, want %q", got, want)
		}
		if tables := ids(p.all(writableDoc + "/tables")); !slices.Contains(tables, "grid-Write") {
			t.Errorf("a line took the table with it: %v", tables)
		}
		update("replace", "", "all new\n")
		if tables := ids(p.all(writableDoc + "/tables")); len(tables) != 0 || body("canvas-Write") != "all new\n" {
			t.Errorf("replaced: tables %v, %q", tables, body("canvas-Write"))
		}
		p.write("DELETE", path, "")
		time.Sleep(30 * time.Second)
		p.refused("GET", path, "", http.StatusGone, "Gone")
	})
}
