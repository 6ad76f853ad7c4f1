package codadocs_test

import (
	"context"
	"encoding/json"
	iofs "io/fs"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/codafs/codafs/cache"
	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/remote"
	"github.com/codafs/codafs/fs/source/codadocs"
	"github.com/codafs/codafs/fs/treetest"
)

func TestControlFolderIsFoundAndNotListed(t *testing.T) {
	w := sample(t, codadocs.Selection{})
	equal(t, "sent", w.Sent(func() {
		nodes, err := w.Tree.Root().Entries(t.Context())
		if err != nil || len(nodes) != 1 || nodes[0].Name() != "docs" {
			t.Errorf("%v, %v", nodes, err)
		}
		read(t, w, ".codafs/status.json")
		read(t, w, ".codafs/errors.jsonl")
	}), nil)
	entries, err := iofs.ReadDir(w.FS(t), ".codafs")
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "names", names, []string{"errors.jsonl", "index.jsonl", "status.json"})
	if _, err := iofs.Stat(w.FS(t), ".codafs/other"); err == nil {
		t.Error("there is another file")
	}
}

// A file of .codafs is made when it is opened, and has its size from then on.
func TestControlFilesAreFixedFromOpenOn(t *testing.T) {
	w := sample(t, codadocs.Selection{})
	refresh(t, w)
	for _, name := range []string{"status.json", "errors.jsonl", "index.jsonl"} {
		f := file(t, w, ".codafs/"+name)
		v := version(t, f)
		if _, known := f.Size(v); known || !v.Volatile || v.Costly != (name == "index.jsonl") {
			t.Errorf("%s: %+v, size known: %v", name, v, known)
		}
		first, err := open(t.Context(), f, v)
		if err != nil {
			t.Fatal(err)
		}
		if n := f.Estimate(v); n <= int64(len(first)) {
			t.Errorf("%s: estimated at %d bytes, has %d", name, n, len(first))
		}
		w.State.RenameDoc("TmHndBk_-1", name)
		w.Clock.Advance(time.Minute)
		refresh(t, w)
		second, err := open(t.Context(), f, v)
		if size, known := f.Size(v); err != nil || second != first || !known || size != int64(len(first)) {
			t.Errorf("%s: %d bytes, then %d; size %d, %v", name, len(first), len(second), size, err)
		}
		again := file(t, w, ".codafs/"+name)
		if version(t, again).Key == v.Key {
			t.Errorf("%s: one version in two lives", name)
		}
		if third, _ := open(t.Context(), again, version(t, again)); third == first && name != "errors.jsonl" {
			t.Errorf("%s: a new lookup gives the old text", name)
		}
	}
}

func TestStatus(t *testing.T) {
	w := sample(t, codadocs.Selection{})
	tree := codadocs.New(w.Client, w.Store, codadocs.Options{Options: remote.Options{
		Now:    w.Clock.Now,
		Status: func(_ context.Context, s *fs.Status) { account := "mei-lin@tidemark.example"; s.Account = &account },
	}})
	status := func() (s map[string]any) {
		b, err := iofs.ReadFile(fs.FS(t.Context(), tree.Root()), ".codafs/status.json")
		if err == nil {
			err = json.Unmarshal(b, &s)
		}
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := status()
	if s["schema"] != fs.SchemaStatus || s["docs"] != 0.0 || s["docs_listed_at"] != nil || s["errors"] != 0.0 || s["account"] != "mei-lin@tidemark.example" {
		t.Errorf("at first: %v", s)
	}
	if err := tree.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.Clock.Advance(90 * time.Second)
	w.Fail(codatest.Fault{Path: hubPath + "/pages", Status: 500})
	iofs.ReadFile(fs.FS(t.Context(), tree.Root()), hub+"pages.json")
	s = status()
	last, _ := s["last_error"].(map[string]any)
	if s["docs"] != 3.0 || s["docs_listed_at"] != "2026-06-01T12:00:00Z" || s["docs_listed_age_seconds"] != 90.0 || s["errors"] != 1.0 ||
		last["code"] != "server_error" || last["path"] != hub+"pages.json" {
		t.Errorf("later: %v", s)
	}
}

// The index is of the workspace as it is now, whatever was kept; it reads no content.
func TestIndexListsAfresh(t *testing.T) {
	w := sample(t, codadocs.Selection{})
	shoot(t, w)
	lists := func(w *treetest.Workspace) []string {
		want := []string{"GET /docs"}
		for _, d := range w.State.Docs {
			if d.Owner != (codatest.Person{}) {
				continue
			}
			for _, list := range []string{"/pages", "/tables", "/formulas", "/controls", "/acl/permissions"} {
				want = append(want, "GET /docs/"+d.ID+list)
			}
			for _, x := range d.Tables {
				want = append(want, "GET /docs/"+d.ID+"/tables/"+x.ID, "GET /docs/"+d.ID+"/tables/"+x.ID+"/columns")
			}
		}
		return sorted(want...)
	}
	equal(t, "sent", w.Sent(func() { index(t, w.Tree) }), lists(w))
	equal(t, "sent for the second", w.Sent(func() { read(t, w, ".codafs/index.jsonl") }), lists(w))
	equal(t, "sent for reading on", w.Sent(func() { shoot(t, w) }), nil)
}

func TestIndexIsWhatAWalkFinds(t *testing.T) {
	for name, make := range map[string]func() *codatest.Workspace{"sample": codatest.Sample, "hostile": codatest.Hostile} {
		w := treetest.New(t, make(), treetest.Options{Select: codadocs.Selection{HTMLPages: true, RowsJSON: true}})
		entries := index(t, w.Tree)
		var walk []string
		for _, p := range walked(t, w) {
			if n, err := fs.Walk(t.Context(), w.Tree.Root(), p); err != nil {
				t.Fatal(err)
			} else if _, ok := n.(fs.File); ok {
				walk = append(walk, p)
			}
		}
		var paths []string
		for _, e := range entries {
			paths = append(paths, e.Path)
			f := file(t, w, e.Path)
			v, o := version(t, f), f.Object()
			if v.Key != e.Version || !v.ModTime.Equal(e.ModTime) || o.Kind != e.Kind || o.ID != e.ObjectID || o.DocID != e.DocID ||
				o.Title != e.Name || o.Type != e.Type || o.URL != e.URL || !o.CreatedAt.Equal(e.CreatedAt) || !o.UpdatedAt.Equal(e.UpdatedAt) {
				t.Errorf("%+v\n%+v\n%+v", e, o, v)
			}
			if e.CreatedAt.IsZero() || e.UpdatedAt.IsZero() || e.ModTime.Before(e.UpdatedAt) {
				t.Errorf("%s: stamps %v, %v, %v", e.Path, e.CreatedAt, e.UpdatedAt, e.ModTime)
			}
			if page := e.Kind == fs.KindPage || e.Kind == fs.KindPageHTML; page != (e.Source == "export") {
				t.Errorf("%s: source %q", e.Path, e.Source)
			}
		}
		equal(t, name, paths, sorted(walk...))
		lines := jsonLines[fs.Entry](t, read(t, w, ".codafs/index.jsonl"))
		if len(lines) != len(entries) {
			t.Fatalf("%d lines, %d entries", len(lines), len(entries))
		}
		for i, l := range lines {
			if l.Path != entries[i].Path || l.Version != entries[i].Version {
				t.Errorf("line %d: %+v", i, l)
			}
		}
	}
}

// Two indexes of one state are equal to the byte, also where things are missing.
func TestIndexIsTheSameEachTime(t *testing.T) {
	w := treetest.New(t, codatest.Hostile(), treetest.Options{Service: codatest.Options{PageSize: 5}})
	w.State.Edit("T4bles_-_x", func(d *codatest.Doc) {
		d.Tables = append(d.Tables, &codatest.Table{ID: "a/b"}, &codatest.Table{ID: "a/c"})
		d.Pages = append(d.Pages, &codatest.Page{ID: "a/b"})
	})
	w.Clock.Advance(settle)
	tryExport(t, w)
	w.Fail(codatest.Fault{Path: "/docs/T1tles-_x1/pages", Status: 403})
	w.Fail(codatest.Fault{Path: ".*/grid-Wide-300_", Status: 500})
	first := read(t, w, ".codafs/index.jsonl")
	for range 5 {
		if again := read(t, w, ".codafs/index.jsonl"); again != first {
			t.Fatalf("%s\nwas\n%s", again, first)
		}
	}
	gaps := failures(jsonLines[fs.Entry](t, first))
	if len(gaps) != 3+1+3 { // ids, a list, and three files of a table
		t.Errorf("%d gaps: %+v", len(gaps), gaps)
	}
	if !slices.IsSortedFunc(jsonLines[fs.Entry](t, first), func(a, b fs.Entry) int { return strings.Compare(a.Path, b.Path) }) {
		t.Error("not in the order of paths")
	}
}

// A deleted doc and a new page are seen by an index though nobody called Refresh.
func TestIndexSeesWhatChanged(t *testing.T) {
	w := sample(t, codadocs.Selection{})
	shoot(t, w)
	w.State.RemoveDoc("Rs_ch26-Kq")
	w.State.AddPage(codatest.SampleDoc, &codatest.Page{ID: "canvas-Added-001", Name: "added", Body: "added\n"})
	var paths []string
	for _, e := range index(t, w.Tree) {
		paths = append(paths, e.Path)
	}
	hasNot(t, paths, "Rs_ch26-Kq")
	has(t, paths, hub+"pages/added__canvas-Added-001.md")
	has(t, walked(t, w), hub+"pages/added__canvas-Added-001.md")
}

// Even without a change of the doc's stamp: Coda's lists may lag behind it.
func TestIndexAsksPastWhatIsKept(t *testing.T) {
	w := sample(t, codadocs.Selection{})
	shoot(t, w)
	var stamp time.Time
	w.State.Edit(codatest.SampleDoc, func(d *codatest.Doc) { stamp = d.UpdatedAt; d.Pages[1].Name = "Lagged" })
	w.State.Docs[0].UpdatedAt = stamp
	refresh(t, w)
	hasNot(t, walked(t, w), "Lagged")
	index(t, w.Tree)
	has(t, walked(t, w), hub+"pages/Lagged__"+codatest.SamplePage+".md")
}

func TestRunRefreshesUntilItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := sample(t, codadocs.Selection{})
		refresh(t, w)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { w.Tree.Run(ctx, time.Minute); close(done) }()
		sent := w.Sent(func() { time.Sleep(150 * time.Second); synctest.Wait() })
		equal(t, "in two minutes and a half", sent, []string{"GET /docs", "GET /docs"})
		w.Fail(codatest.Fault{Path: "/docs", Status: 500})
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if got := w.Tree.Failures(); len(got) != 1 || got[0].Kind != fs.KindDoc || got[0].HTTPStatus != 500 {
			t.Errorf("%+v", got)
		}
		stop()
		<-done
	})
}

// Without a service, status.json tells how old is what it shows.
func TestStatusTellsHowOldTheDocsOfAnEarlierRunAre(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := treetest.New(t, codatest.Sample(), treetest.Options{Paced: true})
		disk, err := cache.OpenDisk(t.TempDir(), cache.Options{Now: w.Clock.Now})
		if err != nil {
			t.Fatal(err)
		}
		defer disk.Close()
		store, o := treetest.Kept(disk), codadocs.Options{Options: remote.Options{Now: w.Clock.Now}}
		first := codadocs.New(w.Client, store, o)
		if err := first.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		// Listed for a day, and nothing changed.
		ctx, stop := context.WithCancel(t.Context())
		go first.Run(ctx, time.Minute)
		time.Sleep(24 * time.Hour)
		stop()
		synctest.Wait()
		first.Close()
		time.Sleep(3 * time.Hour)

		w.Fail(dead)
		tree := codadocs.New(w.Client, store, o)
		defer tree.Close()
		fsys := fs.FS(t.Context(), tree.Root())
		if entries, err := iofs.ReadDir(fsys, "docs"); err != nil || len(entries) != 3 {
			t.Fatalf("%d docs, %v", len(entries), err)
		}
		b, err := iofs.ReadFile(fsys, ".codafs/status.json")
		if err != nil {
			t.Fatal(err)
		}
		var s struct {
			At      time.Time `json:"docs_listed_at"`
			Age     int64     `json:"docs_listed_age_seconds"`
			Earlier bool      `json:"docs_from_earlier_run"`
		}
		if err := json.Unmarshal(b, &s); err != nil {
			t.Fatal(err)
		}
		age := time.Duration(s.Age) * time.Second
		if age < 3*time.Hour || age > 3*time.Hour+15*time.Minute || s.At.IsZero() || !s.Earlier {
			t.Errorf("%s", b)
		}
	})
}
