package codatest

import (
	"fmt"
	"slices"
	"time"
)

// The edits below are what users do to a workspace. They panic where an id is unknown,
// which is a mistake of the caller. Stamps come from Options.Now, but always move
// forward by a millisecond at least, so an edit is seen under a clock that stands.
//
// What moves: an edit of a page moves the page's and the doc's stamp; an edit of a row
// moves the row's, the base table's and the doc's, but not the page's on which the table
// stands, and not the table's views'.

// Edit runs f while no request is being answered and moves the stamp of the doc. It is for
// changes that the other methods don't offer.
func (w *Workspace) Edit(docID string, f func(d *Doc)) {
	w.edit(docID, func(d *Doc, _ time.Time) { f(d) })
}

// Recompute runs f while no request is being answered, and moves no stamp. It is for what Coda computes from
// elsewhere: other docs, the user, formulas among the words of a page.
func (w *Workspace) Recompute(docID string, f func(d *Doc)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f(w.mustDoc(docID))
}

// compute gives all that the clock makes of the doc.
func (d *Doc) compute(now time.Time) {
	for _, t := range d.Tables {
		for _, c := range t.Columns {
			if c.Compute == nil {
				continue
			}
			for _, r := range t.Rows {
				if r.Cells == nil {
					r.Cells = map[string]Value{}
				}
				r.Cells[c.ID] = c.Compute(now, r)
			}
		}
	}
	for _, f := range d.Formulas {
		if f.Compute != nil {
			f.Value = f.Compute(now)
		}
	}
}

// AddDoc adds a doc.
func (w *Workspace) AddDoc(d *Doc) {
	w.mu.Lock()
	defer w.mu.Unlock()
	d.fill(w.clock())
	w.Docs = append(w.Docs, d)
}

// RemoveDoc deletes a doc; its id is unknown from then on.
func (w *Workspace) RemoveDoc(docID string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.Docs = slices.DeleteFunc(w.Docs, func(d *Doc) bool { return d.ID == docID })
}

// RenameDoc gives a doc another name.
func (w *Workspace) RenameDoc(docID, name string) {
	w.edit(docID, func(d *Doc, _ time.Time) { d.Name = name })
}

// AddPage adds a page after its siblings.
func (w *Workspace) AddPage(docID string, p *Page) {
	w.edit(docID, func(d *Doc, now time.Time) {
		p.CreatedAt, p.UpdatedAt = now, now
		d.Pages = append(d.Pages, p)
	})
}

// RemovePage deletes a page and its subpages: 410 from then on. Tables that stood on them
// stay behind as orphans.
func (w *Workspace) RemovePage(docID, pageID string) {
	w.edit(docID, func(d *Doc, _ time.Time) {
		for _, p := range subtree(d, d.mustPage(pageID)) {
			d.removed[p.ID] = true
		}
		d.Pages = slices.DeleteFunc(d.Pages, func(p *Page) bool { return d.removed[p.ID] })
	})
}

// RenamePage gives a page another name.
func (w *Workspace) RenamePage(docID, pageID, name string) {
	w.editPage(docID, pageID, func(p *Page) { p.Name = name })
}

// SetPageBody replaces the Markdown of a page.
func (w *Workspace) SetPageBody(docID, pageID, markdown string) {
	w.editPage(docID, pageID, func(p *Page) { p.Body = markdown })
}

// SetPageHidden hides or shows a page.
func (w *Workspace) SetPageHidden(docID, pageID string, hidden bool) {
	w.editPage(docID, pageID, func(p *Page) { p.Hidden = hidden })
}

// AddTable adds a table or view.
func (w *Workspace) AddTable(docID string, t *Table) {
	w.edit(docID, func(d *Doc, now time.Time) {
		t.CreatedAt, t.UpdatedAt = now, now
		t.fill(now)
		d.Tables = append(d.Tables, t)
	})
}

// RemoveTable deletes a table or view.
func (w *Workspace) RemoveTable(docID, tableID string) {
	w.edit(docID, func(d *Doc, _ time.Time) {
		d.mustTable(tableID)
		d.Tables = slices.DeleteFunc(d.Tables, func(t *Table) bool { return t.ID == tableID })
	})
}

// RenameTable gives a table or view another name.
func (w *Workspace) RenameTable(docID, tableID, name string) {
	w.edit(docID, func(d *Doc, now time.Time) {
		t := d.mustTable(tableID)
		t.Name, t.UpdatedAt = name, now
	})
}

// EditTable runs f with a base table and the time, and moves the table's stamp and the doc's. It is for
// changes that the other methods don't offer. The stamps of rows are f's affair: a sync token
// shows the rows whose own stamp moved, and no others.
func (w *Workspace) EditTable(docID, tableID string, f func(t *Table, now time.Time)) {
	w.editRows(docID, tableID, f)
}

// AddRow adds a row at the end of a base table.
func (w *Workspace) AddRow(docID, tableID string, r *Row) {
	w.editRows(docID, tableID, func(t *Table, now time.Time) {
		r.CreatedAt, r.UpdatedAt = now, now
		t.Rows = append(t.Rows, r)
	})
}

// DeleteRow deletes a row.
func (w *Workspace) DeleteRow(docID, tableID, rowID string) {
	w.editRows(docID, tableID, func(t *Table, _ time.Time) {
		t.mustRow(rowID)
		t.Rows = slices.DeleteFunc(t.Rows, func(r *Row) bool { return r.ID == rowID })
	})
}

// SetCell changes one cell.
func (w *Workspace) SetCell(docID, tableID, rowID, columnID string, v Value) {
	w.editRows(docID, tableID, func(t *Table, now time.Time) {
		r := t.mustRow(rowID)
		cells := make(map[string]Value, len(r.Cells)+1)
		for k, old := range r.Cells {
			cells[k] = old
		}
		cells[columnID] = v
		r.Cells, r.UpdatedAt = cells, now
	})
}

// Touch moves a doc to the front of the list, as viewing it does. No stamp of the doc moves.
func (w *Workspace) Touch(docID string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.mustDoc(docID)
	for _, other := range w.Docs {
		if e := other.lastEvent(); !d.SeenAt.After(e) {
			d.SeenAt = e.Add(time.Millisecond)
		}
	}
}

// edit runs f under the lock with a stamp later than all of the doc's, and moves the doc's to it.
func (w *Workspace) edit(docID string, f func(d *Doc, now time.Time)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.editAt(w.mustDoc(docID), w.clock(), f)
}

// editAt is edit at a time, with w.mu held.
func (w *Workspace) editAt(d *Doc, now time.Time, f func(d *Doc, now time.Time)) {
	if w.keepPast {
		d.keep(now)
	}
	if !now.After(d.UpdatedAt) {
		now = d.UpdatedAt.Add(time.Millisecond)
	}
	f(d, now)
	d.UpdatedAt = now
}

// editPage is edit for what also moves a page's stamp.
func (w *Workspace) editPage(docID, pageID string, f func(p *Page)) {
	w.edit(docID, func(d *Doc, now time.Time) {
		p := d.mustPage(pageID)
		f(p)
		p.UpdatedAt = now
	})
}

// editRows is edit for what also moves the stamp of a base table; a view's id means its base table. The stamps of rows
// are f's affair.
func (w *Workspace) editRows(docID, tableID string, f func(t *Table, now time.Time)) {
	w.edit(docID, func(d *Doc, now time.Time) {
		t := d.base(d.mustTable(tableID))
		f(t, now)
		t.UpdatedAt = now
	})
}

// subtree is p and all pages below it.
func subtree(d *Doc, p *Page) []*Page {
	below := []*Page{p}
	for i := 0; i < len(below); i++ {
		for _, c := range d.children(below[i]) {
			if !slices.Contains(below, c) {
				below = append(below, c)
			}
		}
	}
	return below
}

// clock is now in whole milliseconds, the resolution of Coda's stamps.
func (w *Workspace) clock() time.Time {
	if w.now == nil {
		return time.Now().UTC().Truncate(time.Millisecond)
	}
	return w.now().UTC().Truncate(time.Millisecond)
}

// fill gives stamps to what has none: an object's own creation, else that of what holds
// it. No part of a doc is newer than the doc.
func (d *Doc) fill(now time.Time) {
	if d.removed == nil {
		d.removed = map[string]bool{}
	}
	stamp(&d.CreatedAt, &d.UpdatedAt, now)
	for _, p := range d.Pages {
		stamp(&p.CreatedAt, &p.UpdatedAt, d.CreatedAt)
		d.UpdatedAt = later(d.UpdatedAt, p.UpdatedAt)
	}
	for _, t := range d.Tables {
		stamp(&t.CreatedAt, &t.UpdatedAt, d.CreatedAt)
		t.fill(t.CreatedAt)
		d.UpdatedAt = later(d.UpdatedAt, t.UpdatedAt)
	}
}

// fill gives stamps to the rows that have none. No row is newer than its table.
func (t *Table) fill(created time.Time) {
	for _, r := range t.Rows {
		stamp(&r.CreatedAt, &r.UpdatedAt, created)
		t.UpdatedAt = later(t.UpdatedAt, r.UpdatedAt)
	}
}

// stamp fills in stamps that are zero.
func stamp(created, updated *time.Time, fallback time.Time) {
	if created.IsZero() {
		*created = fallback
	}
	if updated.IsZero() {
		*updated = *created
	}
}

// later is the later of two times.
func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func (w *Workspace) mustDoc(id string) *Doc { return must(w.doc(id), "doc", id) }

func (d *Doc) mustPage(id string) *Page {
	return must(find(d.Pages, func(p *Page) bool { return p.ID == id }), "page", id)
}

func (d *Doc) mustTable(id string) *Table {
	return must(find(d.Tables, func(t *Table) bool { return t.ID == id }), "table", id)
}

func (t *Table) mustRow(id string) *Row {
	return must(find(t.Rows, func(r *Row) bool { return r.ID == id }), "row", id)
}

// must gives x, and panics where it is nil: a test that names what is not there is wrong.
func must[T any](x *T, kind, id string) *T {
	if x == nil {
		panic(fmt.Sprintf("codatest: there is no %s %q", kind, id))
	}
	return x
}
