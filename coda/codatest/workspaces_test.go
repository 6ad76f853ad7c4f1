package codatest_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/unicode/norm"

	"github.com/codafs/codafs/coda/codatest"
)

// dump is everything that the API tells of a workspace.
func dump(t *testing.T, w *codatest.Workspace) string {
	p := inMemory(t, w, codatest.Options{Now: func() time.Time { return time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC) }})
	var b strings.Builder
	for _, d := range p.all("/docs?limit=100") {
		path := "/docs/" + d.string("id")
		fmt.Fprintln(&b, d)
		for _, page := range p.all(path + "/pages?limit=100") {
			fmt.Fprintln(&b, page)
		}
		for _, table := range p.all(path + "/tables?limit=100") {
			fmt.Fprintln(&b, table, p.all(path+"/tables/"+table.string("id")+"/rows?limit=500"))
		}
	}
	return b.String()
}

func TestWorkspacesAreTheSameEachTime(t *testing.T) {
	for name, workspace := range workspaces {
		if first, second := dump(t, workspace()), dump(t, workspace()); first != second {
			t.Errorf("%s differs from itself", name)
		}
	}
	if dump(t, codatest.Generate(1, 1, 5, 1, 5)) == dump(t, codatest.Generate(2, 1, 5, 1, 5)) {
		t.Error("the seed changes nothing")
	}
}

func TestIdsAreWellFormedAndUnique(t *testing.T) {
	wellFormed := regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}$`)
	for name, workspace := range workspaces {
		w := workspace()
		seen := map[string]bool{}
		check := func(scope, id string) {
			if key := scope + " " + id; seen[key] || !wellFormed.MatchString(id) {
				t.Errorf("%s: id %q of %s is malformed or there twice", name, id, scope)
			} else {
				seen[key] = true
			}
		}
		for _, d := range w.Docs {
			check("docs", d.ID)
			for _, p := range d.Pages {
				check(d.ID+" pages", p.ID)
			}
			for _, table := range d.Tables {
				check(d.ID+" tables", table.ID)
				for _, c := range table.Columns {
					check(d.ID+table.ID+" columns", c.ID)
				}
				for _, r := range table.Rows {
					check(d.ID+table.ID+" rows", r.ID)
				}
			}
		}
	}
}

func TestSampleHasWhatItPromises(t *testing.T) {
	p := inMemory(t, codatest.Sample(), codatest.Options{})
	owned, all := p.all("/docs?isOwner=true"), p.all("/docs")
	if len(owned) != 3 || len(all) != 4 {
		t.Errorf("%d docs owned of %d, want 3 of 4", len(owned), len(all))
	}
	if n := string(p.get(roadmap)["rowCount"]); n != "40" {
		t.Errorf("the roadmap has %s rows", n)
	}
	types, hidden, deepest := map[string]int{}, 0, 0
	for _, d := range all {
		depth := map[string]int{}
		for _, page := range p.all("/docs/" + d.string("id") + "/pages") {
			types[page.string("contentType")]++
			depth[page.string("id")] = depth[page.object("parent").string("id")] + 1
			deepest = max(deepest, depth[page.string("id")])
			if string(page["isEffectivelyHidden"]) == "true" {
				hidden++
			}
		}
	}
	if types["embed"] != 1 || types["syncPage"] != 1 || hidden != 2 || deepest != 3 {
		t.Errorf("types %v, %d hidden, %d deep", types, hidden, deepest)
	}
	if text := p.export(codatest.SampleDoc, "canvas-Groesse-_z", "markdown"); !strings.Contains(text, "チームの記憶") {
		t.Errorf("Unicode is lost: %s", text)
	}
}

// What a tree of files must cope with is really there.
func TestHostileHasWhatItPromises(t *testing.T) {
	p := inMemory(t, codatest.Hostile(), codatest.Options{})
	exact, folded, composed := map[string]int{}, map[string]int{}, map[string]int{}
	ids := map[string]int{}
	for _, d := range p.all("/docs?limit=100") {
		for _, page := range p.all("/docs/" + d.string("id") + "/pages?limit=200") {
			exact[page.string("name")]++
			folded[strings.ToLower(page.string("name"))]++
			composed[norm.NFC.String(page.string("name"))]++
			ids[strings.ToLower(d.string("id")+page.string("id"))]++
		}
	}
	for _, name := range []string{"", "..", "/", "CON", "two\nlines", "👩‍👩‍👧‍👦 family", strings.Repeat("長", 300)} {
		if exact[name] == 0 {
			t.Errorf("no page is called %q", name)
		}
	}
	if exact["Duplicate"] < 3 || folded["readme"] < 3 || composed["café"] < 2 || slices.Max(slices.Collect(maps.Values(ids))) < 3 {
		t.Error("duplicates, case twins, NFC twins or twin ids are missing")
	}
	long := p.export("Tr3e-_Evil", "canvas-Long-Page-x", "markdown")
	empty := p.export("Tr3e-_Evil", "canvas-Empty-Page", "markdown")
	if len(long) < 256<<10 || empty != "" {
		t.Errorf("the long page has %d bytes, the empty one %d", len(long), len(empty))
	}
	if n := len(p.all("/docs/T4bles_-_x/tables/grid-Wide-300_/columns?limit=100")); n != 300 {
		t.Errorf("%d columns", n)
	}
}
