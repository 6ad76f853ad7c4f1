package edit

import "fmt"

// Deletion says which rows a file may delete by not having them.
type Deletion struct {
	// Base are the rows that the author of the file saw, in the order of the file that was handed out. Rows that were made
	// since are not missing.
	Base []Seen
	// MaxRows and MaxPercent of Base are the most that may go. Of the two, the smaller one counts.
	MaxRows    int
	MaxPercent float64
}

// Seen is a row that the author of the file saw.
type Seen struct{ Key, Stamp string }

// deletes makes edits of the rows that the file lacks, if that is wanted. It comes after inserts, which knows which lines are
// rows without a key.
func (d *diff) deletes() {
	missing := map[string]Row{}
	for _, r := range d.missing {
		if !d.known[r.Key] {
			missing[r.Key] = r
		}
	}
	if d.opts.Deletion == nil {
		d.changes.Kept = len(missing)
		return
	}
	var gone []Edit
	held, inMiddle, atEnd := 0, 0, 0 // of the base, what the file lacks
	for _, seen := range d.opts.Deletion.Base {
		if d.known[seen.Key] {
			inMiddle, atEnd = inMiddle+atEnd, 0
			continue
		}
		atEnd++
		now, ok := missing[seen.Key]
		if !ok {
			continue // deleted at the service too
		}
		e := d.delete(now)
		if seen.Stamp == "" || !sameInstant(seen.Stamp, now.Stamp) {
			d.changes.Held = append(d.changes.Held, Held{Reason: HeldChanged, Key: now.Key, Edit: e})
			held++
			continue
		}
		gone = append(gone, e)
	}
	d.changes.Kept = len(missing) - len(gone) - held
	if d.mayDelete(len(gone), inMiddle == 0) {
		d.changes.Edits = append(d.changes.Edits, gone...)
	}
}

func (d *diff) delete(now Row) Edit {
	e := Edit{Op: Delete, Key: now.Key, Stamp: now.Stamp}
	for i, c := range d.table.Columns {
		if c.ID != "" {
			e.Cells = append(e.Cells, Cell{Column: c.ID, Header: c.Header, Now: now.Cells[i]})
		}
	}
	return e
}

// mayDelete rejects the file if it lacks more rows than may go at once, or exactly the last ones of the table, as a file that
// was cut off does.
func (d *diff) mayDelete(gone int, atEnd bool) bool {
	total := len(d.opts.Deletion.Base)
	most := min(float64(d.opts.Deletion.MaxRows), d.opts.Deletion.MaxPercent*float64(total)/100)
	switch {
	case gone == 0:
		return true
	case float64(gone) > most:
		d.reject(Problem{Message: fmt.Sprintf("%d of %d rows are missing, and at most %d may be deleted at once: see --max-delete", gone, total, int(most))})
	case atEnd:
		d.reject(Problem{Message: fmt.Sprintf("exactly the last rows are missing (%d), as in a file that was cut off: put one of them back to show that it is whole", gone)})
	default:
		return true
	}
	return false
}
