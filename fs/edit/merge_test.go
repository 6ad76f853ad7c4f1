package edit_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/codafs/codafs/fs/edit"
	"github.com/codafs/codafs/fs/render"
)

// A service, a file made from it, edits of both: what the service has after the edits is what a slow model says, which looks
// at each cell by itself.
func TestAfterTheEditsTheServiceHasWhatTheRulesSay(t *testing.T) {
	rounds := 2000
	if os.Getenv("CODAFS_SOAK") != "" {
		rounds = 200_000
	}
	for seed := range rounds {
		random := rand.New(rand.NewPCG(uint64(seed), 1))
		w := newWorld(random)
		w.personEdits()
		w.othersEdit()
		want, held := w.model()
		c, err := edit.Diff(w.table, w.file, each(w.now), edit.Options{Base: w.base})
		if err != nil {
			t.Fatal(err)
		}
		if len(c.Problems) > 0 {
			t.Fatalf("seed %d: %v", seed, c.Problems)
		}
		got := w.apply(c)
		if !slices.EqualFunc(got, want, func(a, b edit.Row) bool { return a.Key == b.Key && slices.Equal(a.Cells[2:], b.Cells[2:]) }) || len(c.Held) != held {
			t.Fatalf("seed %d: %d held, want %d\n got %v\nwant %v\nfile %v", seed, len(c.Held), held, got, want, w.file.Rows)
		}
	}
}

// world is a table of words, as it was when the file was made, and as it is now.
type world struct {
	*rand.Rand
	table     edit.Table
	seen, now []edit.Row
	file      *render.Sheet
}

func newWorld(r *rand.Rand) *world {
	w := &world{Rand: r, table: edit.Table{Key: []string{"id"}, Stamp: "stamp", Columns: []edit.Column{{Header: "id"}, {Header: "stamp"}}}, file: &render.Sheet{}}
	for i := range 1 + r.IntN(4) {
		name := fmt.Sprintf("c%d", i)
		w.table.Columns = append(w.table.Columns, edit.Column{ID: name, Header: name, Kind: edit.Text})
	}
	for i := range r.IntN(6) {
		one := edit.Row{Key: fmt.Sprintf("r%d", i), Stamp: "0"}
		one.Cells = []string{one.Key, "0"}
		for range w.table.Columns[2:] {
			one.Cells = append(one.Cells, w.word())
		}
		w.seen = append(w.seen, one)
	}
	for _, c := range w.table.Columns {
		w.file.Header = append(w.file.Header, c.Header)
	}
	for i, one := range w.seen {
		w.now = append(w.now, edit.Row{Key: one.Key, Stamp: "0", Cells: slices.Clone(one.Cells)})
		w.file.Rows = append(w.file.Rows, render.SheetRow{Line: i + 2, Cells: slices.Clone(one.Cells)})
	}
	return w
}

// word is one of few, so that two edits are often the same.
func (w *world) word() string { return []string{"", "red", "green", "blue"}[w.IntN(4)] }

func (w *world) personEdits() {
	for range w.IntN(4) {
		if n := len(w.file.Rows); n > 0 {
			w.file.Rows[w.IntN(n)].Cells[2+w.IntN(len(w.table.Columns)-2)] = w.word()
		}
	}
	if n := len(w.file.Rows); n > 0 && w.IntN(3) == 0 {
		i := w.IntN(n)
		w.file.Rows = slices.Delete(w.file.Rows, i, i+1)
	}
	w.Shuffle(len(w.file.Rows), func(i, j int) { w.file.Rows[i], w.file.Rows[j] = w.file.Rows[j], w.file.Rows[i] })
	for range w.IntN(3) {
		line := render.SheetRow{Line: len(w.file.Rows) + 2, Cells: []string{"", ""}}
		for range w.table.Columns[2:] {
			line.Cells = append(line.Cells, w.word())
		}
		w.file.Rows = append(w.file.Rows, line)
	}
	for i := range w.file.Rows {
		w.file.Rows[i].Line = i + 2
	}
}

func (w *world) othersEdit() {
	for range w.IntN(4) {
		if n := len(w.now); n > 0 {
			i := w.IntN(n)
			w.now[i].Cells[2+w.IntN(len(w.table.Columns)-2)] = w.word()
			w.now[i].Stamp += "1"
		}
	}
	if n := len(w.now); n > 0 && w.IntN(3) == 0 {
		i := w.IntN(n)
		w.now = slices.Delete(w.now, i, i+1)
	}
}

func (w *world) base(key, _ string) ([]string, bool) {
	i := slices.IndexFunc(w.seen, func(r edit.Row) bool { return r.Key == key })
	if i < 0 {
		return nil, false
	}
	return w.seen[i].Cells, true
}

// model says what the service should have in the end, and how many lines are held.
func (w *world) model() (rows []edit.Row, held int) {
	lines := map[string][]string{}
	for _, r := range w.file.Rows {
		lines[r.Cells[0]] = r.Cells
	}
	for _, now := range w.now {
		line, ok := lines[now.Key]
		cells := slices.Clone(now.Cells)
		conflict := false
		base, _ := w.base(now.Key, "")
		for i := 2; ok && i < len(cells); i++ {
			if line[i] == base[i] {
				continue
			}
			conflict = conflict || now.Cells[i] != base[i] && now.Cells[i] != line[i]
			cells[i] = line[i]
		}
		if conflict {
			held++
			cells = now.Cells
		}
		rows = append(rows, edit.Row{Key: now.Key, Cells: cells})
	}
	for _, r := range w.file.Rows {
		switch key := r.Cells[0]; {
		case key == "":
			rows = append(rows, edit.Row{Key: fmt.Sprint("new", r.Line), Cells: r.Cells})
		case !slices.ContainsFunc(w.now, func(now edit.Row) bool { return now.Key == key }):
			held++
		}
	}
	return rows, held
}

// apply is what a service makes of edits.
func (w *world) apply(c *edit.Changes) []edit.Row {
	rows := slices.Clone(w.now)
	for _, e := range c.Edits {
		i := slices.IndexFunc(rows, func(r edit.Row) bool { return r.Key == e.Key })
		if e.Op == edit.Insert {
			i = len(rows)
			rows = append(rows, edit.Row{Key: fmt.Sprint("new", e.Line), Cells: make([]string, len(w.table.Columns))})
		} else {
			rows[i].Cells = slices.Clone(rows[i].Cells)
		}
		for _, cell := range e.Cells {
			at := slices.IndexFunc(w.table.Columns, func(c edit.Column) bool { return c.ID == cell.Column })
			rows[i].Cells[at] = cell.Wish
		}
	}
	return rows
}
