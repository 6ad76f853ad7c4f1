package codatest

import (
	"fmt"
	"time"
)

// Calendar is a workspace of one doc in which nothing is edited and much changes: a table, Tasks, whose column As of has
// a formula and shows the date; a view of it, Late; a named formula that is the date, too; a page with the table, one
// with the view, and one with text alone. In the table Plain all is typed.
func Calendar(formula string) *Workspace {
	rows := func(id string) (rows []*Row) {
		for i := range 3 {
			rows = append(rows, &Row{ID: fmt.Sprint("i-", id, i), Cells: map[string]Value{"c-Name-0001": Text(fmt.Sprint("row ", i))}})
		}
		return rows
	}
	date := func(now time.Time) Value { return Text(now.Format(time.DateOnly)) }
	name := &Column{ID: "c-Name-0001", Name: "Name", Format: Format{Type: "text"}}
	return &Workspace{
		ID: "ws-Calendar1", Name: "Calendar", User: Person{"Ann", "ann@calendar.example"},
		Docs: []*Doc{{
			ID: "Calendar-1", Name: "Calendar", CreatedAt: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
			Pages: []*Page{{ID: "canvas-Tasks-01", Name: "Tasks"}, {ID: "canvas-Text-001", Name: "Text", Body: "Some text\n"}, {ID: "canvas-Late-001", Name: "Late"}},
			Tables: []*Table{
				{ID: "grid-Tasks-001", Name: "Tasks", Parent: "canvas-Tasks-01", Rows: rows("T"), Columns: []*Column{name,
					{ID: "c-Today-0001", Name: "As of", Format: Format{Type: "text"}, Formula: formula,
						Compute: func(now time.Time, _ *Row) Value { return date(now) }}}},
				{ID: "grid-Plain-001", Name: "Plain", Rows: rows("P"), Columns: []*Column{name}},
				{ID: "table-Late-001", Name: "Late", Base: "grid-Tasks-001", Parent: "canvas-Late-001"},
			},
			Formulas: []*Formula{{ID: "f-Today-0001", Name: "Today", Compute: date}},
		}},
	}
}
