package codadocs_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/fs/source/codadocs"
	"github.com/codafs/codafs/fs/treetest"
)

func TestPagesAreExcluded(t *testing.T) {
	const notes = "Meeting notes__canvas-Notes-2026" // which has subpages
	whole := walked(t, sample(t, codadocs.Selection{}))
	within := func(path string) bool { return strings.Contains(path, "/pages/"+notes) }
	if n := len(slices.DeleteFunc(slices.Clone(whole), func(p string) bool { return !within(p) })); n < 3 {
		t.Fatalf("the sample has %d files of %s, want the page and those below it", n, notes)
	}
	want := slices.DeleteFunc(slices.Clone(whole), within)
	link := "https://coda.io/d/Another-Name_d" + codatest.SampleDoc + "/Meeting-notes_sus-2026"
	for _, selector := range []string{"canvas-Notes-2026", "Meeting notes", link} {
		w := sample(t, codadocs.Selection{ExcludePages: []string{selector}})
		equal(t, selector, walked(t, w), want)
		if list := read(t, w, hub+"pages.json"); !strings.Contains(list, `"canvas-Notes-2026"`) {
			t.Errorf("%s: pages.json is not the full list", selector)
		}
		for _, e := range index(t, w.Tree) {
			if e.Note != "" || within(e.Path) {
				t.Errorf("%s: the index has %+v", selector, e)
			}
		}
	}
	// A link into another doc, and to the doc itself, mean no page.
	for _, selector := range []string{strings.Replace(link, codatest.SampleDoc, "Rs_ch26-Kq", 1), "https://coda.io/d/_d" + codatest.SampleDoc, "Meeting note"} {
		w := sample(t, codadocs.Selection{ExcludePages: []string{selector}})
		equal(t, selector, walked(t, w), whole)
		var said []string
		for _, e := range index(t, w.Tree) {
			if e.Note != "" {
				said = append(said, e.Note)
			}
		}
		if len(said) != 1 || !strings.Contains(said[0], "none of the pages is ") {
			t.Errorf("%s: notes %q", selector, said)
		}
	}
}

// Nothing is concluded from lists of pages that did not come.
func TestAnExclusionIsNoSlipWhereNotAllPagesAreKnown(t *testing.T) {
	w := sample(t, codadocs.Selection{ExcludePages: []string{"nothing"}})
	w.Fail(codatest.Fault{Path: "/docs/TmHndBk_-1/pages", Status: 403})
	for _, e := range index(t, w.Tree) {
		if e.Note != "" {
			t.Errorf("noted %q", e.Note)
		}
	}
}

// Pages that are each other's parents are left out once.
func TestAnExcludedCircleEnds(t *testing.T) {
	w := codatest.Hostile()
	all := codadocs.Selection{}
	for _, d := range w.Docs {
		for _, p := range d.Pages {
			all.ExcludePages = append(all.ExcludePages, p.ID)
		}
	}
	for _, path := range walked(t, treetest.New(t, w, treetest.Options{Select: all})) {
		if strings.Contains(path, "/pages/") {
			t.Errorf("%s is there", path)
		}
	}
}
