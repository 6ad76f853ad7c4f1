package codadocs_test

import (
	"context"
	"errors"
	iofs "io/fs"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/coda/rest"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/source/codadocs"
	"github.com/codafs/codafs/fs/treetest"
)

// docNames are the names in a doc's folder.
var docNames = []string{"doc.json", "pages.json", "tables.json", "formulas.json", "controls.json", "permissions.json", "pages", "tables"}

// later is longer than a failure is told without asking again.
const later = 6 * time.Second

func TestFailingPageListHidesNothingElse(t *testing.T) {
	w := sample(t, codadocs.Selection{})
	w.Fail(codatest.Fault{Path: hubPath + "/pages", Status: 500})
	nodes, err := folder(t, w, strings.TrimSuffix(hub, "/")).Entries(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, n := range nodes {
		names = append(names, n.Name())
	}
	equal(t, "names", names, docNames)
	read(t, w, hub+"doc.json")
	read(t, w, hubRoadmap+".csv")
	if _, err := folder(t, w, hub+"pages").Entries(t.Context()); rest.CodeOf(err) != rest.CodeServerError {
		t.Errorf("pages: %v", err)
	}
	if _, err := iofs.ReadFile(w.FS(t), hub+"pages.json"); rest.CodeOf(err) != rest.CodeServerError {
		t.Errorf("pages.json: %v", err)
	}
	has(t, walkedBelow(t, w, "docs/"+bookFolder), "docs/"+bookFolder+"/pages/Welcome__canvas-Welcome_01.md")

	gaps := failures(index(t, w.Tree))
	if len(gaps) != 1 || gaps[0].Path != hub+"pages.json" || gaps[0].Kind != fs.KindPages || gaps[0].Failure.HTTPStatus != 500 {
		t.Errorf("gaps: %+v", gaps)
	}
}

func walkedBelow(t *testing.T, w *treetest.Workspace, dir string) (all []string) {
	t.Helper()
	err := iofs.WalkDir(w.FS(t), dir, func(path string, _ iofs.DirEntry, err error) error {
		all = append(all, path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// The text of a page can be had though nobody tells which tables stand on it.
func TestFailingTableListCostsNoPage(t *testing.T) {
	for _, path := range []string{hubPath + "/tables", hubPath + "/tables/table--AtRisk-_1"} {
		for _, status := range []int{403, 404, 500} {
			w := sample(t, codadocs.Selection{})
			w.Fail(codatest.Fault{Path: path, Status: status})
			before := read(t, w, pageStatus)
			// Whichever table it was that changed, the page is new.
			w.State.SetCell(codatest.SampleDoc, codatest.SampleRoadmap, someRow(t, w), nameColumn(t, w), codatest.Text("Edited"))
			refresh(t, w)
			if after := read(t, w, pageStatus); after == before {
				t.Errorf("%s %d: the page is as it was", path, status)
			}
		}
	}
}

// someRow is a row that the page pageStatus shows.
func someRow(t *testing.T, w *treetest.Workspace) string {
	view := state(t, w.State, codatest.SampleDoc, "table--AtRisk-_1")
	rows := state(t, w.State, codatest.SampleDoc, codatest.SampleRoadmap).Rows
	return rows[slices.IndexFunc(rows, view.Filter)].ID
}

func nameColumn(t *testing.T, w *treetest.Workspace) string {
	return state(t, w.State, codatest.SampleDoc, codatest.SampleRoadmap).Columns[0].ID
}

func TestRefusedListsLeaveTheDocAlone(t *testing.T) {
	w := sample(t, codadocs.Selection{})
	w.Fail(codatest.Fault{Path: hubPath + "/(pages|tables|formulas|controls|acl/permissions)", Status: 403})
	equal(t, "the doc", walkedBelow(t, w, "docs/"+hubFolder), []string{"docs/" + hubFolder, hub + "doc.json"})
	var got []string
	for _, e := range failures(index(t, w.Tree)) {
		got = append(got, string(e.Kind)+" "+e.Path+" "+e.Failure.Code)
	}
	equal(t, "gaps", got, []string{"pages " + hub + "pages.json forbidden", "tables " + hub + "tables.json forbidden"})
	if n := len(w.Tree.Failures()); n != 2 {
		t.Errorf("%d failures are told, want 2", n)
	}
}

func TestFailedRefreshKeepsWhatIsKnown(t *testing.T) {
	w := sample(t, codadocs.Selection{})
	before := shoot(t, w)
	w.State.RenameDoc("TmHndBk_-1", "New name")
	for _, f := range []codatest.Fault{
		{Path: "/docs", Status: 500}, {Path: "/docs", Kind: codatest.Reset}, {Path: "/docs", Kind: codatest.BadJSON},
		{Path: "/docs", Kind: codatest.HTML}, {Path: "/docs", Status: 401}, {Path: "/docs", Kind: codatest.Truncated},
	} {
		w.Fail(f)
		if err := w.Tree.Refresh(t.Context()); err == nil {
			t.Errorf("%+v: no error", f)
		}
		versions, _ := moved(before, shoot(t, w))
		equal(t, "moved", versions, nil)
		w.Heal()
	}
}

// A list that dies on its second page is no short list.
func TestListThatBreaksOffIsAnError(t *testing.T) {
	for path, open := range map[string]string{
		"/docs": "docs", hubPath + "/pages": hub + "pages", hubPath + "/tables": hub + "tables/table",
	} {
		w := treetest.New(t, codatest.Sample(), treetest.Options{Service: codatest.Options{PageSize: 2}})
		w.Fail(codatest.Fault{Path: path, Skip: 1, Status: 500})
		n, err := fs.Walk(t.Context(), w.Tree.Root(), open)
		if err == nil {
			_, err = n.(fs.Dir).Entries(t.Context())
		}
		if rest.CodeOf(err) != rest.CodeServerError {
			t.Errorf("%s: %v", path, err)
		}
	}
	for _, f := range []codatest.Fault{
		{Path: ".*/rows", Skip: 1, Status: 500}, {Path: ".*/columns", Skip: 1, Status: 500}, {Path: ".*/rows", Kind: codatest.LoopingToken},
	} {
		w := treetest.New(t, codatest.Sample(), treetest.Options{Service: codatest.Options{PageSize: 2}})
		w.Fail(f)
		if b, err := iofs.ReadFile(w.FS(t), hubRoadmap+".csv"); err == nil {
			t.Errorf("%+v: %d bytes", f, len(b))
		}
		w.Heal()
		w.Clock.Advance(later)
		if n := strings.Count(read(t, w, hubRoadmap+".csv"), "\ni-"); n != len(state(t, w.State, codatest.SampleDoc, codatest.SampleRoadmap).Rows) {
			t.Errorf("%+v: %d rows after it", f, n)
		}
	}
}

func TestFailingPageCostsThatPage(t *testing.T) {
	w := sample(t, codadocs.Selection{})
	w.Fail(codatest.Fault{Method: "POST", Path: hubPath + "/pages/" + codatest.SamplePage + "/export", Status: 500})
	f := file(t, w, pagePlan)
	v := version(t, f)
	fail := func() {
		t.Helper()
		for range 10 {
			if _, err := open(t.Context(), f, v); rest.CodeOf(err) != rest.CodeServerError {
				t.Errorf("%v", err)
			}
		}
	}
	export := []string{"POST " + hubPath + "/pages/" + codatest.SamplePage + "/export"}
	equal(t, "ten opens", w.Sent(fail), export)
	lines := jsonLines[fs.Failure](t, read(t, w, ".codafs/errors.jsonl"))
	if len(lines) != 1 || lines[0].Path != pagePlan || lines[0].ObjectID != codatest.SamplePage || lines[0].Code != "server_error" ||
		lines[0].HTTPStatus != 500 || lines[0].Attempts != 1 || !lines[0].Time.Equal(w.Clock.Now()) {
		t.Errorf("%+v", lines)
	}
	w.Clock.Advance(later)
	equal(t, "ten opens later", w.Sent(fail), export)
	if n := len(w.Tree.Failures()); n != 1 {
		t.Errorf("%d lines for one page", n)
	}
	read(t, w, pageStatus)
	w.Heal()
	w.Clock.Advance(later)
	if _, err := open(t.Context(), f, v); err != nil {
		t.Errorf("healed: %v", err)
	}
}

// Failures of lists are kept for a moment too: a walk meets them at every step.
func TestFailingListIsAskedForOnceInAWhile(t *testing.T) {
	w := sample(t, codadocs.Selection{})
	refresh(t, w)
	w.Fail(codatest.Fault{Path: hubPath + "/pages", Status: 500})
	ask := func() {
		for range 10 {
			if _, err := folder(t, w, hub+"pages").Entries(t.Context()); err == nil {
				t.Error("no error")
			}
		}
	}
	equal(t, "at first", w.Sent(ask), []string{"GET " + hubPath + "/pages"})
	w.Clock.Advance(later)
	equal(t, "later", w.Sent(ask), []string{"GET " + hubPath + "/pages"})
	w.Heal()
	w.Clock.Advance(later)
	if _, err := folder(t, w, hub+"pages").Entries(t.Context()); err != nil {
		t.Errorf("healed: %v", err)
	}
}

func TestRefusedTokenEndsTheIndex(t *testing.T) {
	w := sample(t, codadocs.Selection{})
	refresh(t, w)
	w.Fail(codatest.Fault{Path: "/docs/.*", Status: 401})
	sent := w.Sent(func() {
		if _, err := treetest.Index(t.Context(), w.Tree, fs.Held{}); rest.CodeOf(err) != rest.CodeUnauthorized {
			t.Errorf("%v", err)
		}
	})
	if len(sent) > 1+3*5 { // the docs, and at most five lists of each
		t.Errorf("sent on and on: %q", sent)
	}
}

// An index that fails in part leaves the tree as good as it was.
func TestFailingIndexTakesNothingAway(t *testing.T) {
	w := sample(t, codadocs.Selection{})
	before := shoot(t, w)
	w.Fail(codatest.Fault{Path: hubPath + "/(pages|tables|tables/.*)", Status: 500})
	if gaps := failures(index(t, w.Tree)); len(gaps) != 2 {
		t.Errorf("%d gaps, want 2: %+v", len(gaps), gaps)
	}
	versions, bytes := moved(before, shoot(t, w))
	equal(t, "versions", versions, nil)
	equal(t, "bytes", bytes, nil)
}

func TestCallerThatGivesUpIsNoFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := treetest.New(t, codatest.Sample(), treetest.Options{Service: codatest.Options{Latency: time.Minute}, Client: coda.Options{ExportTimeout: time.Hour}})
		for wait, give := range map[string]time.Duration{"docs": 30 * time.Second, "lists": 90 * time.Second, "export": 210 * time.Second} {
			tree := w.NewTree(treetest.Memory(t), codadocs.Selection{})
			ctx, cancel := context.WithTimeout(t.Context(), give)
			if _, err := iofs.ReadFile(fs.FS(ctx, tree.Root()), pagePlan); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s: %v", wait, err)
			}
			cancel()
			if got := tree.Failures(); len(got) != 0 {
				t.Errorf("%s: %+v", wait, got)
			}
			if _, err := iofs.ReadFile(fs.FS(t.Context(), tree.Root()), pagePlan); err != nil {
				t.Errorf("%s: another caller: %v", wait, err)
			}
		}
	})
}

// Many who want the same thing cost one request each for what they share.
func TestManyCallersShare(t *testing.T) {
	w := sample(t, codadocs.Selection{})
	sent := w.Sent(func() {
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				for _, p := range []string{pageStatus, hubRoadmap + ".csv", hub + "pages.json", ".codafs/status.json"} {
					if _, err := iofs.ReadFile(w.FS(t), p); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
	})
	sent = slices.DeleteFunc(sent, func(s string) bool { return strings.Contains(s, "/export/") || strings.Contains(s, "DOC_EXPORT") })
	equal(t, "sent", sent, []string{
		"GET /docs", "GET " + hubPath + "/pages", "GET " + hubPath + "/tables",
		"GET " + hubPath + "/tables/grid-Rm4_pq-T2x", "GET " + hubPath + "/tables/grid-Rm4_pq-T2x/columns", "GET " + hubPath + "/tables/grid-Rm4_pq-T2x/rows",
		"GET " + hubPath + "/tables/table--AtRisk-_1", "GET " + hubPath + "/tables/table--AtRisk-_1/columns", "POST " + hubPath + "/pages/canvas-Ijk_Status1/export",
	})
}

// Readers, edits, refreshes and indexes at once: every answer is a whole one.
func TestEditsWhileReading(t *testing.T) {
	w := sample(t, codadocs.Selection{})
	refresh(t, w)
	done := make(chan struct{})
	var wg sync.WaitGroup
	for _, work := range []func(){
		func() { iofs.ReadFile(w.FS(t), pageStatus) },
		func() { iofs.ReadFile(w.FS(t), hubRoadmap+".csv") },
		func() { iofs.ReadDir(w.FS(t), hub+"pages") },
		func() { treetest.Index(t.Context(), w.Tree, fs.Held{}) },
		func() { w.Tree.Refresh(t.Context()) },
		func() { iofs.ReadFile(w.FS(t), ".codafs/errors.jsonl") },
	} {
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					work()
				}
			}
		})
	}
	for i := range 20 {
		w.State.RenamePage(codatest.SampleDoc, codatest.SamplePage, strings.Repeat("x", i+1))
		w.State.SetCell(codatest.SampleDoc, codatest.SampleRoadmap, someRow(t, w), nameColumn(t, w), codatest.Text(strings.Repeat("y", i+1)))
		w.Clock.Advance(time.Minute)
		refresh(t, w)
	}
	close(done)
	wg.Wait()
	w.Clock.Advance(settle)
	refresh(t, w)
	if got := read(t, w, pageStatus); !strings.Contains(got, strings.Repeat("y", 20)) {
		t.Error("the last edit is not seen")
	}
	has(t, walked(t, w), hub+"pages/"+strings.Repeat("x", 20)+"__"+codatest.SamplePage+".md")
	if got := w.Tree.Failures(); len(got) != 0 {
		t.Errorf("%+v", got)
	}
}

// Whoever looks at a folder that lacks something finds the reason, without an index of all.
func TestWhatIsLeftOutIsAFailureWhenItIsFirstSeen(t *testing.T) {
	w := sample(t, codadocs.Selection{})
	w.State.Docs = append(w.State.Docs, &codatest.Doc{ID: "../../etc", Name: "Climber", Owner: w.State.Docs[0].Owner})
	w.State.Edit(codatest.SampleDoc, func(d *codatest.Doc) {
		d.Pages = append(d.Pages, &codatest.Page{ID: "a/b", Name: "Slash"})
		d.Tables = append(d.Tables, &codatest.Table{ID: "a/c", Name: "Slash"})
	})
	w.Fail(codatest.Fault{Path: "/docs/TmHndBk_-1/(pages|tables)", Status: 403})
	told := func() (all []string) {
		for _, f := range w.Tree.Failures() {
			all = append(all, string(f.Kind)+" "+f.ObjectID+" "+f.Path+" "+f.Code)
		}
		return sorted(all...)
	}
	refresh(t, w)
	equal(t, "after a listing of docs", told(), []string{"doc ../../etc  bad_id"})
	walked(t, w)
	want := sorted("doc ../../etc  bad_id", "page a/b  bad_id", "table a/c  bad_id",
		"pages TmHndBk_-1 docs/"+bookFolder+"/pages.json forbidden", "tables TmHndBk_-1 docs/"+bookFolder+"/tables.json forbidden")
	equal(t, "after a walk", told(), want)

	// They are not news each time that somebody looks.
	before := w.Tree.Failures()
	w.Clock.Advance(time.Minute)
	refresh(t, w)
	walked(t, w)
	index(t, w.Tree)
	if after := w.Tree.Failures(); !slices.Equal(after, before) {
		t.Errorf("%+v\nwas\n%+v", after, before)
	}
}
