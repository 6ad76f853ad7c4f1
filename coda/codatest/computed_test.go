package codatest_test

import (
	"testing"
	"time"

	"github.com/codafs/codafs/coda/codatest"
)

// What the service computes is as of now at each request, and no stamp moves with it.
func TestComputedValuesMoveNoStamp(t *testing.T) {
	now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	w := codatest.Sample()
	table := w.Docs[0].Tables[0]
	day := func(now time.Time) codatest.Value { return codatest.Text(now.Format(time.DateOnly)) }
	table.Columns = append(table.Columns, &codatest.Column{ID: "c-Today-0001", Name: "As of", Format: codatest.Format{Type: "text"},
		Formula: "Today()", Compute: func(now time.Time, _ *codatest.Row) codatest.Value { return day(now) }})
	w.Docs[0].Formulas[0].Compute = day
	p := inMemory(t, w, codatest.Options{Now: func() time.Time { return now }})
	doc := "/docs/" + w.Docs[0].ID
	look := func() [6]string {
		rows := p.all(doc + "/tables/" + table.ID + "/rows?limit=1")
		return [6]string{rows[0].object("values").string("c-Today-0001"), p.get(doc + "/formulas/" + w.Docs[0].Formulas[0].ID).string("value"),
			rows[0].string("updatedAt"), p.get(doc + "/tables/" + table.ID).string("updatedAt"), p.get(doc).string("updatedAt"),
			p.get(doc + "/tables/" + table.ID + "/columns/c-Today-0001").string("formula")}
	}
	before := look()
	now = now.AddDate(0, 0, 1)
	w.Recompute(w.Docs[0].ID, func(d *codatest.Doc) { d.Pages[0].Body = "Yesterday\n" })
	after := look()
	want := before
	want[0], want[1] = "2026-06-02", "2026-06-02"
	if before[0] != "2026-06-01" || before[1] != "2026-06-01" || after != want {
		t.Errorf("%q, then %q", before, after)
	}
}
