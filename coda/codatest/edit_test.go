package codatest_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/codafs/codafs/coda/codatest"
)

// stamps are the stamps of a row, its table, a view of it, the page it stands on, another
// page, and the doc, as the API tells them.
func (p *peer) stamps() map[string]string {
	const doc = "/docs/" + codatest.SampleDoc
	out := map[string]string{}
	for name, path := range map[string]string{
		"doc": doc, "page": planPath, "table's page": doc + "/pages/canvas-RoadMap-_1",
		"table": roadmap, "view": doc + "/tables/table-Q1-Ships_0", "row": roadmap + "/rows/Dark%20mode",
	} {
		out[name] = p.get(path).string("updatedAt")
	}
	return out
}

func TestEditsMoveTheStampsTheyShould(t *testing.T) {
	row := func(p *peer) string { return p.get(roadmap + "/rows/Dark%20mode").string("id") }
	for name, c := range map[string]struct {
		edit  func(w *codatest.Workspace, p *peer)
		moved []string
	}{
		"page body": {func(w *codatest.Workspace, p *peer) {
			w.SetPageBody(codatest.SampleDoc, codatest.SamplePage, "new\n")
		}, []string{"page", "doc"}},
		"page name": {func(w *codatest.Workspace, p *peer) {
			w.RenamePage(codatest.SampleDoc, codatest.SamplePage, "New name")
		}, []string{"page", "doc"}},
		"cell": {func(w *codatest.Workspace, p *peer) {
			w.SetCell(codatest.SampleDoc, codatest.SampleRoadmap, row(p), "c-x", nil)
		}, []string{"row", "table", "doc"}},
		"cell through a view": {func(w *codatest.Workspace, p *peer) {
			w.SetCell(codatest.SampleDoc, "table-Q1-Ships_0", row(p), "c-x", nil)
		}, []string{"row", "table", "doc"}},
		"new row": {func(w *codatest.Workspace, p *peer) {
			w.AddRow(codatest.SampleDoc, codatest.SampleRoadmap, &codatest.Row{ID: "i-New"})
		}, []string{"table", "doc"}},
		"new page": {func(w *codatest.Workspace, p *peer) {
			w.AddPage(codatest.SampleDoc, &codatest.Page{ID: "canvas-New"})
		}, []string{"doc"}},
		"new table": {func(w *codatest.Workspace, p *peer) {
			w.AddTable(codatest.SampleDoc, &codatest.Table{ID: "grid-New"})
		}, []string{"doc"}},
		"doc name":          {func(w *codatest.Workspace, p *peer) { w.RenameDoc(codatest.SampleDoc, "New name") }, []string{"doc"}},
		"a view of the doc": {func(w *codatest.Workspace, p *peer) { w.Touch(codatest.SampleDoc) }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			now := time.Date(2026, 4, 1, 12, 0, 0, 987654321, time.FixedZone("", 3600))
			w := codatest.Sample()
			p := inMemory(t, w, codatest.Options{Now: func() time.Time { return now }})
			want := p.stamps()
			c.edit(w, p)
			for _, what := range c.moved {
				want[what] = "2026-04-01T11:00:00.987Z"
			}
			for what, stamp := range p.stamps() {
				if stamp != want[what] {
					t.Errorf("%s is of %s, want %s", what, stamp, want[what])
				}
			}
		})
	}
}

func TestEditsAreSeenUnderAClockThatStands(t *testing.T) {
	w := codatest.Sample()
	p := inMemory(t, w, codatest.Options{Now: func() time.Time { return time.Unix(0, 0) }})
	last := p.get(planPath).string("updatedAt")
	for range 3 {
		w.SetPageBody(codatest.SampleDoc, codatest.SamplePage, "again\n")
		now := p.get(planPath).string("updatedAt")
		if now <= last || now != p.get("/docs/"+codatest.SampleDoc).string("updatedAt") {
			t.Errorf("the page is of %s, after %s", now, last)
		}
		last = now
	}
}

func TestRemovedPagesAreGoneAndLeaveTheirTables(t *testing.T) {
	w := codatest.Sample()
	p := inMemory(t, w, codatest.Options{})
	const doc = "/docs/" + codatest.SampleDoc
	w.RemovePage(codatest.SampleDoc, "canvas-Notes-2026")
	for _, page := range []string{"canvas-Notes-2026", "canvas-Gonogo-317", "canvas-TenQuest_s"} {
		p.refused("GET", doc+"/pages/"+page, "", http.StatusGone, "Gone")
	}
	w.RemovePage(codatest.SampleDoc, "canvas-RoadMap-_1")
	if parent := string(p.get(roadmap)["parent"]); parent != "null" {
		t.Errorf("the orphan's parent is %s", parent)
	}
	w.RemoveTable(codatest.SampleDoc, codatest.SampleRoadmap)
	p.refused("GET", roadmap, "", http.StatusNotFound, "Could not find a table with the specified ID or name.")
	w.RemoveDoc(codatest.SampleDoc)
	p.refused("GET", doc, "", http.StatusNotFound, "Could not find a doc with the specified ID.")
}

func TestDocVersionHeader(t *testing.T) {
	now := time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)
	w := codatest.Sample()
	p := inMemory(t, w, codatest.Options{Now: func() time.Time { return now }, StaleFor: 30 * time.Second})
	const doc, header, stale = "/docs/" + codatest.SampleDoc, "X-Coda-Doc-Version", "Doc is not yet up to date."
	p.get(doc, header, "latest")
	p.refused("GET", doc, "", http.StatusBadRequest, stale, header, "12345")
	w.SetPageBody(codatest.SampleDoc, codatest.SamplePage, "new\n")
	p.refused("GET", doc, "", http.StatusBadRequest, stale, header, "latest")
	p.get(doc)
	now = now.Add(30 * time.Second)
	p.get(doc, header, "latest")
	if n := p.Count(func(r codatest.Request) bool { return r.DocVersion == "latest" }); n != 3 {
		t.Errorf("%d requests with the header, want 3", n)
	}
}
