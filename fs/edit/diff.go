package edit

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/codafs/codafs/fs/render"
)

// Options say what is known beside the file and the table.
type Options struct {
	// Headers gives the ids of columns by their headers, in the version that the file was made from. Headers that it lacks
	// are looked up in the table as it is now.
	Headers map[string]string
	// Base gives a row as the author of the file saw it: as of a stamp in the file, or, if the file has none, as of the
	// version that was last handed out; what this program wrote since counts as seen. The cells are in the order of the
	// table's columns. It is not asked for rows whose stamp is still the service's. ok is false if nobody kept them.
	Base func(key, stamp string) (cells []string, ok bool)
	// Written reports that this program wrote the row after the version that has the stamp: Base is asked all the same.
	Written func(key string) bool
	// Named gives the key of the row that was inserted from a line which called it so, such as "+a".
	Named func(name string) (key string, ok bool)
	// Inserted are the rows that earlier edits of this file inserted from lines without a key or a name. One of them has no
	// key if nobody knows whether the service has made it.
	Inserted []Row
	// SendRetyped are the headers of columns whose retyped and emptied cells are sent.
	SendRetyped []string
	// Deletion, if not nil, deletes the rows that the file lacks.
	Deletion *Deletion
}

// Diff compares a file with the table as the service has it now. now gives each row of the table once. An error is one of
// now.
func Diff(t Table, wish *render.Sheet, now iter.Seq2[Row, error], o Options) (*Changes, error) {
	d := &diff{table: t, opts: o, changes: &Changes{Retyped: map[string]int{}, Ignored: map[string]int{}}}
	if !d.header(wish.Header) || !d.keys(wish.Rows) {
		return d.changes, nil
	}
	for row, err := range now {
		if err != nil {
			return nil, err
		}
		d.row(row)
	}
	d.rest()
	d.inserts()
	d.deletes()
	slices.SortStableFunc(d.changes.Edits, func(a, b Edit) int { return cmp.Compare(a.place(), b.place()) })
	slices.SortStableFunc(d.changes.Held, func(a, b Held) int { return cmp.Compare(a.Line, b.Line) })
	slices.SortStableFunc(d.changes.Problems, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
	return d.changes, nil
}

// diff is one comparison. It is for one goroutine.
type diff struct {
	table   Table
	opts    Options
	changes *Changes
	// columns has, for each field of a line, the index of its column in the table.
	columns []int
	key     []int // the fields of the key
	stamp   int   // the field of the stamp, -1 if the file has none
	// byKey has the lines that name a row, until the row was seen.
	byKey map[string]line
	// known are all keys that the file names.
	known map[string]bool
	// fresh are the lines without a key.
	fresh []line
	// missing are rows that the file lacks.
	missing []Row
}

// line is a record of the file.
type line struct {
	number int
	name   string // "+name", of a line that calls its row so
	cells  []string
}

func (e Edit) place() int {
	if e.Op == Delete {
		return int(^uint(0) >> 1)
	}
	return e.Line
}

func (d *diff) reject(p Problem) { d.changes.Problems = append(d.changes.Problems, p) }

// header finds the columns of the file. It reports false if nothing can be compared.
func (d *diff) header(header []string) bool {
	d.stamp = -1
	for i, name := range header {
		at := -1
		if id, ok := d.opts.Headers[name]; ok {
			at = d.table.byID(id)
		}
		if at < 0 {
			at = d.table.index(name)
		}
		if at < 0 {
			d.reject(Problem{Line: 1, Message: fmt.Sprintf("the table has no column %q: remove it from the file", name)})
		}
		d.columns = append(d.columns, at)
		if name == d.table.Stamp && name != "" {
			d.stamp = i
		}
	}
	for _, name := range d.table.Key {
		i := slices.Index(header, name)
		if i < 0 {
			d.reject(Problem{Line: 1, Message: d.noKey(header, name)})
			return false
		}
		d.key = append(d.key, i)
	}
	return len(d.changes.Problems) == 0
}

// noKey says that a file has no column that names its rows.
func (d *diff) noKey(header []string, key string) string {
	if by := render.Separated(header, key); by != "" {
		return fmt.Sprintf("the fields are separated by %s: save the file with commas", by)
	}
	return fmt.Sprintf("there is no column %s, so nobody knows which row a line is", key)
}

// keys sorts the lines by what they name. It reports false if nothing can be compared.
func (d *diff) keys(rows []render.SheetRow) bool {
	d.byKey, d.known = map[string]line{}, map[string]bool{}
	for _, r := range rows {
		l := line{number: r.Line, cells: r.Cells}
		key := d.keyOf(l)
		if len(d.key) == 1 && strings.HasPrefix(key, "+") {
			l.name = key
			if key = ""; d.opts.Named != nil {
				key, _ = d.opts.Named(l.name)
			}
		}
		if twice := cmp.Or(key, l.name); twice != "" && d.known[twice] {
			d.reject(Problem{Line: l.number, Row: d.showKey(twice), Message: "the file has this row twice"})
			continue
		}
		d.known[cmp.Or(key, l.name)] = true
		if key == "" {
			d.fresh = append(d.fresh, l)
		} else {
			d.byKey[key] = l
		}
	}
	return len(d.changes.Problems) == 0
}

func (d *diff) keyOf(l line) string {
	cells := make([]string, len(d.key))
	for i, at := range d.key {
		cells[i] = l.cells[at]
	}
	return JoinKey(cells...)
}

func (d *diff) showKey(key string) string { return strings.ReplaceAll(key, "\x1f", ", ") }

// row compares a row of the service with its line.
func (d *diff) row(now Row) {
	l, ok := d.byKey[now.Key]
	if !ok {
		d.missing = append(d.missing, now)
		return
	}
	delete(d.byKey, now.Key)
	base, known := d.base(l, now)
	merged := d.merge(l, now, base, known)
	for header, n := range merged.retyped {
		d.changes.Retyped[header] += n
	}
	d.changes.Done += merged.done
	switch {
	case merged.held.Reason != "":
		merged.held.Edit = merged.edit
		d.changes.Held = append(d.changes.Held, merged.held)
	case len(merged.edit.Cells) > 0:
		d.changes.Edits = append(d.changes.Edits, merged.edit)
	}
}

// base gives the cells that the author of the file saw.
func (d *diff) base(l line, now Row) (cells []string, known bool) {
	stamp, written := "", d.opts.Written != nil && d.opts.Written(now.Key)
	if d.stamp >= 0 {
		stamp = l.cells[d.stamp]
		if stamp != "" && sameInstant(stamp, now.Stamp) {
			// The service may still show what was there before our own write. If nobody kept that, the file is newer.
			if written && d.opts.Base != nil {
				if cells, ok := d.opts.Base(now.Key, stamp); ok {
					return cells, true
				}
			}
			return now.Cells, true
		}
	}
	if d.opts.Base == nil {
		return nil, false
	}
	return d.opts.Base(now.Key, stamp)
}

// merged is what became of the cells of a line.
type merged struct {
	edit    Edit
	held    Held
	retyped map[string]int
	done    int
}

// merge compares a line cell by cell. If what its author saw is not known, only a line that is as the service's row needs
// nothing.
func (d *diff) merge(l line, now Row, base []string, known bool) (m merged) {
	m.retyped = map[string]int{}
	m.edit = Edit{Op: Update, Key: now.Key, Name: l.name, Line: l.number, Stamp: now.Stamp}
	for field, at := range d.columns {
		if slices.Contains(d.key, field) || field == d.stamp {
			continue
		}
		c, wish, has := d.table.Columns[at], l.cells[field], now.Cells[at]
		was := has
		if known {
			was = base[at]
		}
		anyway := slices.Contains(d.opts.SendRetyped, c.Header)
		switch {
		case c.Kind.Equal(was, wish), !anyway && wish != "" && lines(was) != lines(wish) && d.retyped(&m, c, was, wish):
		case c.Locked != "":
			d.reject(Problem{Line: l.number, Row: d.showKey(now.Key), Header: c.Header, Message: fmt.Sprintf("it was changed, and %s", c.Locked)})
		case c.Kind.Equal(has, wish):
			m.done++
		default:
			d.cell(&m, l, c, Held{Base: was, Now: has, Wish: wish}, known, anyway)
		}
	}
	return m
}

// retyped counts a cell that only looks different.
func (d *diff) retyped(m *merged, c Column, was, wish string) bool {
	if !c.Kind.Retyped(was, wish) {
		return false
	}
	m.retyped[c.Header]++
	return true
}

// cell adds a cell that the file changed to the edit, and holds the row if somebody must decide.
func (d *diff) cell(m *merged, l line, c Column, h Held, known, anyway bool) {
	switch {
	case !known:
		h.Reason = HeldUnknownBase
	case !c.Kind.Equal(h.Base, h.Now):
		h.Reason = HeldConflict
	case !anyway && emptiedByProgram(h.Base, h.Wish):
		h.Reason = HeldEmptied
	}
	if h.Reason != "" && m.held.Reason == "" {
		h.Line, h.Key, h.Header = l.number, m.edit.Key, c.Header
		if h.Reason == HeldUnknownBase {
			h.Base = ""
		}
		m.held = h
	}
	value, err := c.Value(h.Wish)
	if err != nil {
		d.reject(Problem{Line: l.number, Row: d.showKey(m.edit.Key), Header: c.Header, Message: err.Error()})
		return
	}
	m.edit.Cells = append(m.edit.Cells, Cell{Column: c.ID, Header: c.Header, Now: h.Now, Wish: h.Wish, Value: value})
}

// rest holds the lines whose rows the service does not have.
func (d *diff) rest() {
	for key, l := range d.byKey {
		d.changes.Held = append(d.changes.Held, Held{Reason: HeldUnknownRow, Line: l.number, Key: key, Edit: d.insert(l)})
	}
}

// insert makes the edit for a new row, of the cells that are not empty.
func (d *diff) insert(l line) Edit {
	e := Edit{Op: Insert, Name: l.name, Line: l.number}
	for field, at := range d.columns {
		c, wish := d.table.Columns[at], l.cells[field]
		if wish == "" || slices.Contains(d.key, field) || field == d.stamp {
			continue
		}
		if c.Locked != "" || c.ID == "" {
			d.changes.Ignored[c.Header]++
			continue
		}
		value, err := c.Value(wish)
		if err != nil {
			d.reject(Problem{Line: l.number, Row: cmp.Or(l.name, "new"), Header: c.Header, Message: err.Error()})
			continue
		}
		e.Cells = append(e.Cells, Cell{Column: c.ID, Header: c.Header, Wish: wish, Value: value})
	}
	return e
}

// inserts makes edits of the lines without a key. One that is as a row which this file inserted, and whose key the file does
// not have, is that row. While there are such rows, a line that is like none of them may be one of them, edited since.
func (d *diff) inserts() {
	var open []Row // inserted from this file, and not in it by their keys
	for _, r := range d.opts.Inserted {
		if r.Key == "" || !d.known[r.Key] { // the key of a row in doubt is not known
			open = append(open, r)
		}
	}
	var fresh []Edit
	for _, l := range d.fresh {
		if l.name == "" {
			if i := slices.IndexFunc(open, func(r Row) bool { return d.equals(l, r) }); i >= 0 {
				d.known[open[i].Key] = true
				open = slices.Delete(open, i, i+1)
				d.changes.Inserted++
				continue
			}
		}
		fresh = append(fresh, d.insert(l))
	}
	for _, e := range fresh {
		if e.Name == "" && len(open) > 0 {
			d.changes.Held = append(d.changes.Held, Held{Reason: HeldInserted, Line: e.Line, Key: open[0].Key, Edit: e})
			continue
		}
		d.changes.Edits = append(d.changes.Edits, e)
	}
}

// equals reports that a line has the cells with which a row was inserted.
func (d *diff) equals(l line, r Row) bool {
	for field, at := range d.columns {
		c := d.table.Columns[at]
		if slices.Contains(d.key, field) || field == d.stamp || c.Locked != "" || c.ID == "" {
			continue
		}
		if !c.Kind.Equal(l.cells[field], r.Cells[at]) {
			return false
		}
	}
	return true
}
