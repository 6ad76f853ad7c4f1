package outbox

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/codafs/codafs/fs/edit"
)

// insertedFor is how long a line without a key is taken for the row that its file inserted.
const insertedFor = 7 * 24 * time.Hour

// History is what the outbox knows of one object, for the comparison of a file with it.
type History struct {
	table edit.Table
	jobs  []*Job
	at    map[string]int // the places of columns, by their ids, or by their headers where they have none
}

// NewHistory takes the jobs of an object, of those in the outbox. table describes it now.
func NewHistory(jobs []*Job, o Object, table edit.Table) *History {
	h := &History{table: table, at: map[string]int{}}
	for _, j := range jobs {
		if j.Object.Doc == o.Doc && j.Object.ID == o.ID {
			h.jobs = append(h.jobs, j)
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

// each calls do for each edit that the service has, or may have, the oldest first. key is that of its row, "" if it is not known.
func (h *History) each(do func(j *Job, e edit.Edit, f Fate, key string)) {
	for _, j := range h.jobs {
		for i, e := range j.Edits {
			f := j.Fates[i]
			if f.Status.Under() || f.Status.Unclear() || f.Status == Seen {
				key := e.Key
				if key == "" {
					key = f.ID
				}
				do(j, e, f, key)
			}
		}
	}
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
	h.each(func(_ *Job, e edit.Edit, f Fate, key string) {
		i, there := place[key]
		switch {
		case !f.Status.Under():
		case e.Op == edit.Delete:
			gone[key] = true
		case there:
			rows[i].Cells = slices.Clone(rows[i].Cells)
			h.lay(rows[i].Cells, e)
		case e.Op == edit.Insert && key != "":
			place[key], rows = len(rows), append(rows, h.inserted(e, key))
		}
	})
	return slices.DeleteFunc(rows, func(r edit.Row) bool { return gone[r.Key] })
}

// Written reports whether we wrote a row. It is for [edit.Options].
func (h *History) Written(key string) (yes bool) {
	h.each(func(_ *Job, _ edit.Edit, f Fate, k string) { yes = yes || k == key && !f.Status.Unclear() })
	return yes
}

// Base gives a row as it was under a stamp, with what was written since laid over it: what codafs wrote itself, its user has
// seen. older gives rows of versions that others kept; nil knows none.
func (h *History) Base(key, stamp string, older func(key, stamp string) ([]string, bool)) (cells []string, ok bool) {
	h.each(func(j *Job, e edit.Edit, f Fate, k string) {
		if k != key || f.Status.Unclear() {
			return
		}
		if kept, has := j.Rows[key]; has && !ok && edit.SameStamp(kept.Stamp, stamp) {
			cells, ok = make([]string, len(h.table.Columns)), true
			for id, text := range kept.Cells {
				if i, is := h.at[id]; is {
					cells[i] = text
				}
			}
		}
		if e.Op == edit.Insert && stamp == "" {
			cells, ok = h.inserted(e, key).Cells, true
		}
		if ok {
			h.lay(cells, e)
		}
	})
	if !ok && older != nil {
		if cells, ok = older(key, stamp); ok {
			cells = slices.Clone(cells)
			h.each(func(_ *Job, e edit.Edit, f Fate, k string) {
				if k == key && !f.Status.Unclear() {
					h.lay(cells, e)
				}
			})
		}
	}
	return cells, ok
}

// Named gives the key of the row that was inserted from a line with a name. The name is bound to the row for good.
func (h *History) Named(name string) (key string, ok bool) {
	h.each(func(_ *Job, e edit.Edit, f Fate, _ string) {
		if e.Op == edit.Insert && e.Name == name {
			key, ok = f.ID, true
		}
	})
	return key, ok
}

// Inserted are the rows that a file inserted from lines without a key and a name, lately. A row whose key is not known is one
// that is in doubt.
func (h *History) Inserted(file string, now time.Time) (rows []edit.Row) {
	h.each(func(j *Job, e edit.Edit, f Fate, key string) {
		if e.Op == edit.Insert && e.Name == "" && file != "" && j.File == file && now.Sub(f.At) < insertedFor {
			rows = append(rows, h.inserted(e, key))
		}
	})
	return rows
}

// Doubts are the keys of the rows with a write that is in doubt.
func (h *History) Doubts() []string {
	keys := map[string]bool{}
	h.each(func(_ *Job, _ edit.Edit, f Fate, key string) {
		if f.Status.Unclear() && key != "" {
			keys[key] = true
		}
	})
	return slices.Collect(maps.Keys(keys))
}

// HoldDoubts holds the edits of rows that have a write in doubt: nothing is sent on top of what may still arrive.
func (h *History) HoldDoubts(c *edit.Changes) {
	doubts := h.Doubts()
	c.Edits = slices.DeleteFunc(c.Edits, func(e edit.Edit) bool {
		if e.Key == "" || !slices.Contains(doubts, e.Key) {
			return false
		}
		c.Held = append(c.Held, edit.Held{Reason: edit.HeldDoubt, Line: e.Line, Key: e.Key, Edit: e})
		return true
	})
}
