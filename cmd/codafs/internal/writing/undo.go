package writing

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/codafs/codafs/cmd/codafs/internal/exit"
	"github.com/codafs/codafs/fs/edit"
	"github.com/codafs/codafs/fs/edit/outbox"
)

// Undo makes the plan that takes a job back. Cells get their old values where Coda still has ours, rows that were inserted are
// deleted if nobody touched them, deleted rows are inserted again, under new ids. What somebody changed since is held.
func (d *Desk) Undo(ctx context.Context, id string) (*outbox.Plan, error) {
	j, err := d.Box.Job(id)
	if err != nil {
		return nil, exit.UsageError{Err: err}
	}
	table, rows, err := d.Service.Read(ctx, j.Object, false)
	if err != nil {
		return nil, err
	}
	jobs, err := d.Jobs()
	if err != nil {
		return nil, err
	}
	rows = outbox.NewHistory(jobs, j.Object, table).Overlay(rows)
	u := &undo{table: table, now: map[string]edit.Row{},
		plan: &outbox.Plan{Schema: outbox.Schema, ID: outbox.NewID(), Made: time.Now().UTC(), Object: j.Object, Undoes: id}}
	for _, r := range rows {
		u.now[r.Key] = r
	}
	for _, earlier := range jobs {
		if earlier.Undoes == id {
			u.again = append(u.again, inserts(earlier)...)
		}
	}
	for i, e := range j.Edits {
		switch f := j.Fates[i]; {
		case f.Status.Unclear():
			reject(u.plan, edit.Problem{Line: e.Line, Row: e.Key, Message: "it is in doubt whether this was written: nothing can be taken back until 'codafs apply' or 'codafs drop' has settled it"})
		case f.Status.Under() || f.Status == outbox.Seen:
			u.take(e, f)
		}
	}
	keep(u.plan, table, rows)
	return u.plan, nil
}

// undo is a plan in the making.
type undo struct {
	table edit.Table
	now   map[string]edit.Row
	plan  *outbox.Plan
	again []edit.Edit // inserts of earlier undos of the same job
}

// inserts are those of a job that Coda has, or may have.
func inserts(j *outbox.Job) (all []edit.Edit) {
	for i, e := range j.Edits {
		if st := j.Fates[i].Status; e.Op == edit.Insert && (st.Under() || st.Unclear() || st == outbox.Seen) {
			all = append(all, e)
		}
	}
	return all
}

func sameCells(a, b []edit.Cell) bool {
	return slices.EqualFunc(a, b, func(x, y edit.Cell) bool { return x.Column == y.Column && x.Wish == y.Wish })
}

func (u *undo) column(id string) int {
	return slices.IndexFunc(u.table.Columns, func(c edit.Column) bool { return c.ID == id && id != "" })
}

// take adds what takes one edit back.
func (u *undo) take(e edit.Edit, f outbox.Fate) {
	switch e.Op {
	case edit.Update:
		u.update(e)
	case edit.Insert:
		u.inserted(e, f.ID)
	case edit.Delete:
		u.deleted(e)
	default:
		reject(u.plan, edit.Problem{Line: e.Line, Message: fmt.Sprintf("%s: what was there before is not known", e.Op)})
	}
}

// update gives cells their old values.
func (u *undo) update(e edit.Edit) {
	r, there := u.now[e.Key]
	if !there {
		u.hold(edit.Held{Reason: edit.HeldUnknownRow, Key: e.Key, Edit: e})
		return
	}
	back := edit.Edit{Op: edit.Update, Key: e.Key, Stamp: r.Stamp}
	for _, c := range e.Cells {
		at := u.column(c.Column)
		if at < 0 {
			continue // the column is gone, and the value with it
		}
		column, has := u.table.Columns[at], r.Cells[at]
		if column.Kind.Equal(has, c.Now) {
			continue
		}
		if !column.Kind.Equal(has, c.Wish) {
			u.hold(edit.Held{Reason: edit.HeldConflict, Key: e.Key, Header: c.Header, Base: c.Wish, Now: has, Wish: c.Now, Edit: back})
			return
		}
		value, err := column.Shown(c.Now)
		if err != nil {
			reject(u.plan, edit.Problem{Row: e.Key, Header: c.Header, Message: err.Error()})
			continue
		}
		back.Cells = append(back.Cells, edit.Cell{Column: c.Column, Header: column.Header, Now: has, Wish: c.Now, Value: value})
	}
	if len(back.Cells) > 0 {
		u.plan.Edits = append(u.plan.Edits, back)
	}
}

// inserted deletes a row that was inserted, if it is as it was made.
func (u *undo) inserted(e edit.Edit, key string) {
	r, there := u.now[key]
	if !there {
		return
	}
	gone := edit.Edit{Op: edit.Delete, Key: key, Stamp: r.Stamp}
	for i, c := range u.table.Columns {
		if c.ID == "" || c.Locked != "" {
			continue
		}
		wrote := ""
		if n := slices.IndexFunc(e.Cells, func(cell edit.Cell) bool { return cell.Column == c.ID }); n >= 0 {
			wrote = e.Cells[n].Wish
		}
		if !c.Kind.Equal(r.Cells[i], wrote) && !c.Kind.Retyped(r.Cells[i], wrote) {
			u.hold(edit.Held{Reason: edit.HeldChanged, Key: key, Header: c.Header, Base: wrote, Now: r.Cells[i], Edit: gone})
			return
		}
		gone.Cells = append(gone.Cells, edit.Cell{Column: c.ID, Header: c.Header, Now: r.Cells[i]})
	}
	u.plan.Edits = append(u.plan.Edits, gone)
}

// deleted inserts a row again that was deleted.
func (u *undo) deleted(e edit.Edit) {
	if _, there := u.now[e.Key]; there {
		return
	}
	again := edit.Edit{Op: edit.Insert}
	for _, c := range e.Cells {
		at := u.column(c.Column)
		if at < 0 || u.table.Columns[at].Locked != "" || c.Now == "" {
			continue
		}
		value, err := u.table.Columns[at].Shown(c.Now)
		if err != nil {
			reject(u.plan, edit.Problem{Row: e.Key, Header: c.Header, Message: err.Error()})
			continue
		}
		again.Cells = append(again.Cells, edit.Cell{Column: c.Column, Header: c.Header, Wish: c.Now, Value: value})
	}
	if n := slices.IndexFunc(u.again, func(e edit.Edit) bool { return sameCells(e.Cells, again.Cells) }); n >= 0 {
		u.again = slices.Delete(u.again, n, n+1) // an earlier undo did it
		return
	}
	u.plan.Edits = append(u.plan.Edits, again)
}

func (u *undo) hold(h edit.Held) { u.plan.Held = append(u.plan.Held, h) }
