package fs_test

import (
	"slices"
	"testing"
	"time"

	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/fs"
)

// No stamp of a table tells that a column has another name, nor does that of a page that shows it.
func TestColumnRenameRenewsTheTableItsViewsAndTheirPages(t *testing.T) {
	w := sample(t, fs.Selection{})
	before := shoot(t, w)
	w.State.Edit(codatest.SampleDoc, func(d *codatest.Doc) { d.Tables[0].Columns[1].Name = "Renamed" })
	w.Clock.Advance(settle)
	refresh(t, w)
	versions, bytes := moved(before, shoot(t, w))
	changed := []string{pageRoadmap, pageStatus}
	for _, stem := range []string{hubRoadmap, hubDetails, hubShips, hubAtRisk} {
		changed = append(changed, stem+".csv", stem+".columns.json")
	}
	equal(t, "versions", versions, sorted(append(slices.Clone(changed), docLists...)...))
	equal(t, "bytes", bytes, sorted(append(changed, hub+"doc.json")...))
}

// The service may answer with the rows of before while it already names the new column. A new run
// must not take them for settled either.
func TestWhatWasFetchedSoonAfterAColumnChangedIsYoung(t *testing.T) {
	w := sample(t, fs.Selection{})
	shoot(t, w)
	w.Clock.Advance(settle)
	w.State.Edit(codatest.SampleDoc, func(d *codatest.Doc) { d.Tables[0].Columns[1].Name = "Renamed" })
	refresh(t, w)
	check := func(when string, young bool) {
		t.Helper()
		for _, p := range []string{hubRoadmap + ".csv", hubAtRisk + ".csv", pageRoadmap, pageStatus} {
			if v := version(t, file(t, w, p)); v.Young() != young {
				t.Errorf("%s %s is young: %v", when, p, v.Young())
			}
		}
		if version(t, file(t, w, pagePlan)).Young() { // which has nothing of that table
			t.Errorf("%s %s is young", when, pagePlan)
		}
	}
	check("a moment later", true)
	w.Clock.Advance(5 * time.Minute)
	w.State.SetPageBody(codatest.SampleDoc, codatest.SamplePage, "# New\n") // moves the doc
	w.Tree = w.NewTree(w.Store, fs.Selection{})
	if v := version(t, file(t, w, hubRoadmap+".csv")); !v.Young() {
		t.Error("to a new run it is not young")
	}
	w.Clock.Advance(5 * time.Minute) // ten since the column's change, five since the page's
	if v := version(t, file(t, w, hubRoadmap+".csv")); v.Young() {
		t.Error("the table is young for another's edit")
	}
	w.Clock.Advance(settle)
	check("settled,", false)
}

// The lists of a doc are asked for once more when they are settled, and may then show an edit that
// no list of docs has shown.
func TestColumnsThatChangedUnseenAreYoung(t *testing.T) {
	for _, seen := range []bool{false, true} {
		w := sample(t, fs.Selection{})
		csv := file(t, w, hubRoadmap+".csv")
		version(t, csv)
		rename := func() {
			w.State.Edit(codatest.SampleDoc, func(d *codatest.Doc) { d.Tables[0].Columns[1].Name = "Renamed" })
		}
		if seen {
			rename()
		} else {
			w.State.SetPageBody(codatest.SampleDoc, codatest.SamplePage, "# New\n")
		}
		refresh(t, w)
		w.Clock.Advance(settle)
		if !seen {
			rename()
		}
		if v := version(t, csv); v.Young() == seen {
			t.Errorf("of an edit that was seen (%v) long ago: young is %v", seen, v.Young())
		}
	}
}
