package codatext

import (
	"fmt"
	"io"
	"runtime"
	"testing"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/fs/render"
)

// sentRow is a row of five columns as the service sends it.
const sentRow = `{"id":"i-0000000001","type":"row","href":"https://coda.io/apis/v1/docs/d/tables/t/rows/i-0000000001","name":"A row",` +
	`"index":7,"createdAt":"2026-01-01T00:00:00.000Z","updatedAt":"2026-01-02T00:00:00.000Z","browserLink":"https://coda.io/d/_d#_t/_r7",` +
	`"values":{"c-1":"some text","c-2":12.50,"c-3":true,"c-4":["a","b"],"c-5":null}}`

// A table's rows are read and written one at a time: what each leaves behind, times 200,000, is the garbage
// that the heap grows by on a machine too busy to collect it.
func TestARowCostsLittle(t *testing.T) {
	columns := make([]render.Column, 5)
	for i := range columns {
		columns[i] = render.Column{ID: fmt.Sprintf("c-%d", i+1), Name: "Column"}
	}
	out, err := render.NewCSV(io.Discard, OwnColumns, columns)
	if err != nil {
		t.Fatal(err)
	}
	row, err := coda.Decode[coda.Row]([]byte(sentRow))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what         string
		allocs, size float64
		do           func() error
	}{
		// Six fields; of each cell the key, the value, and what encoding/json needs to put them into a map. Of the
		// bytes there is one copy as sent, one of the fields, and the map.
		{"decoded", 45, 8 * float64(len(sentRow)), func() error { _, err := coda.Decode[coda.Row]([]byte(sentRow)); return err }},
		// A string decoded and an array compacted, three each, and a little: literals are not copied but for their text.
		{"written as CSV", 9, float64(len(sentRow)) * 2, func() error { return writeRow(out, row) }},
		// A buffer, which all rows of a table share, and under the race detector a second one.
		{"written as a line", 3, float64(len(sentRow)) * 3, func() error {
			return JSONLines(io.Discard, func(yield func(coda.Row, error) bool) { yield(row, nil) })
		}},
	} {
		allocs, size := costOf(t, c.do)
		t.Logf("a row %s: %.0f allocations, %.0f bytes", c.what, allocs, size)
		if allocs > c.allocs || size > c.size {
			t.Errorf("a row %s takes %.0f allocations of %.0f bytes, want %.0f and %.0f at most", c.what, allocs, size, c.allocs, c.size)
		}
	}
}

// costOf is what one call allocates.
func costOf(t *testing.T, do func() error) (allocs, size float64) {
	t.Helper()
	const runs = 200
	run := func() {
		if err := do(); err != nil {
			t.Error(err)
		}
	}
	allocs = testing.AllocsPerRun(runs, run)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range runs {
		run()
	}
	runtime.ReadMemStats(&after)
	return allocs, float64(after.TotalAlloc-before.TotalAlloc) / runs
}
