package outbox

import (
	"cmp"
	"slices"
	"time"

	"github.com/codafs/codafs/fs/edit"
)

// insertedFor is how long a line without a key is taken for the row that its file inserted.
const insertedFor = 7 * 24 * time.Hour

// History is what the outbox knows of one object, for the comparison of a file with it. Later steps of its jobs are not in it.
type History struct {
	table edit.Table
	at    map[string]int // the places of columns, by their ids, or by their headers where they have none
	all   []*past        // the oldest first
	of    map[string][]*past
}

// past is an edit that the service has, or may have. key is that of its row, "" if it is not known.
type past struct {
	job  *Job
	edit edit.Edit
	fate Fate
	key  string
}

// NewHistory takes the jobs of an object, of those in the outbox. table describes it now.
func NewHistory(jobs []*Job, o Object, table edit.Table) *History {
	h := &History{table: table, at: map[string]int{}, of: map[string][]*past{}}
	for _, j := range jobs {
		if j.Object.Doc != o.Doc || j.Object.ID != o.ID {
			continue
		}
		for i, e := range j.Edits {
			if f := j.Fates[i]; f.Status.Under() || f.Status.Unclear() || f.Status == Seen {
				p := &past{j, e, f, cmp.Or(e.Key, f.ID)}
				h.all = append(h.all, p)
				h.of[p.key] = append(h.of[p.key], p)
			}
		}
	}
	for i, c := range table.Columns {
		h.at[cmp.Or(c.ID, c.Header)] = i
	}
	return h
}

// Keep keeps a row as it is now.
func Keep(table edit.Table, r edit.Row) Kept {
	k := Kept{Stamp: r.Stamp, Cells: map[string]string{}}
	for i, c := range table.Columns {
		k.Cells[cmp.Or(c.ID, c.Header)] = r.Cells[i]
	}
	return k
}

// lay lays the cells of an edit over those of a row.
func (h *History) lay(cells []string, e edit.Edit) {
	for _, c := range e.Cells {
		if i, ok := h.at[c.Column]; ok {
			cells[i] = c.Wish
		}
	}
}

// inserted makes a row of an insert: what is not written is empty.
func (h *History) inserted(e edit.Edit, key string) edit.Row {
	r := edit.Row{Key: key, Cells: make([]string, len(h.table.Columns))}
	h.lay(r.Cells, e)
	return r
}

// Overlay lays over the rows what the service has taken and does not show yet.
func (h *History) Overlay(rows []edit.Row) []edit.Row {
	rows = slices.Clone(rows)
	place := map[string]int{}
	for i, r := range rows {
		place[r.Key] = i
	}
	gone := map[string]bool{}
	for _, p := range h.all {
		i, there := place[p.key]
		switch {
		case !p.fate.Status.Under():
		case p.edit.Op == edit.Delete:
			gone[p.key] = true
		case there:
			rows[i].Cells = slices.Clone(rows[i].Cells)
			h.lay(rows[i].Cells, p.edit)
		case p.edit.Op == edit.Insert && p.key != "":
			place[p.key], rows = len(rows), append(rows, h.inserted(p.edit, p.key))
		}
	}
	return slices.DeleteFunc(rows, func(r edit.Row) bool { return gone[r.Key] })
}

// Written reports whether we wrote a row. It is for [edit.Options].
func (h *History) Written(key string) bool {
	return slices.ContainsFunc(h.of[key], func(p *past) bool { return !p.fate.Status.Unclear() })
}

// Base gives a row as it was under a stamp, with what was written since laid over it: what codafs wrote itself, its user has
// seen. older gives rows of versions that others kept; nil knows none.
func (h *History) Base(key, stamp string, older func(key, stamp string) ([]string, bool)) (cells []string, ok bool) {
	written := slices.DeleteFunc(slices.Clone(h.of[key]), func(p *past) bool { return p.fate.Status.Unclear() })
	for _, p := range written {
		if kept, has := p.job.Rows[key]; has && !ok && edit.SameStamp(kept.Stamp, stamp) {
			cells, ok = make([]string, len(h.table.Columns)), true
			for id, text := range kept.Cells {
				if i, is := h.at[id]; is {
					cells[i] = text
				}
			}
		}
		if p.edit.Op == edit.Insert && stamp == "" {
			cells, ok = h.inserted(p.edit, key).Cells, true
		}
		if ok {
			h.lay(cells, p.edit)
		}
	}
	if ok || older == nil {
		return cells, ok
	}
	if cells, ok = older(key, stamp); ok {
		cells = slices.Clone(cells)
		for _, p := range written {
			h.lay(cells, p.edit)
		}
	}
	return cells, ok
}

// Named gives the key of the row that was inserted from a line with a name. The name is bound to the row for good.
func (h *History) Named(name string) (key string, ok bool) {
	for _, p := range h.all {
		if p.edit.Op == edit.Insert && p.edit.Name == name {
			key, ok = p.fate.ID, true
		}
	}
	return key, ok
}

// Inserted are the rows that a file inserted from lines without a key and a name, lately. A row whose key is not known is one
// that is in doubt.
func (h *History) Inserted(file string, now time.Time) (rows []edit.Row) {
	for _, p := range h.all {
		if p.edit.Op == edit.Insert && p.edit.Name == "" && file != "" && p.job.File == file && now.Sub(p.fate.At) < insertedFor {
			rows = append(rows, h.inserted(p.edit, p.key))
		}
	}
	return rows
}

// HoldDoubts holds the edits of rows that have a write in doubt: nothing is sent on top of what may still arrive.
func (h *History) HoldDoubts(c *edit.Changes) {
	doubtful := func(p *past) bool { return p.fate.Status.Unclear() }
	c.Edits = slices.DeleteFunc(c.Edits, func(e edit.Edit) bool {
		if e.Key == "" || !slices.ContainsFunc(h.of[e.Key], doubtful) {
			return false
		}
		c.Held = append(c.Held, edit.Held{Reason: edit.HeldDoubt, Line: e.Line, Key: e.Key, Edit: e})
		return true
	})
}
