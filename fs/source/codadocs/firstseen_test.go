package codadocs_test

import (
	"testing"
	"time"

	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/remote"
	"github.com/codafs/codafs/fs/source/codadocs"
	"github.com/codafs/codafs/fs/treetest"
)

const permissionsJSON = hub + "permissions.json"

// now reads a file and gives its version.
func now(t *testing.T, tree *remote.Tree, path string) (string, fs.Version) {
	t.Helper()
	n, err := fs.Walk(t.Context(), tree.Root(), path)
	if err != nil {
		t.Fatal(err)
	}
	f := n.(fs.File)
	c, v, err := fs.OpenCurrent(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	text, err := open(t.Context(), f, v)
	if err != nil {
		t.Fatal(err)
	}
	return text, v
}

func wantTime(t *testing.T, when string, v fs.Version, want time.Time) {
	t.Helper()
	if !v.ModTime.Equal(want) {
		t.Errorf("%s: mtime %v, want %v", when, v.ModTime, want)
	}
}

// swapAccess gives two who have access to a doc what the other has: the list has other bytes, and as many.
func swapAccess(w *treetest.Workspace) {
	w.State.Recompute(codatest.SampleDoc, func(d *codatest.Doc) {
		a, b := d.Permissions[0], d.Permissions[1]
		a.Access, b.Access = b.Access, a.Access
	})
}

func TestPermissionsHaveTheTimeAtWhichTheyWereFirstSeen(t *testing.T) {
	w := sample(t, codadocs.Selection{})
	stamp := w.State.Docs[0].UpdatedAt
	refresh(t, w)
	text, before := now(t, w.Tree, permissionsJSON)
	wantTime(t, "first", before, stamp)

	w.Clock.Advance(2 * time.Minute)
	_, same := now(t, w.Tree, permissionsJSON)
	if same != before {
		t.Errorf("version %v became %v, and nothing changed", before, same)
	}

	swapAccess(w)
	w.Clock.Advance(2 * time.Minute)
	seen := w.Clock.Now()
	changed, after := now(t, w.Tree, permissionsJSON)
	if len(changed) != len(text) || changed == text {
		t.Fatalf("the permissions are\n%s\nafter\n%s", changed, text)
	}
	wantTime(t, "changed", after, seen)
	if after.Key == before.Key {
		t.Error("other bytes have the same key")
	}

	w.Clock.Advance(time.Hour)
	again := w.NewTree(w.Store, codadocs.Selection{})
	_, v := now(t, again, permissionsJSON)
	if v != after {
		t.Errorf("another tree over the same store has version %v, want %v", v, after)
	}
	for _, e := range index(t, again) {
		if e.Path == permissionsJSON && (!e.ModTime.Equal(seen) || e.Version != after.Key || e.Unstamped) {
			t.Errorf("the index has %+v, want the time %v and the version %v", e, seen, after.Key)
		}
	}
	_, v = now(t, w.NewTree(treetest.Memory(t), codadocs.Selection{}), permissionsJSON)
	wantTime(t, "without a memory", v, stamp)

	w.State.RenameDoc(codatest.SampleDoc, "Product Launch Hub")
	edited := w.Clock.Now()
	w.Clock.Advance(time.Hour)
	refresh(t, w)
	_, v = now(t, w.Tree, permissionsJSON)
	wantTime(t, "after an edit of the doc", v, edited)

	swapAccess(w)
	w.State.RenameDoc(codatest.SampleDoc, "Product Launch Hub")
	w.Clock.Advance(time.Hour)
	refresh(t, w)
	_, v = now(t, w.Tree, permissionsJSON)
	wantTime(t, "after an edit of both", v, w.Clock.Now())
}

// No stamp tells of what doc.json has beside the doc's content.
func TestADocThatIsMovedWithoutAStampIsSeen(t *testing.T) {
	told := map[string]int{}
	w := treetest.New(t, codatest.Sample(), treetest.Options{Changed: func(id string) { told[id]++ }})
	refresh(t, w)
	_, before := now(t, w.Tree, hub+"doc.json")
	w.Clock.Advance(time.Hour)
	refresh(t, w)
	clear(told)
	w.State.Recompute(codatest.SampleDoc, func(d *codatest.Doc) { d.Published = "play" })
	refresh(t, w)
	if told[codatest.SampleDoc] != 1 {
		t.Errorf("told of %v, want the doc", told)
	}
	_, after := now(t, w.Tree, hub+"doc.json")
	wantTime(t, "moved", after, w.Clock.Now())
	if after.Key == before.Key {
		t.Error("other bytes have the same key")
	}
}

// What is read just after an edit may be older than its stamp. The list that is right comes under the same one.
func TestAListThatLaggedIsAnotherOneUnderTheSameStamp(t *testing.T) {
	lag := time.Duration(0)
	w := treetest.New(t, codatest.Sample(), treetest.Options{Service: codatest.Options{Lag: func(string, string) time.Duration { return lag }}})
	refresh(t, w)
	w.State.RenamePage(codatest.SampleDoc, "canvas-_Lp20Plan0", "Launch plum")
	edited := w.Clock.Now()
	w.Clock.Advance(time.Second)
	lag = time.Minute
	refresh(t, w)
	old, young := now(t, w.Tree, hub+"pages.json")
	wantTime(t, "young", young, edited)
	lag = 0
	w.Clock.Advance(time.Hour)
	refresh(t, w)
	settled, v := now(t, w.Tree, hub+"pages.json")
	if settled == old || len(settled) != len(old) {
		t.Fatal("the stand-in does not lag")
	}
	wantTime(t, "settled", v, w.Clock.Now())
}

func TestAClockThatIsBehindHidesNoChange(t *testing.T) {
	stamp := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	last := fs.Seen{}.Next("a", stamp, true, stamp)
	for i, sum := range []string{"b", "a", "c"} {
		next := last.Next(sum, stamp, true, stamp.AddDate(0, 0, -1))
		if want := stamp.Add(time.Duration(i+1) * time.Second); !next.ModTime.Equal(want) || !next.Since.Equal(want) {
			t.Errorf("%s after %s: %+v, want %v", sum, last.SHA256, next, want)
		}
		last = next
	}
}
