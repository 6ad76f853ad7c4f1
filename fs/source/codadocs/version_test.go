package codadocs_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/source/codadocs"
	"github.com/codafs/codafs/fs/treetest"
)

// settle is longer than a content counts as young.
const settle = 11 * time.Minute

// state of all files: key, mtime and bytes by path.
type shot struct {
	version fs.Version
	data    string
}

// shoot reads all files.
func shoot(t *testing.T, w *treetest.Workspace) map[string]shot {
	t.Helper()
	all := map[string]shot{}
	for _, p := range walked(t, w) {
		n, err := fs.Walk(t.Context(), w.Tree.Root(), p)
		if err != nil {
			t.Fatal(err)
		}
		f, ok := n.(fs.File)
		if !ok {
			continue
		}
		c, v, err := fs.OpenCurrent(t.Context(), f)
		if err != nil {
			t.Fatalf("%s: %v", p, err)
		}
		c.Close()
		data, err := open(t.Context(), f, v)
		if err != nil {
			t.Fatalf("%s: %v", p, err)
		}
		if size, known := f.Size(v); !known || size != int64(len(data)) {
			t.Errorf("%s: size %d (known: %v) of %d", p, size, known, len(data))
		}
		all[p] = shot{v, data}
	}
	return all
}

// moved gives the paths whose versions differ, and those whose bytes do.
func moved(before, after map[string]shot) (versions, bytes []string) {
	paths := maps.Clone(before)
	maps.Copy(paths, after)
	for _, p := range slices.Sorted(maps.Keys(paths)) {
		if before[p].version.Key != after[p].version.Key {
			versions = append(versions, p)
		}
		if before[p].data != after[p].data {
			bytes = append(bytes, p)
		}
	}
	return versions, bytes
}

func sorted(paths ...string) []string {
	slices.Sort(paths)
	return paths
}

// contents are the requests that fetch content.
func contents(sent []string) []string {
	return slices.DeleteFunc(sent, func(s string) bool {
		return !(strings.HasPrefix(s, "POST ") || strings.HasSuffix(s, "/rows") || strings.Contains(s, "/formulas/") || strings.Contains(s, "/controls/"))
	})
}

// values are the requests for the values of the sample doc's formulas and controls. They have no
// stamps, so that each edit of the doc may have changed them.
var values = []string{
	"GET " + hubPath + "/controls/ctrl-Quarter_01", "GET " + hubPath + "/controls/ctrl-ShowDone01", "GET " + hubPath + "/formulas/f-DaysToLnch",
}

// docLists have their doc's stamp.
var docLists = []string{hub + "doc.json", hub + "pages.json", hub + "tables.json", hub + "formulas.json", hub + "controls.json", hub + "permissions.json"}

func TestRowEditRenewsTheTableItsViewsAndTheirPages(t *testing.T) {
	for _, noViews := range []bool{false, true} {
		w := sample(t, codadocs.Selection{NoViews: noViews})
		before := shoot(t, w)
		roadmap := state(t, w.State, codatest.SampleDoc, codatest.SampleRoadmap)
		// A row that the views show, in a column that they show.
		var row *codatest.Row
		atRisk := state(t, w.State, codatest.SampleDoc, "table--AtRisk-_1")
		ships := state(t, w.State, codatest.SampleDoc, "table-Q1-Ships_0")
		for _, r := range roadmap.Rows {
			if atRisk.Filter(r) && ships.Filter(r) {
				row = r
			}
		}
		if row == nil {
			t.Fatal("no row of the sample is in both views")
		}
		w.State.SetCell(codatest.SampleDoc, roadmap.ID, row.ID, roadmap.Columns[0].ID, codatest.Text("Edited"))
		w.Clock.Advance(settle)
		refresh(t, w)
		var after map[string]shot
		sent := contents(w.Sent(func() { after = shoot(t, w) }))

		files := append(three(hubRoadmap), three(hubDetails)...)
		files = append(files, three(hubShips)...)
		files = append(files, three(hubAtRisk)...)
		changed := []string{hub + "doc.json", hubRoadmap + ".csv", hubRoadmap + ".table.json", hubDetails + ".csv", hubShips + ".csv", hubAtRisk + ".csv", pageRoadmap, pageStatus}
		fetched := []string{
			"GET " + hubPath + "/tables/grid-Rm4_pq-T2x/rows", "GET " + hubPath + "/tables/table--AtRisk-_1/rows",
			"GET " + hubPath + "/tables/table-Detail_rdm/rows", "GET " + hubPath + "/tables/table-Q1-Ships_0/rows",
			"POST " + hubPath + "/pages/canvas-Ijk_Status1/export", "POST " + hubPath + "/pages/canvas-RoadMap-_1/export",
		}
		isView := func(s string) bool { return strings.Contains(s, "/view/") || strings.Contains(s, "/tables/table-") }
		if noViews {
			files, changed, fetched = slices.DeleteFunc(files, isView), slices.DeleteFunc(changed, isView), slices.DeleteFunc(fetched, isView)
		}
		versions, bytes := moved(before, after)
		// columns.json and the doc's lists have new times, and the same bytes.
		equal(t, "versions", versions, sorted(append(append(files, docLists...), pageRoadmap, pageStatus)...))
		equal(t, "bytes", bytes, sorted(changed...))
		equal(t, "fetched", sent, sorted(append(fetched, values...)...))
	}
}

func TestPageEditRenewsThatPage(t *testing.T) {
	w := sample(t, codadocs.Selection{})
	before := shoot(t, w)
	w.State.SetPageBody(codatest.SampleDoc, codatest.SamplePage, "# New\n")
	w.Clock.Advance(settle)
	refresh(t, w)
	var after map[string]shot
	sent := contents(w.Sent(func() { after = shoot(t, w) }))
	versions, bytes := moved(before, after)
	equal(t, "versions", versions, sorted(append(slices.Clone(docLists), pagePlan)...))
	equal(t, "bytes", bytes, sorted(hub+"doc.json", hub+"pages.json", pagePlan))
	equal(t, "fetched", sent, append(slices.Clone(values), "POST "+hubPath+"/pages/"+codatest.SamplePage+"/export"))
	if after[pagePlan].data != "# New\n" {
		t.Errorf("%q", after[pagePlan].data)
	}
}

func TestYoungContentIsFetchedOnceMore(t *testing.T) {
	w := sample(t, codadocs.Selection{})
	shoot(t, w)
	w.State.SetPageBody(codatest.SampleDoc, codatest.SamplePage, "# New\n")
	export := append(slices.Clone(values), "POST "+hubPath+"/pages/"+codatest.SamplePage+"/export")
	refresh(t, w)
	f := file(t, w, pagePlan)
	young := version(t, f)
	if !young.Young() {
		t.Error("a page edited now is not young")
	}
	equal(t, "while young", contents(w.Sent(func() { shoot(t, w); shoot(t, w) })), export)
	w.Clock.Advance(9 * time.Minute)
	equal(t, "nine minutes later", contents(w.Sent(func() { shoot(t, w) })), []string{"GET " + hubPath + "/formulas/f-DaysToLnch"}) // which is volatile
	if v := version(t, f); v != young {
		t.Errorf("%v, want %v", v, young)
	}
	w.Clock.Advance(time.Minute)
	settled := version(t, f)
	if settled.Young() || settled.Key == young.Key || !settled.ModTime.Equal(young.ModTime) {
		t.Errorf("ten minutes later it is %v", settled)
	}
	equal(t, "once it is settled", contents(w.Sent(func() { shoot(t, w); shoot(t, w) })), export)
}

// Lists of a doc that moved a moment ago may lag too.
func TestYoungListsAreAskedForOnceMore(t *testing.T) {
	w := sample(t, codadocs.Selection{})
	w.State.SetPageBody(codatest.SampleDoc, codatest.SamplePage, "# New\n")
	read(t, w, hub+"pages.json")
	list := []string{"GET " + hubPath + "/pages"}
	equal(t, "while young", w.Sent(func() { read(t, w, hub+"pages.json") }), nil)
	w.Clock.Advance(settle)
	equal(t, "settled", w.Sent(func() { read(t, w, hub+"pages.json"); read(t, w, hub+"pages.json") }), list)
}

func TestVersionNeverFetchesContent(t *testing.T) {
	for name, make := range map[string]func() *codatest.Workspace{"sample": codatest.Sample, "hostile": codatest.Hostile} {
		w := treetest.New(t, make(), treetest.Options{Select: codadocs.Selection{HTMLPages: true, RowsJSON: true}})
		sent := w.Sent(func() {
			for _, p := range walked(t, w) {
				n, err := fs.Walk(t.Context(), w.Tree.Root(), p)
				if err != nil {
					t.Fatal(err)
				}
				if f, ok := n.(fs.File); ok {
					v := version(t, f)
					_, known := f.Size(v)
					// Values of formulas and controls are content; all else that is JSON comes with lists.
					content := strings.HasSuffix(p, "/formulas.json") || strings.HasSuffix(p, "/controls.json")
					if json := strings.HasSuffix(p, ".json") && !content; json != known {
						t.Errorf("%s: size known: %v, before it was opened", p, known)
					}
				}
			}
		})
		equal(t, name, contents(slices.Clone(sent)), nil)
		// Each list and each table was asked for once; one list of columns takes three pages.
		sent = slices.DeleteFunc(sent, func(s string) bool { return strings.HasSuffix(s, "grid-Wide-300_/columns") })
		if slices.Sort(sent); len(slices.Compact(slices.Clone(sent))) != len(sent) {
			t.Errorf("%s: sent twice: %q", name, sent)
		}
	}
}

func TestListingTablesAsksForNoTable(t *testing.T) {
	w := sample(t, codadocs.Selection{})
	equal(t, "sent", w.Sent(func() {
		if _, err := folder(t, w, hub+"tables/table").Entries(t.Context()); err != nil {
			t.Fatal(err)
		}
	}), []string{"GET /docs", "GET " + hubPath + "/tables"})
}

// What a lookup does not need is not asked for: a page without tables needs no table's stamp.
func TestLookupAsksForWhatItNeeds(t *testing.T) {
	for path, want := range map[string][]string{
		hub + "doc.json":                 nil,
		hub + "no such name":             nil,
		hub + "pages.json":               {"GET " + hubPath + "/pages"},
		hub + "tables.json":              {"GET " + hubPath + "/tables"},
		pagePlan:                         {"GET " + hubPath + "/pages", "GET " + hubPath + "/tables"},
		pageStatus:                       {"GET " + hubPath + "/pages", "GET " + hubPath + "/tables", "GET " + hubPath + "/tables/grid-Rm4_pq-T2x", "GET " + hubPath + "/tables/grid-Rm4_pq-T2x/columns", "GET " + hubPath + "/tables/table--AtRisk-_1", "GET " + hubPath + "/tables/table--AtRisk-_1/columns"},
		hubRoadmap + ".csv":              {"GET " + hubPath + "/tables", "GET " + hubPath + "/tables/grid-Rm4_pq-T2x", "GET " + hubPath + "/tables/grid-Rm4_pq-T2x/columns"},
		hubRoadmap + ".table.json":       {"GET " + hubPath + "/tables", "GET " + hubPath + "/tables/grid-Rm4_pq-T2x"},
		hub + "pages/no such folder/x":   {"GET " + hubPath + "/pages"},
		".codafs/status.json":            nil,
		"docs/No such doc__0/pages.json": nil,
	} {
		w := sample(t, codadocs.Selection{})
		refresh(t, w)
		sent := w.Sent(func() {
			n, err := fs.Walk(t.Context(), w.Tree.Root(), path)
			if f, ok := n.(fs.File); err == nil && ok {
				version(t, f)
			}
		})
		equal(t, path, sent, want)
	}
}

func TestUnchangedWorkspaceCostsNothing(t *testing.T) {
	w := sample(t, codadocs.Selection{})
	shoot(t, w)
	equal(t, "second read", w.Sent(func() { shoot(t, w) }), nil)
	w.Clock.Advance(time.Hour)
	equal(t, "refresh and third read", w.Sent(func() { refresh(t, w); shoot(t, w) }), []string{
		"GET /docs", "GET " + hubPath + "/acl/permissions", "GET " + hubPath + "/formulas/f-DaysToLnch", "GET /docs/Rs_ch26-Kq/acl/permissions", "GET /docs/TmHndBk_-1/acl/permissions", // these have no stamp
	})
}

// A change in one doc asks for nothing in the others.
func TestOnlyDocsThatMovedAreChecked(t *testing.T) {
	w := sample(t, codadocs.Selection{})
	shoot(t, w)
	w.State.SetPageBody("TmHndBk_-1", "canvas-Welcome_01", "hello\n")
	w.Clock.Advance(settle)
	refresh(t, w)
	for _, s := range w.Sent(func() { shoot(t, w) }) {
		if strings.Contains(s, "/docs/") && !strings.Contains(s, "/docs/TmHndBk_-1") && !strings.HasSuffix(s, "/acl/permissions") && !strings.Contains(s, "/formulas/") {
			t.Error(s)
		}
	}
}

func TestSupersededVersions(t *testing.T) {
	w := sample(t, codadocs.Selection{})
	page, table, unread := file(t, w, pagePlan), file(t, w, hubRoadmap+".csv"), file(t, w, pageRoadmap)
	oldPage, oldTable, oldUnread := version(t, page), version(t, table), version(t, unread)
	text, err := open(t.Context(), page, oldPage)
	if err != nil {
		t.Fatal(err)
	}
	w.State.SetPageBody(codatest.SampleDoc, codatest.SamplePage, "# New\n")
	row := state(t, w.State, codatest.SampleDoc, codatest.SampleRoadmap).Rows[0].ID
	w.State.DeleteRow(codatest.SampleDoc, codatest.SampleRoadmap, row)
	refresh(t, w)
	if got, err := open(t.Context(), page, oldPage); err != nil || got != text {
		t.Errorf("what the store has: %.20q, %v", got, err)
	}
	equal(t, "sent for what it has not", contents(w.Sent(func() {
		if _, err := open(t.Context(), table, oldTable); !errors.Is(err, fs.ErrStale) {
			t.Errorf("a table that the store has not: %v", err)
		}
		if _, err := open(t.Context(), unread, oldUnread); !errors.Is(err, fs.ErrStale) {
			t.Errorf("a page that it has not: %v", err)
		}
	})), nil)
	for name, old := range map[string]fs.Version{"doc.json": {Key: "gone"}, "pages.json": {Key: "gone"}} {
		if _, err := open(t.Context(), file(t, w, hub+name), old); !errors.Is(err, fs.ErrStale) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := read(t, w, pagePlan); got != "# New\n" {
		t.Errorf("the new one: %q", got)
	}
	if n := len(w.Tree.Failures()); n != 0 {
		t.Errorf("%d failures: a version that is gone is none", n)
	}
}

func TestModTimesAreTheStampsOfTheService(t *testing.T) {
	w := sample(t, codadocs.Selection{})
	day := func(s string) time.Time {
		at, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	newest, plan, people := day("2026-03-18T16:20:31.482Z"), day("2026-03-11T08:00:00Z"), day("2026-01-12T17:00:00Z")
	handbook := day("2026-02-16T08:00:00Z")
	peopleRows := state(t, w.State, codatest.SampleDoc, "grid-Ppl-0aB_cd9").Rows
	people = people.Add(time.Duration(len(peopleRows)-1) * time.Minute) // a row a minute
	const peopleTable = hub + "tables/table/People__People__grid-Ppl-0aB_cd9"
	treetest.Read(t, w.FS(t))
	got := map[string]time.Time{}
	for _, f := range treetest.Read(t, w.FS(t)) {
		got[f.Path] = f.ModTime
	}
	for path, want := range map[string]time.Time{
		".": newest, "docs": newest, hub[:len(hub)-1]: newest, hub + "doc.json": newest, hub + "pages.json": newest, hub + "tables.json": newest,
		hub + "pages": newest, hub + "tables": newest, hub + "tables/view": newest, hub + "pages/Meeting notes__canvas-Notes-2026": newest,
		pagePlan:            plan,
		pageStatus:          newest, // the roadmap, of which it shows a view, moved later
		hubRoadmap + ".csv": newest, hubRoadmap + ".table.json": newest, hubRoadmap + ".columns.json": newest,
		hubAtRisk + ".csv": newest, hubAtRisk + ".table.json": newest, hubAtRisk + ".columns.json": newest,
		peopleTable + ".csv": people, peopleTable + ".table.json": people, peopleTable + ".columns.json": people,
		"docs/Team Handbook__TmHndBk_-1":                                handbook,
		"docs/Team Handbook__TmHndBk_-1/doc.json":                       handbook,
		hub + "pages/Design board (Figma)__canvas-FigmaBoard.page.json": day("2026-01-26T08:00:00Z"),
	} {
		if !got[path].Equal(want) {
			t.Errorf("%s: %v, want %v", path, got[path], want)
		}
	}
}

func TestDocsComeGoAndChangeNames(t *testing.T) {
	w := sample(t, codadocs.Selection{})
	walked(t, w)
	w.State.RenameDoc("TmHndBk_-1", "Team: Handbook")
	w.State.RemoveDoc("Rs_ch26-Kq")
	w.State.AddDoc(&codatest.Doc{ID: "NewDoc-001", Name: "New", Pages: []*codatest.Page{{ID: "canvas-New-00001", Name: "new", Body: "new\n"}}})
	hasNot(t, walked(t, w), "NewDoc-001") // nothing moves between two refreshes
	refresh(t, w)
	all := walked(t, w)
	has(t, all, "docs/Team_ Handbook__TmHndBk_-1/pages/Welcome__canvas-Welcome_01.md")
	hasNot(t, all, "docs/Team Handbook")
	hasNot(t, all, "Rs_ch26-Kq")
	if got := read(t, w, "docs/New__NewDoc-001/pages/new__canvas-New-00001.md"); got != "new\n" {
		t.Errorf("%q", got)
	}
}

// Who holds a folder sees its subpages under new names too.
func TestHeldFolderShowsARenamedPagesChildren(t *testing.T) {
	w := sample(t, codadocs.Selection{})
	held := folder(t, w, hub+"pages/Meeting notes__canvas-Notes-2026/2026-03-17 Go _ no-go__canvas-Gonogo-317")
	w.State.RenamePage(codatest.SampleDoc, "canvas-Notes-2026", "Minutes")
	w.State.RenamePage(codatest.SampleDoc, "canvas-TenQuest_s", "Questions")
	w.Fail(codatest.Fault{Method: "POST", Path: ".*/export", Status: 400})
	refresh(t, w)
	nodes, err := held.Entries(t.Context())
	if err != nil || len(nodes) != 1 || nodes[0].Name() != "Questions__canvas-TenQuest_s.md" {
		t.Fatalf("%v, %v", nodes, err)
	}
	f := nodes[0].(fs.File)
	if _, err := open(t.Context(), f, version(t, f)); err == nil {
		t.Fatal("the export did not fail")
	}
	want := hub + "pages/Minutes__canvas-Notes-2026/2026-03-17 Go _ no-go__canvas-Gonogo-317/Questions__canvas-TenQuest_s.md"
	if got := w.Tree.Failures(); len(got) != 1 || got[0].Path != want {
		t.Errorf("failures: %+v", got)
	}
	w.State.RemovePage(codatest.SampleDoc, "canvas-TenQuest_s")
	refresh(t, w)
	if nodes, err := held.Entries(t.Context()); !errors.Is(err, errNotExist) {
		t.Errorf("%v, %v", nodes, err)
	}
}
