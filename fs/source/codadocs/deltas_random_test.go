package codadocs_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/fs/treetest"
)

var soak = os.Getenv("CODAFS_SOAK") != ""

// editor edits a table as people and programs may, at random.
type editor struct {
	*ledger
	*rand.Rand
	made int // objects, for their ids
}

func (e *editor) id(prefix string) string {
	e.made++
	return fmt.Sprintf("%s-new-%d", prefix, e.made)
}

func (e *editor) row() *codatest.Row { return e.table.Rows[e.IntN(len(e.table.Rows))] }

func (e *editor) newRow() *codatest.Row {
	r := &codatest.Row{ID: e.id("i"), Cells: map[string]codatest.Value{}}
	for _, c := range e.table.Columns {
		if e.IntN(5) > 0 {
			r.Cells[c.ID] = e.value()
		}
	}
	return r
}

func (e *editor) value() codatest.Value {
	return []codatest.Value{codatest.Text(fmt.Sprintf("ü, \"%d\"\n", e.IntN(50))), codatest.Number(fmt.Sprint(e.IntN(50))), codatest.Bool(e.IntN(2) > 0), nil}[e.IntN(4)]
}

func (e *editor) setCell() {
	e.State.SetCell(ledgerDoc, ledgerGrid, e.row().ID, e.table.Columns[e.IntN(len(e.table.Columns))].ID, e.value())
}

func (e *editor) addRow() { e.State.AddRow(ledgerDoc, ledgerGrid, e.newRow()) }

// addRows adds several in one moment, as a program does.
func (e *editor) addRows() {
	e.change(func(table *codatest.Table, now time.Time) {
		for range 2 + e.IntN(4) {
			r := e.newRow()
			r.CreatedAt, r.UpdatedAt = now, now
			table.Rows = append(table.Rows, r)
		}
	})
}

func (e *editor) deleteRow() {
	if len(e.table.Rows) > 40 {
		e.remove(e.IntN(len(e.table.Rows)))
	}
}

func (e *editor) exchange() {
	for range 1 + e.IntN(2) {
		e.deleteRow()
		e.addRow()
	}
}

// bringBack is the undo of a deletion of long ago.
func (e *editor) bringBack() {
	e.change(func(table *codatest.Table, now time.Time) {
		i := e.IntN(len(table.Rows))
		r := e.newRow()
		r.CreatedAt, r.UpdatedAt = table.Rows[i].CreatedAt, now
		table.Rows = slices.Insert(table.Rows, i, r)
	})
}

// move drags rows to other places.
func (e *editor) move() {
	e.change(func(table *codatest.Table, now time.Time) {
		shown := slices.Clone(table.Rows)
		if table.Order != nil {
			slices.SortStableFunc(shown, table.Order)
		}
		for range 1 + e.IntN(3) {
			from, to := e.IntN(len(shown)), e.IntN(len(shown))
			r := shown[from]
			if e.IntN(2) > 0 { // the other one goes where it came from
				shown[from], shown[to] = shown[to], shown[from]
				shown[from].UpdatedAt = now
			} else {
				shown = slices.Insert(slices.Delete(shown, from, from+1), to, r)
			}
			r.UpdatedAt = now
		}
		rank := map[string]int{}
		for i, r := range shown {
			rank[r.ID] = i - len(shown) // new ones come after
		}
		table.Sorts = nil
		order(table, rank)
	})
}

// sort has the table show its rows in the order of a column, which moves rows that nobody edits.
func (e *editor) sort() {
	e.change(func(table *codatest.Table, _ time.Time) {
		by := table.Columns[e.IntN(len(table.Columns))].ID
		table.Sorts = []codatest.Sort{{Column: by}}
		table.Order = func(a, b *codatest.Row) int { return cmp.Compare(fmt.Sprint(a.Cells[by]), fmt.Sprint(b.Cells[by])) }
	})
}

// computed is the number of the computed column, -1 if there is none.
func (e *editor) computed() int {
	return slices.IndexFunc(e.table.Columns, func(c *codatest.Column) bool { return c.Formula != "" })
}

func (e *editor) columns() {
	e.change(func(table *codatest.Table, _ time.Time) {
		i := e.computed()
		if i >= 0 {
			table.Columns = slices.Delete(table.Columns, i, i+1)
			return
		}
		i = e.IntN(len(table.Columns))
		switch e.IntN(5) {
		case 0:
			table.Columns = append(table.Columns, &codatest.Column{ID: e.id("c"), Name: "text", Format: format("text")})
		case 1:
			table.Columns[i].Name += "!"
		case 2:
			table.Columns[i].Format = format([]string{"number", "text", "select", "percent"}[e.IntN(4)])
		case 3:
			table.Columns = append(table.Columns, &codatest.Column{ID: e.id("c"), Name: "computed", Format: format("number"), Formula: "Today()"})
		case 4:
			if i > 0 { // the first names the rows
				table.Columns = slices.Delete(table.Columns, i, i+1)
			}
		}
	})
}

// compute gives each computed cell another value. No row has a newer stamp for it.
func (e *editor) compute() {
	e.State.Edit(ledgerDoc, func(*codatest.Doc) {
		for _, r := range e.table.Rows {
			for _, c := range e.table.Columns {
				if c.Formula != "" {
					cells := map[string]codatest.Value{}
					for k, v := range r.Cells {
						cells[k] = v
					}
					cells[c.ID] = codatest.Number(fmt.Sprint(e.IntN(1000)))
					r.Cells = cells
				}
			}
		}
	})
}

func (e *editor) renameTable() {
	name := e.id("Ledger")
	e.State.RenameTable(ledgerDoc, ledgerGrid, name)
	e.csv = "docs/" + strings.Split(e.csv, "/")[1] + "/tables/table/" + name + "__" + ledgerGrid + ".csv"
}

func (e *editor) renameDoc() {
	old := strings.Split(e.csv, "/")[1]
	name := e.id("Books")
	e.State.RenameDoc(ledgerDoc, name)
	e.csv = strings.Replace(e.csv, old, name+"__"+ledgerDoc, 1)
}

func (e *editor) stampAlone() { e.change(func(*codatest.Table, time.Time) {}) }

// edit makes a random change.
func (e *editor) edit() {
	weights := []struct {
		n    int
		edit func()
	}{
		{40, e.setCell}, {15, e.addRow}, {6, e.addRows}, {6, e.deleteRow}, {5, e.exchange}, {3, e.bringBack}, {6, e.move}, {1, e.sort},
		{3, e.columns}, {1, e.renameTable}, {1, e.renameDoc}, {2, e.stampAlone},
	}
	n := e.IntN(89)
	for _, w := range weights {
		if n -= w.n; n < 0 {
			w.edit()
			break
		}
	}
	if e.computed() >= 0 && e.IntN(4) == 0 {
		e.columns() // takes it away: else most rounds would have one
	}
	e.compute() // at each edit: whatever it is computed from may be what was edited
}

// Under any edits, what deltas give is what a whole read gives, byte for byte.
func TestDeltasGiveWhatAWholeReadGives(t *testing.T) {
	seeds, rounds := uint64(2), 25
	if soak {
		seeds, rounds = 100, 100
	}
	deltas, wholes := 0, 0
	for seed := range seeds {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			d, w := randomRounds(t, seed, rounds)
			deltas, wholes = deltas+d, wholes+w
		})
	}
	t.Logf("%d rounds: %d reads by deltas, %d whole ones", int(seeds)*rounds, deltas, wholes)
	if total := int(seeds) * rounds; deltas < total/4 || wholes < total/10 {
		t.Error("that proves little")
	}
}

func randomRounds(t *testing.T, seed uint64, rounds int) (deltas, wholes int) {
	e := &editor{ledger: openLedger(t, 70, treetest.Options{}), Rand: rand.New(rand.NewPCG(seed, 11))}
	src, store := &during{Client: e.Client}, e.Store
	e.Tree = e.over(t, src, store)
	for round := range rounds {
		switch e.IntN(3) {
		case 0: // a quiet day
			e.setCell()
			e.compute()
		default:
			for range 1 + e.IntN(3) {
				e.edit()
			}
		}
		switch e.IntN(12) {
		case 0:
			store = treetest.Memory(t) // everything is lost
			e.Tree = e.over(t, src, store)
		case 1, 2:
			e.Tree = e.over(t, src, store) // a new process
		case 3:
			src.edit, src.after = e.edit, e.IntN(2) > 0
		}
		if e.IntN(8) > 0 {
			e.Clock.Advance(settle)
		}
		index(t, e.Tree)
		amid := src.edit != nil
		before := len(e.Requests())
		got := e.read(t, e.Tree)
		since := e.Requests()[before:]
		if amid && src.edit == nil { // what was read is of no one moment; the next round must be right
			continue
		}
		src.edit = nil
		if want := e.plain(t); got != want {
			t.Fatalf("round %d: %s", round, firstDifference(got.csv+got.lines, want.csv+want.lines))
		}
		byDelta, rows := 0, 0
		for _, r := range since {
			if strings.HasSuffix(r.Path, "/rows") {
				rows++
				byDelta += len(r.Query["syncToken"])
			}
		}
		switch {
		case rows == 1 && byDelta == 1:
			deltas++
		case rows > 1:
			wholes++
		}
	}
	return deltas, wholes
}

// What changes in rows that do not show up among the changed ones nobody can know. It is as the help
// says: what a whole read gives otherwise is the place of dragged rows, and the tenth read has it right.
func TestDraggedRowsThatDoNotShowUp(t *testing.T) {
	l := openLedger(t, 60, treetest.Options{})
	l.night(t)
	l.wantSent(t, "first", 2, 1)
	l.change(func(table *codatest.Table, _ time.Time) {
		rank := ranks(table)
		rank["i-5"], rank["i-9"] = rank["i-9"], rank["i-5"]
		order(table, rank)
	})
	for night := range 10 {
		l.edit(20)
		l.night(t)
		got, want := l.read(t, l.Tree).csv, l.plain(t).csv
		if night == 9 {
			if got != want {
				t.Error(firstDifference(got, want))
			}
			return
		}
		if got == want {
			t.Fatalf("night %d: the stand-in tells of dragged rows", night)
		}
		if swapped := strings.NewReplacer("\",5,2026", "\",9,2026", "\",9,2026", "\",5,2026").Replace(want); got != swapped {
			t.Fatalf("night %d: more than a place differs: %s", night, firstDifference(got, swapped))
		}
	}
}

// endless is a service that goes on telling of changed rows.
type endless struct {
	*coda.Client
	given int
}

func (s *endless) RowChanges(ctx context.Context, docID, tableID string, o coda.RowOptions, since string) (iter.Seq2[coda.Row, error], func() string) {
	rows, next := s.Client.RowChanges(ctx, docID, tableID, o, since)
	if since == "" {
		return rows, next
	}
	return func(yield func(coda.Row, error) bool) {
		for ; ; s.given++ {
			b, err := json.Marshal(map[string]string{"id": fmt.Sprint("i-", s.given), "name": strings.Repeat("x", 64<<10)})
			if err != nil {
				yield(coda.Row{}, err)
				return
			}
			if r, err := coda.Decode[coda.Row](b); !yield(r, err) {
				return
			}
		}
	}, next
}

func TestManyChangedRowsAreNotHeldInMemory(t *testing.T) {
	l := openLedger(t, 60, treetest.Options{})
	src := &endless{Client: l.Client}
	l.Tree = l.over(t, src, l.Store)
	l.night(t)
	l.wantSent(t, "first", 2, 1)
	l.edit(1)
	l.night(t)
	l.wantSent(t, "endless changes", 2, 1)
	if src.given == 0 || src.given > 8<<20/(64<<10) {
		t.Errorf("%d rows of 64 KiB were taken", src.given)
	}
}
