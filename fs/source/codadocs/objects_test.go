package codadocs_test

import (
	"encoding/json"
	"errors"
	"fmt"
	iofs "io/fs"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/coda/rest"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/remote"
	"github.com/codafs/codafs/fs/source/codadocs"
	"github.com/codafs/codafs/fs/treetest"
)

const (
	objectsDoc  = "docs/Objects__ObjectDoc1/"
	objectsPath = "/docs/ObjectDoc1"
)

// objectsOf is a workspace of one doc with n formulas, controls and permissions, the last ids first, and a page.
func objectsOf(n int) *codatest.Workspace {
	d := &codatest.Doc{ID: "ObjectDoc1", Name: "Objects", CreatedAt: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Pages: []*codatest.Page{{ID: "canvas-Only-0001", Name: "Page", Body: "text\n"}}}
	for i := range n {
		id := n - i
		d.Formulas = append(d.Formulas, &codatest.Formula{ID: fmt.Sprintf("f-%d", id), Name: fmt.Sprint("formula ", id), Value: codatest.Number(fmt.Sprint(id))})
		d.Controls = append(d.Controls, &codatest.Control{ID: fmt.Sprintf("ctrl-%d", id), Name: fmt.Sprint("control ", id), Type: "textbox",
			Value: codatest.Text(fmt.Sprint("value ", id))})
		d.Permissions = append(d.Permissions, &codatest.Permission{ID: fmt.Sprintf("perm-%d", id), Access: "write",
			Principal: map[string]string{"type": "domain", "domain": "x.example"}})
	}
	return &codatest.Workspace{ID: "ws-1", User: codatest.Person{Name: "U", Email: "u@x.example"}, Docs: []*codatest.Doc{d}}
}

// object is what the tests look at of a formula, control or permission.
type object struct {
	ID     string
	Value  any
	Access string
}

func objectsIn(t *testing.T, text string) (all []object) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return all
}

// 40 is more than are asked for at once, and than a page of the lists has.
func TestFormulasAndControlsAreWholeAndInOrder(t *testing.T) {
	const n = 40
	w := treetest.New(t, objectsOf(n), treetest.Options{Service: codatest.Options{PageSize: 7}})
	formulas, controls := objectsIn(t, read(t, w, objectsDoc+"formulas.json")), objectsIn(t, read(t, w, objectsDoc+"controls.json"))
	permissions := objectsIn(t, read(t, w, objectsDoc+"permissions.json"))
	if len(formulas) != n || len(controls) != n || len(permissions) != n {
		t.Fatalf("%d formulas, %d controls, %d permissions, want %d", len(formulas), len(controls), len(permissions), n)
	}
	for i := range n {
		id := n - i
		if got, want := formulas[i], (object{ID: fmt.Sprint("f-", id), Value: float64(id)}); got != want {
			t.Errorf("formula %d is %v, want %v", i, got, want)
		}
		if got, want := controls[i], (object{ID: fmt.Sprint("ctrl-", id), Value: fmt.Sprint("value ", id)}); got != want {
			t.Errorf("control %d is %v, want %v", i, got, want)
		}
		if got, want := permissions[i], (object{ID: fmt.Sprint("perm-", id), Access: "write"}); got != want {
			t.Errorf("permission %d is %v, want %v", i, got, want)
		}
	}
}

func TestDocWithoutObjectsHasEmptyLists(t *testing.T) {
	w := treetest.New(t, objectsOf(0), treetest.Options{})
	for _, name := range []string{"formulas.json", "controls.json", "permissions.json"} {
		if got := read(t, w, objectsDoc+name); got != "[]\n" {
			t.Errorf("%s is %q", name, got)
		}
	}
}

// Who lists a folder, or asks for versions, does not wait for values.
func TestValuesAreAskedForWhenTheyAreRead(t *testing.T) {
	w := treetest.New(t, objectsOf(3), treetest.Options{})
	list := []string{"GET " + objectsPath + "/acl/permissions", "GET " + objectsPath + "/controls", "GET " + objectsPath + "/formulas"}
	refresh(t, w)
	for _, name := range []string{"formulas.json", "controls.json", "permissions.json"} {
		version(t, file(t, w, objectsDoc+name))
	}
	equal(t, "sent for all three", sortedRequests(w)[1:], list)
	values := []string{"GET " + objectsPath + "/formulas/f-1", "GET " + objectsPath + "/formulas/f-2", "GET " + objectsPath + "/formulas/f-3"}
	equal(t, "sent to read", w.Sent(func() { read(t, w, objectsDoc+"formulas.json") }), values)
	equal(t, "sent to read again", w.Sent(func() { read(t, w, objectsDoc+"formulas.json") }), nil)
}

func sortedRequests(w *treetest.Workspace) []string {
	return slices.Sorted(slices.Values(requested(w)))
}

func TestObjectThatVanishedStaysAReference(t *testing.T) {
	w := treetest.New(t, objectsOf(3), treetest.Options{})
	walked(t, w) // which lists them all
	w.State.Edit("ObjectDoc1", func(d *codatest.Doc) {
		d.Formulas = slices.DeleteFunc(d.Formulas, func(f *codatest.Formula) bool { return f.ID == "f-2" })
		d.Controls = slices.DeleteFunc(d.Controls, func(c *codatest.Control) bool { return c.ID == "ctrl-1" })
	})
	want := []object{{ID: "f-3", Value: 3.0}, {ID: "f-2"}, {ID: "f-1", Value: 1.0}}
	if got := objectsIn(t, read(t, w, objectsDoc+"formulas.json")); !slices.Equal(got, want) {
		t.Errorf("formulas are %v, want %v", got, want)
	}
	want = []object{{ID: "ctrl-3", Value: "value 3"}, {ID: "ctrl-2", Value: "value 2"}, {ID: "ctrl-1"}}
	if got := objectsIn(t, read(t, w, objectsDoc+"controls.json")); !slices.Equal(got, want) {
		t.Errorf("controls are %v, want %v", got, want)
	}
	if got := w.Tree.Failures(); len(got) != 0 {
		t.Errorf("failures: %+v", got)
	}
}

// An id that is none must not become another path.
func TestObjectWithABadIDStaysAReference(t *testing.T) {
	w := objectsOf(1)
	w.Docs[0].Formulas = append(w.Docs[0].Formulas, &codatest.Formula{ID: "..", Name: "climbs"}, &codatest.Formula{ID: "a/b", Name: "too"})
	ws := treetest.New(t, w, treetest.Options{})
	want := []object{{ID: "f-1", Value: 1.0}, {ID: ".."}, {ID: "a/b"}}
	if got := objectsIn(t, read(t, ws, objectsDoc+"formulas.json")); !slices.Equal(got, want) {
		t.Errorf("formulas are %v, want %v", got, want)
	}
}

func TestValueThatFailsCostsItsFile(t *testing.T) {
	// A 404 or 410 for what is still listed is no object that vanished.
	for _, status := range []int{http.StatusForbidden, http.StatusNotFound, http.StatusGone, http.StatusInternalServerError} {
		w := treetest.New(t, objectsOf(3), treetest.Options{})
		w.Fail(codatest.Fault{Path: objectsPath + "/formulas/f-2", Status: status})
		if b, err := iofs.ReadFile(w.FS(t), objectsDoc+"formulas.json"); err == nil {
			t.Errorf("%d: read %s", status, b)
		}
		read(t, w, objectsDoc+"controls.json")
		if got := w.Tree.Failures(); len(got) != 1 || got[0].Kind != fs.KindFormulas || got[0].HTTPStatus != status || got[0].Path != objectsDoc+"formulas.json" {
			t.Errorf("%d: failures: %+v", status, got)
		}
		w.Heal()
		w.Clock.Advance(later)
		read(t, w, objectsDoc+"formulas.json")
	}
}

func TestObjectsThatTheTokenMayNotSeeAreLeftOut(t *testing.T) {
	for _, c := range []struct {
		list, file string
		kind       fs.Kind
		status     int
	}{
		{"/acl/permissions", "permissions.json", fs.KindPermissions, http.StatusUnauthorized}, // a token for single docs
		{"/acl/permissions", "permissions.json", fs.KindPermissions, http.StatusForbidden},
		{"/formulas", "formulas.json", fs.KindFormulas, http.StatusForbidden},
		{"/controls", "controls.json", fs.KindControls, http.StatusForbidden},
	} {
		t.Run(fmt.Sprint(c.file, " ", c.status), func(t *testing.T) {
			w := treetest.New(t, objectsOf(2), treetest.Options{})
			w.Fail(codatest.Fault{Path: ".*" + c.list, Status: c.status})
			want := slices.DeleteFunc(slices.Clone(docNames), func(s string) bool { return s == c.file || s == "tables" })
			check := func(when string) {
				t.Helper()
				nodes, err := folder(t, w, strings.TrimSuffix(objectsDoc, "/")).Entries(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				var names []string
				for _, n := range nodes {
					names = append(names, n.Name())
				}
				equal(t, when, names, want)
				if _, err := fs.Walk(t.Context(), w.Tree.Root(), objectsDoc+c.file); !errors.Is(err, errNotExist) {
					t.Errorf("%s: %v", when, err)
				}
			}
			check("at first")
			shoot(t, w)
			notes := 0
			for _, e := range index(t, w.Tree) {
				switch {
				case e.Failure != nil, e.Path == objectsDoc+c.file:
					t.Errorf("%+v", e)
				case e.Note != "":
					notes++
					if e.Kind != c.kind || e.Path != "" || !strings.Contains(e.Note, c.file) {
						t.Errorf("note %+v", e)
					}
				}
			}
			if notes != 1 {
				t.Errorf("%d notes, want 1", notes)
			}
			check("after an index")
			if got := w.Tree.Failures(); len(got) != 0 {
				t.Errorf("failures: %+v", got)
			}
		})
	}
}

// Elsewhere a 401 means that the token is none.
func TestUnauthorizedFormulasEndTheIndex(t *testing.T) {
	w := treetest.New(t, objectsOf(1), treetest.Options{})
	w.Fail(codatest.Fault{Path: objectsPath + "/formulas", Status: http.StatusUnauthorized})
	if _, err := treetest.Index(t.Context(), w.Tree, fs.Held{}); rest.CodeOf(err) != rest.CodeUnauthorized {
		t.Errorf("%v", err)
	}
}

func TestManyDocsThatWithholdPermissionsAreOneNote(t *testing.T) {
	w := sample(t, codadocs.Selection{})
	w.Fail(codatest.Fault{Path: ".*/acl/permissions", Status: http.StatusForbidden})
	var notes []string
	for _, e := range index(t, w.Tree) {
		if e.Note != "" {
			notes = append(notes, e.Note)
		}
	}
	if len(notes) != 1 || !strings.Contains(notes[0], "3") {
		t.Errorf("notes are %q, want one for 3 docs", notes)
	}
}

// Permissions have no stamp: they are as old as a refresh at most, and only who reads them asks.
func TestPermissionsAreAskedForAgainWhenTheyAreReadAndOld(t *testing.T) {
	const list = "GET " + objectsPath + "/acl/permissions"
	for _, interval := range []time.Duration{0, 10 * time.Minute} { // 0 is the default, a minute
		w := treetest.New(t, objectsOf(1), treetest.Options{})
		w.Tree = codadocs.New(w.Client, w.Store, codadocs.Options{Options: remote.Options{Account: "test", Now: w.Clock.Now, Refresh: interval}})
		t.Cleanup(w.Tree.Close)
		old := max(interval, time.Minute) + time.Second
		refresh(t, w)
		asked := func(what string, f func(), want ...string) {
			t.Helper()
			equal(t, what, w.Sent(f), want)
		}
		path := objectsDoc + "permissions.json"
		asked("first", func() { read(t, w, path) }, list)
		w.Clock.Advance(old - 2*time.Second)
		asked("again soon", func() { read(t, w, path); read(t, w, path) })
		w.Clock.Advance(2 * time.Second)
		walked(t, w) // which finds the other lists
		asked("listing when they are old", func() { walked(t, w); version(t, file(t, w, path)) })
		asked("reading others when they are old", func() { read(t, w, objectsDoc+"pages.json") })
		w.State.Docs[0].Permissions[0].Access = "readonly"
		var got []object
		asked("reading when they are old", func() { got = objectsIn(t, read(t, w, path)) }, list)
		if got[0].Access != "readonly" {
			t.Errorf("permissions are %v", got)
		}
		asked("and once more", func() { read(t, w, path) })
	}
}

func TestPermissionsAreAskedForOnceByIndexAndReaders(t *testing.T) {
	w := treetest.New(t, objectsOf(1), treetest.Options{})
	read(t, w, objectsDoc+"permissions.json")
	for range 2 {
		w.Clock.Advance(time.Hour)
		sent := w.Sent(func() {
			entries := index(t, w.Tree)
			w.Clock.Advance(30 * time.Second)
			for _, e := range entries {
				read(t, w, e.Path)
			}
		})
		sent = slices.DeleteFunc(sent, func(s string) bool { return !strings.HasSuffix(s, "/acl/permissions") })
		equal(t, "sent", sent, []string{"GET " + objectsPath + "/acl/permissions"})
	}
}

func TestFailureOfAnIndexIsNotToldOfPermissionsForLong(t *testing.T) {
	w := treetest.New(t, objectsOf(1), treetest.Options{})
	w.Fail(codatest.Fault{Path: ".*/acl/permissions", Status: http.StatusInternalServerError})
	if gaps := failures(index(t, w.Tree)); len(gaps) != 1 || gaps[0].Kind != fs.KindPermissions {
		t.Errorf("gaps: %+v", gaps)
	}
	w.Heal()
	w.Clock.Advance(later)
	read(t, w, objectsDoc+"permissions.json")
}

// The service's API does not serve docs over a size.
func TestOversizedDocIsItsDocJSONAndOneFailure(t *testing.T) {
	w := sample(t, codadocs.Selection{})
	w.State.Edit(codatest.SampleDoc, func(d *codatest.Doc) { d.Oversized = true })
	w.Clock.Advance(settle)
	var entries []fs.Entry
	sent := w.Sent(func() {
		equal(t, "the doc", walkedBelow(t, w, "docs/"+hubFolder), []string{"docs/" + hubFolder, hub + "doc.json"})
		entries = index(t, w.Tree)
		read(t, w, hub+"doc.json")
		equal(t, "the doc after an index", walkedBelow(t, w, "docs/"+hubFolder), []string{"docs/" + hubFolder, hub + "doc.json"})
	})
	for _, s := range sent {
		if strings.Contains(s, hubPath) {
			t.Errorf("sent %s", s)
		}
	}
	files := map[string]int{}
	for _, e := range entries {
		if e.Failure == nil {
			files[e.DocID]++
		}
		if e.Note != "" {
			t.Errorf("%+v", e)
		}
	}
	if files[codatest.SampleDoc] != 1 || files["TmHndBk_-1"] < 10 || files["Rs_ch26-Kq"] < 10 {
		t.Errorf("files by doc: %v", files)
	}
	gaps := failures(entries)
	if len(gaps) != 1 || gaps[0].DocID != codatest.SampleDoc || gaps[0].ObjectID != codatest.SampleDoc || gaps[0].Kind != fs.KindDoc ||
		gaps[0].Failure.Code != "over_api_size_limit" || gaps[0].Failure.HTTPStatus != 0 || gaps[0].Path == hub+"doc.json" {
		t.Errorf("gaps: %+v", gaps)
	}
	w.State.Edit(codatest.SampleDoc, func(d *codatest.Doc) { d.Oversized = false })
	refresh(t, w)
	read(t, w, hub+"pages.json")
}
