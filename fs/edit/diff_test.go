package edit_test

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/codafs/codafs/fs/edit"
	"github.com/codafs/codafs/fs/render"
)

// tasks is a table of three columns, as Coda's are shown.
var tasks = edit.Table{
	Key:   []string{"_row_id"},
	Stamp: "_updated_at",
	Columns: []edit.Column{
		{Header: "_row_id", Kind: edit.Text, Locked: "the service gives it"},
		{Header: "_updated_at", Kind: edit.Time, Locked: "the service gives it"},
		{ID: "c-task", Header: "Task", Kind: edit.Text},
		{ID: "c-hours", Header: "Hours", Kind: edit.Number},
		{ID: "c-sum", Header: "Sum", Kind: edit.Number, Locked: "the service calculates it"},
	},
}

const (
	monday  = "2026-11-30T10:00:00.000Z"
	tuesday = "2026-12-01T10:00:00.000Z"
)

func row(key, stamp, task, hours, sum string) edit.Row {
	return edit.Row{Key: key, Stamp: stamp, Cells: []string{key, stamp, task, hours, sum}}
}

// now are the rows of most tests.
var now = []edit.Row{row("i-1", monday, "Write", "1", "3"), row("i-2", monday, "Read", "2", "3")}

const head = "_row_id,_updated_at,Task,Hours,Sum\n"

func each(rows []edit.Row) iter.Seq2[edit.Row, error] {
	return func(yield func(edit.Row, error) bool) {
		for _, r := range rows {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func diff(t *testing.T, file string, rows []edit.Row, o edit.Options) *edit.Changes {
	t.Helper()
	sheet, err := render.ParseSheet([]byte(file))
	if err != nil {
		t.Fatal(err)
	}
	c, err := edit.Diff(tasks, sheet, each(rows), o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// told is what changes are, in short.
func told(c *edit.Changes) string {
	var b strings.Builder
	one := func(e edit.Edit) {
		fmt.Fprintf(&b, "%s %s%s", e.Op, e.Key, e.Name)
		for _, cell := range e.Cells {
			fmt.Fprintf(&b, " %s=%s", cell.Column, cell.Value)
		}
		b.WriteString("\n")
	}
	for _, e := range c.Edits {
		one(e)
	}
	for _, h := range c.Held {
		fmt.Fprintf(&b, "held %s %s %s\n", h.Reason, h.Key, h.Header)
	}
	for _, p := range c.Problems {
		fmt.Fprintf(&b, "rejected %s\n", p.Error())
	}
	for _, header := range []string{"Task", "Hours"} {
		if n := c.Retyped[header]; n > 0 {
			fmt.Fprintf(&b, "retyped %s %d\n", header, n)
		}
	}
	for what, n := range map[string]int{"kept": c.Kept} {
		if n > 0 {
			fmt.Fprintf(&b, "%s %d\n", what, n)
		}
	}
	if c.Done > 0 {
		fmt.Fprintf(&b, "done %d\n", c.Done)
	}
	if c.Inserted > 0 {
		fmt.Fprintf(&b, "inserted %d\n", c.Inserted)
	}
	return b.String()
}

func TestDiff(t *testing.T) {
	older := func(key, stamp string) ([]string, bool) {
		return row(key, stamp, "Wrote", "1", "3").Cells, key == "i-1" && stamp == monday
	}
	for _, c := range []struct {
		why, file string
		rows      []edit.Row
		opts      edit.Options
		want      string
	}{
		{"nothing was changed", "i-1," + monday + ",Write,1,3\ni-2," + monday + ",Read,2,3\n", now, edit.Options{}, ""},
		{"other order of rows, a stamp spelled in another way", "i-2,2026-11-30 10:00:00+00:00,Read,2,3\ni-1," + monday + ",Write,1,3\n", now, edit.Options{}, ""},
		{"one cell", "i-1," + monday + ",Write,1.5,3\ni-2," + monday + ",Read,2,3\n", now, edit.Options{}, "update i-1 c-hours=1.5\n"},
		{"cells emptied and filled", "i-1," + monday + ",,1,3\ni-2," + monday + ",Read,2,3\n", now, edit.Options{}, "update i-1 c-task=\"\"\n"},
		{"a line less", "i-2," + monday + ",Read,2,3\n", now, edit.Options{}, "kept 1\n"},
		{"retyped", "i-1," + monday + ",Write,1,3\ni-2," + monday + ",Read,2.0,3\n", []edit.Row{now[0], row("i-2", monday, "Read", "2", "3")}, edit.Options{}, ""},
		{"a new line", "i-1," + monday + ",Write,1,3\n,,Sleep,8,\n", now, edit.Options{}, "insert  c-task=\"Sleep\" c-hours=8\nkept 1\n"},
		{"two equal new lines", ",,Sleep,8,\n,,Sleep,8,\n", nil, edit.Options{}, strings.Repeat("insert  c-task=\"Sleep\" c-hours=8\n", 2)},
		{"a named line", "+a,,Sleep,8,\n", nil, edit.Options{}, "insert +a c-task=\"Sleep\" c-hours=8\n"},
		{"a named line that was inserted", "+a,,Sleep,9,\n", []edit.Row{row("i-3", monday, "Sleep", "8", "")},
			edit.Options{Named: func(n string) (string, bool) { return "i-3", n == "+a" },
				Base: func(string, string) ([]string, bool) { return row("i-3", "", "Sleep", "8", "").Cells, true }},
			"update i-3+a c-hours=9\n"},
		{"saved again from one editor", ",,Sleep,8,\n", []edit.Row{row("i-3", monday, "Sleep", "8", "")},
			edit.Options{Inserted: []edit.Row{row("i-3", "", "Sleep", "8", "")}}, "inserted 1\n"},
		{"saved again, while the first is in doubt", ",,Sleep,8,\n,,Eat,8,\n", nil,
			edit.Options{Inserted: []edit.Row{row("", "", "Sleep", "8", "")}}, "insert  c-task=\"Eat\" c-hours=8\ninserted 1\n"},
		{"saved again, edited since", ",,Sleep,9,\n", []edit.Row{row("i-3", monday, "Sleep", "8", "")},
			edit.Options{Inserted: []edit.Row{row("i-3", "", "Sleep", "8", "")}}, "held maybe_inserted i-3 \nkept 1\n"},
		{"saved again, with its id", "i-3," + monday + ",Sleep,8,\n,,Sleep,8,\n", []edit.Row{row("i-3", monday, "Sleep", "8", "")},
			edit.Options{Inserted: []edit.Row{row("i-3", "", "Sleep", "8", "")}}, "insert  c-task=\"Sleep\" c-hours=8\n"},
		{"another cell was changed at the service", "i-1," + monday + ",Wrote,2,3\n", []edit.Row{row("i-1", tuesday, "Write", "1", "3")},
			edit.Options{Base: older}, "update i-1 c-hours=2\n"},
		{"the same cell was changed to the same", "i-1," + monday + ",Write,1,3\n", []edit.Row{row("i-1", tuesday, "Write", "1", "3")},
			edit.Options{Base: older}, "done 1\n"},
		{"the same cell was changed to something else", "i-1," + monday + ",Writing,2,3\ni-2," + monday + ",Reading,2,3\n",
			[]edit.Row{row("i-1", tuesday, "Write", "1", "3"), now[1]}, edit.Options{Base: older}, "update i-2 c-task=\"Reading\"\nheld conflict i-1 Task\n"},
		{"nobody knows what was seen", "i-1," + tuesday + ",Wrote,1,3\n", now[:1], edit.Options{}, "held unknown_base i-1 Task\n"},
		{"nobody knows, and nothing differs", "i-1," + tuesday + ",Write,1,3\n", now[:1], edit.Options{}, ""},
		{"the row is gone", "i-9," + monday + ",Write,1,3\n", nil, edit.Options{}, "held unknown_row i-9 \n"},
		{"back to what it was before our own write", "i-1," + monday + ",Wrote,1,3\n", []edit.Row{row("i-1", monday, "Write", "1", "3")},
			edit.Options{Written: func(string) bool { return true }, Base: func(k, s string) ([]string, bool) { return now[0].Cells, true }},
			"update i-1 c-task=\"Wrote\"\n"},
		{"NA emptied", "i-1," + monday + ",,1,3\n", []edit.Row{row("i-1", monday, "NA", "1", "3")}, edit.Options{}, "held emptied i-1 Task\n"},
		{"NA emptied on purpose", "i-1," + monday + ",,1,3\n", []edit.Row{row("i-1", monday, "NA", "1", "3")}, edit.Options{SendRetyped: []string{"Task"}},
			"update i-1 c-task=\"\"\n"},
		{"a zip code as a number", "i-1," + monday + ",7,1,3\n", []edit.Row{row("i-1", monday, "00007", "1", "3")}, edit.Options{}, "retyped Task 1\n"},
		{"and on purpose", "i-1," + monday + ",7,1,3\n", []edit.Row{row("i-1", monday, "00007", "1", "3")}, edit.Options{SendRetyped: []string{"Task"}},
			"update i-1 c-task=\"7\"\n"},
		{"a calculated cell", "i-1," + monday + ",Write,1,4\n", now[:1], edit.Options{},
			"rejected line 2: row i-1, column \"Sum\": it was changed, and the service calculates it\n"},
		{"a calculated cell, of a new line", ",,Sleep,8,4\n", nil, edit.Options{}, "insert  c-task=\"Sleep\" c-hours=8\n"},
		{"no number", "i-1," + monday + ",Write,many,3\n", now[:1], edit.Options{},
			"rejected line 2: row i-1, column \"Hours\": \"many\" is no plain number, such as 1234.5\n"},
		{"a row twice", "i-1," + monday + ",Write,1,3\ni-1," + monday + ",Write,1,3\n", now[:1], edit.Options{}, "rejected line 3: row i-1, the file has this row twice\n"},
	} {
		if got := told(diff(t, head+c.file, c.rows, c.opts)); got != c.want {
			t.Errorf("%s: got\n%swant\n%s", c.why, got, c.want)
		}
	}
}

func TestColumnsAreFoundByTheHeadersOfTheVersionThatWasRead(t *testing.T) {
	// In between, Task was renamed, and another column is called Task now.
	renamed := tasks
	renamed.Columns = append([]edit.Column{{ID: "c-new", Header: "Task", Kind: edit.Text}}, tasks.Columns...)
	renamed.Columns[3].Header = "Old task"
	cells := func(task string) []string { return []string{"new", "i-1", monday, task, "1", "3"} }
	sheet, err := render.ParseSheet([]byte("Task,_row_id,_updated_at\nWrote,i-1," + monday + "\n"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := edit.Diff(renamed, sheet, each([]edit.Row{{Key: "i-1", Stamp: monday, Cells: cells("Write")}}),
		edit.Options{Headers: map[string]string{"Task": "c-task"}})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := told(c), "update i-1 c-task=\"Wrote\"\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAFileWithoutItsKeyIsRejected(t *testing.T) {
	for _, c := range []struct{ file, want string }{
		{"Task,Hours\nWrite,1\n", "there is no column _row_id, so nobody knows which row a line is"},
		{"_row_id;_updated_at;Task\ni-1;x;Write\n", "the fields are separated by semicolons: save the file with commas"},
		{"_row_id\tTask\ni-1\tWrite\n", "the fields are separated by tabs: save the file with commas"},
		{"_row_id,Task,Unnamed: 0\ni-1,Write,0\n", `the table has no column "Unnamed: 0": remove it from the file`},
	} {
		got := diff(t, c.file, now, edit.Options{})
		if n := len(got.Problems); n == 0 || got.Problems[n-1].Message != c.want || len(got.Edits) > 0 {
			t.Errorf("%q: %+v, want %q", c.file, got.Problems, c.want)
		}
	}
}

func TestDeletion(t *testing.T) {
	var rows []edit.Row
	var seen []edit.Seen
	for i := range 30 {
		r := row(fmt.Sprintf("i-%02d", i), monday, "Task", "1", "1")
		rows, seen = append(rows, r), append(seen, edit.Seen{Key: r.Key, Stamp: monday})
	}
	without := func(gone ...int) string {
		b := head
		for i, r := range rows {
			if !slices.Contains(gone, i) {
				b += strings.Join(r.Cells, ",") + "\n"
			}
		}
		return b
	}
	made := append(rows[:30:30], row("i-new", tuesday, "Made since", "1", "1"))
	changed := append([]edit.Row{row("i-00", tuesday, "Changed since", "1", "1")}, rows[1:]...)
	limits := edit.Deletion{Base: seen, MaxRows: 10, MaxPercent: 10}
	for _, c := range []struct {
		why, file string
		rows      []edit.Row
		del       *edit.Deletion
		ops       int
		held      int
		rejected  string
		kept      int
	}{
		{"not asked for", without(3), rows, nil, 0, 0, "", 1},
		{"one row", without(3), rows, &limits, 1, 0, "", 0},
		{"rows made since stay", without(3), made, &limits, 1, 0, "", 1},
		{"a row that changed since", without(0), changed, &limits, 0, 1, "", 0},
		{"a row that is gone there too", without(3), append(rows[:3:3], rows[4:]...), &limits, 0, 0, "", 0},
		{"too many", without(1, 3, 5, 7), rows, &limits, 0, 0, "4 of 30 rows are missing, and at most 3 may be deleted at once: see --max-delete", 0},
		{"the last ones", without(28, 29), rows, &limits, 0, 0, "exactly the last rows are missing (2), as in a file that was cut off: put one of them back to show that it is whole", 0},
		{"the last one and another", without(5, 29), rows, &limits, 2, 0, "", 0},
	} {
		got := diff(t, c.file, c.rows, edit.Options{Deletion: c.del})
		rejected := ""
		if len(got.Problems) > 0 {
			rejected = got.Problems[0].Error()
		}
		if len(got.Edits) != c.ops || len(got.Held) != c.held || rejected != c.rejected || rejected == "" && got.Kept != c.kept {
			t.Errorf("%s: %d edits, %d held, %d kept, %q", c.why, len(got.Edits), len(got.Held), got.Kept, rejected)
		}
		for _, e := range got.Edits {
			if e.Op != edit.Delete || len(e.Cells) != 3 {
				t.Errorf("%s: %+v is no delete that can be taken back", c.why, e)
			}
		}
	}
}

func TestAListingThatBreaksOffIsNoDiff(t *testing.T) {
	broken := errors.New("broke off")
	sheet, err := render.ParseSheet([]byte(head))
	if err != nil {
		t.Fatal(err)
	}
	_, err = edit.Diff(tasks, sheet, func(yield func(edit.Row, error) bool) { yield(edit.Row{}, broken) }, edit.Options{})
	if !errors.Is(err, broken) {
		t.Error(err)
	}
}
