package codadocs_test

import (
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/source/codadocs"
	"github.com/codafs/codafs/fs/treetest"
)

// notices gathers what a tree tells its owner.
type notices struct {
	mu  sync.Mutex
	ids []string
}

func (n *notices) add(id string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.ids = append(n.ids, id)
}

// take gives what came since the last take, sorted.
func (n *notices) take() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	ids := slices.Sorted(slices.Values(n.ids))
	n.ids = nil
	return ids
}

func watched(t *testing.T, state *codatest.Workspace, o treetest.Options) (*treetest.Workspace, *notices) {
	n := &notices{}
	o.Changed = n.add
	return treetest.New(t, state, o), n
}

const (
	refreshed = "GET /docs"
	// settled is longer than any content stays young.
	settled = 11 * time.Minute
)

func TestRefreshOfAnUnchangedWorkspaceListsDocsAndNothingElse(t *testing.T) {
	w, told := watched(t, codatest.Generate(1, 500, 1, 0, 0), treetest.Options{})
	index(t, w.Tree)
	w.Clock.Advance(settled)
	refresh(t, w)
	told.take()
	w.Clock.Advance(settled)
	sent := w.Sent(func() {
		refresh(t, w)
		walked(t, w)
	})
	sent = slices.DeleteFunc(sent, func(s string) bool { return s == refreshed })
	if len(sent) > 0 {
		t.Errorf("sent beside the list of docs: %d requests, such as %s", len(sent), sent[0])
	}
	if ids := told.take(); len(ids) > 0 {
		t.Errorf("told of changes: %v", ids)
	}
}

func TestEditIsToldAndFetchedAlone(t *testing.T) {
	w, told := watched(t, codatest.Sample(), treetest.Options{})
	for _, p := range []string{hubRoadmap + ".csv", pageRoadmap, pagePlan, hub + "pages.json"} {
		read(t, w, p)
	}
	refresh(t, w)
	told.take()
	before := read(t, w, pagePlan)
	w.State.SetPageBody(codatest.SampleDoc, "canvas-_Lp20Plan0", "new text\n")
	refresh(t, w)
	if ids := told.take(); !slices.Equal(ids, []string{codatest.SampleDoc}) {
		t.Errorf("told %v, want the doc alone", ids)
	}
	var after string
	sent := w.Sent(func() {
		after = read(t, w, pagePlan)
		read(t, w, pageRoadmap)
		read(t, w, hubRoadmap+".csv")
	})
	if after == before || after != "new text\n" {
		t.Errorf("the page is %q", after)
	}
	for _, s := range sent {
		if s == "POST "+hubPath+"/pages/canvas-RoadMap-_1/export" || s == "GET "+hubPath+"/tables/grid-Rm4_pq-T2x/rows" {
			t.Errorf("sent %s for what did not change", s)
		}
	}
	if want := "POST " + hubPath + "/pages/canvas-_Lp20Plan0/export"; !slices.Contains(sent, want) {
		t.Errorf("sent %v, without %s", sent, want)
	}
}

func TestYoungDocsAreToldUntilTheySettle(t *testing.T) {
	w, told := watched(t, codatest.Sample(), treetest.Options{})
	refresh(t, w)
	told.take()
	w.State.SetPageBody(codatest.SampleDoc, "canvas-_Lp20Plan0", "new text\n")
	refresh(t, w)
	v := version(t, file(t, w, pagePlan))
	if !v.Young() {
		t.Fatal("a version just edited is not young")
	}
	told.take()
	w.Clock.Advance(settled)
	refresh(t, w)
	if ids := told.take(); !slices.Contains(ids, codatest.SampleDoc) {
		t.Errorf("told %v when the doc settled", ids)
	}
	if now := version(t, file(t, w, pagePlan)); now.Young() || now.Key == v.Key {
		t.Errorf("the version is %v, was %v", now, v)
	}
	w.Clock.Advance(time.Minute)
	refresh(t, w)
	if ids := told.take(); len(ids) > 0 {
		t.Errorf("told %v of a doc long settled", ids)
	}
}

func TestNewAndRemovedDocsAreTold(t *testing.T) {
	w, told := watched(t, codatest.Sample(), treetest.Options{})
	refresh(t, w)
	told.take()
	w.State.RemoveDoc("TmHndBk_-1")
	refresh(t, w)
	if ids := told.take(); !slices.Equal(ids, []string{""}) {
		t.Errorf("told %v, want the list of docs", ids)
	}
}

// dead has every request fail.
var dead = codatest.Fault{Path: ".*", Status: http.StatusBadGateway}

func TestServiceDownLeavesAllThatIsKnownReadable(t *testing.T) {
	dir := t.TempDir()
	w, _ := watched(t, codatest.Sample(), treetest.Options{Store: treetest.Disk(t, dir)})
	want := treetest.Read(t, w.FS(t))
	w.Fail(dead)
	if err := w.Tree.Refresh(t.Context()); err == nil {
		t.Fatal("a refresh succeeded without a service")
	}
	options := treetest.RunOptions{}
	for _, d := range options.Differ(want, treetest.Read(t, w.FS(t))) {
		t.Errorf("the same tree: %s", d)
	}
	// Another process, later: all that it knows is on disk.
	w.Clock.Advance(48 * time.Hour)
	w.Tree = w.NewTree(treetest.Disk(t, dir), codadocs.Selection{})
	for _, d := range options.Differ(want, treetest.Read(t, w.FS(t))) {
		t.Errorf("a new tree: %s", d)
	}
}

func TestServiceDownServesWhatWasFetchedYoung(t *testing.T) {
	dir := t.TempDir()
	w, _ := watched(t, codatest.Sample(), treetest.Options{Store: treetest.Disk(t, dir)})
	refresh(t, w)
	w.State.SetPageBody(codatest.SampleDoc, "canvas-_Lp20Plan0", "just written\n")
	refresh(t, w)
	read(t, w, pagePlan)
	w.Fail(dead)
	w.Clock.Advance(settled)
	w.Tree = w.NewTree(treetest.Disk(t, dir), codadocs.Selection{})
	if got := read(t, w, pagePlan); got != "just written\n" {
		t.Errorf("the page is %q", got)
	}
}

func TestSlowCheckServesWhatIsKnownAndTellsLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, told := watched(t, codatest.Sample(), treetest.Options{})
		before := read(t, w, hub+"pages.json")
		w.State.RenamePage(codatest.SampleDoc, "canvas-_Lp20Plan0", "Another name")
		refresh(t, w)
		told.take()
		w.Fail(codatest.Fault{Method: http.MethodGet, Path: hubPath + "/pages", Kind: codatest.SlowBody, Delay: 30 * time.Second})
		start := time.Now()
		if got := read(t, w, hub+"pages.json"); got != before {
			t.Error("what is known was not served")
		}
		if waited := time.Since(start); waited < 2*time.Second || waited > 3*time.Second {
			t.Errorf("waited %v, want 2 s", waited)
		}
		start = time.Now()
		read(t, w, hub+"pages.json")
		if waited := time.Since(start); waited > 0 {
			t.Errorf("waited %v for the same again", waited)
		}
		if ids := told.take(); len(ids) > 0 {
			t.Errorf("told %v before there was an answer", ids)
		}
		time.Sleep(40 * time.Second)
		synctest.Wait()
		if ids := told.take(); !slices.Equal(ids, []string{codatest.SampleDoc}) {
			t.Errorf("told %v when the answer came", ids)
		}
		if got := read(t, w, hub+"pages.json"); got == before {
			t.Error("the new list is not served")
		}
	})
}

func TestFirstListingThatHangsIsWaitedForWhileNothingIsKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _ := watched(t, codatest.Sample(), treetest.Options{})
		w.Fail(codatest.Fault{Method: http.MethodGet, Path: hubPath + "/pages", Kind: codatest.SlowBody, Delay: 30 * time.Second})
		read(t, w, hub+"pages.json")
	})
}

func TestCloseEndsWhatRunsBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _ := watched(t, codatest.Sample(), treetest.Options{})
		read(t, w, hub+"pages.json")
		w.State.Touch(codatest.SampleDoc)
		refresh(t, w)
		w.Fail(codatest.Fault{Method: http.MethodGet, Path: hubPath + "/pages", Kind: codatest.SlowBody, Delay: time.Hour})
		start := time.Now()
		read(t, w, hub+"pages.json")
		w.Tree.Close()
		if waited := time.Since(start); waited > time.Minute {
			t.Errorf("closing took %v", waited)
		}
	})
}

// What is old is served while a list fails, and whoever wonders finds the reason: also where the failing takes so long
// that nobody waits for it.
func TestListServedOldForAFailureIsTold(t *testing.T) {
	for name, retries := range map[string]int{"at once": 0, "after some tries": 4} {
		synctest.Test(t, func(t *testing.T) {
			w, _ := watched(t, codatest.Sample(), treetest.Options{Client: coda.Options{MaxRetries: retries}})
			before := read(t, w, hub+"pages.json")
			w.State.RenamePage(codatest.SampleDoc, "canvas-_Lp20Plan0", "Another name")
			refresh(t, w)
			w.Fail(codatest.Fault{Method: http.MethodGet, Path: hubPath + "/pages", Status: http.StatusInternalServerError})
			if got := read(t, w, hub+"pages.json"); got != before {
				t.Errorf("%s: what is known was not served", name)
			}
			time.Sleep(time.Minute)
			synctest.Wait()
			got := w.Tree.Failures()
			if len(got) != 1 || got[0].Path != hub+"pages.json" || got[0].Kind != fs.KindPages || got[0].HTTPStatus != 500 {
				t.Errorf("%s: %+v", name, got)
			}
		})
	}
}

// Whoever reads offline has chosen what is known.
func TestListServedOldOfflineIsNoFailure(t *testing.T) {
	w := sample(t, codadocs.Selection{})
	walked(t, w)
	var err error
	if w.Client, err = coda.New(coda.Options{Offline: true, Token: "a-token"}); err != nil {
		t.Fatal(err)
	}
	w.Tree = w.NewTree(w.Store, codadocs.Selection{})
	walked(t, w)
	if got := w.Tree.Failures(); len(got) > 0 {
		t.Errorf("%+v", got)
	}
}

// What looks at the mountpoint waits for the time that the docs give it, within limits: ls -l of the folder above does too.
func TestRootWaitsForItsTimeButNotForLong(t *testing.T) {
	for name, c := range map[string]struct {
		fault codatest.Fault
		known bool // from an earlier run
		wait  time.Duration
	}{
		"the service answers":                  {fault: codatest.Fault{Path: "/none"}, known: true},
		"it hangs":                             {fault: codatest.Fault{Path: "/docs", Kind: codatest.SlowBody, Delay: time.Hour}, wait: 2 * time.Second},
		"it hangs, an earlier run knew":        {fault: codatest.Fault{Path: "/docs", Kind: codatest.SlowBody, Delay: time.Hour}, known: true, wait: 2 * time.Second},
		"it is down":                           {fault: dead},
		"it is down, an earlier run knew more": {fault: dead, known: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, _ := watched(t, codatest.Sample(), treetest.Options{})
				if c.known {
					refresh(t, w)
					w.Tree = w.NewTree(w.Store, codadocs.Selection{})
				}
				w.Fail(c.fault)
				root := w.Tree.Root().(fs.Undated)
				for _, most := range []time.Duration{c.wait, 0} {
					started := time.Now()
					root.AwaitModTime(t.Context())
					if waited := time.Since(started); waited > most {
						t.Errorf("waited %v, want %v at most", waited, most)
					}
					if root.ModTime().IsZero() == c.known {
						t.Errorf("the time is %v", root.ModTime())
					}
				}
				w.Heal()
			})
		})
	}
}
