package codatest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"
	"unicode/utf8"
)

// rowEdit is a RowEdit.
type rowEdit struct {
	Cells []cellEdit `json:"cells"`
}

// cellEdit is a CellEdit.
type cellEdit struct {
	Column string          `json:"column"`
	Value  json.RawMessage `json:"value"`
}

// rowWrite is a row of a write, read: values by column id.
type rowWrite map[string]Value

// upsertRows adds rows, or with keyColumns updates those that match, each of them (Coda API 1.5.0, upsertRows). Which rows
// match is seen when the write is applied, not before.
func (c *call) upsertRows() (any, error) {
	t, err := c.writable()
	if err != nil {
		return nil, err
	}
	var sent struct {
		Rows       []rowEdit `json:"rows"`
		KeyColumns []string  `json:"keyColumns"`
	}
	if err := c.body(&sent); err != nil {
		return nil, err
	}
	var keys []string
	for _, key := range sent.KeyColumns {
		col := t.column(key)
		if col == nil {
			return nil, noColumn(key)
		}
		keys = append(keys, col.ID)
	}
	var rows []rowWrite
	var ids []string
	for i, edit := range sent.Rows {
		row, err := c.rowWrite(t, edit)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
		ids = append(ids, shortID("i-", t.ID, fmt.Sprint(c.w.writes), fmt.Sprint(i)))
	}
	out := struct {
		RequestID   string   `json:"requestId"`
		AddedRowIDs []string `json:"addedRowIds,omitempty"`
	}{}
	if keys == nil {
		out.AddedRowIDs = ids
	}
	out.RequestID = c.queue(func(d *Doc, now time.Time) {
		if t := d.table(t.ID); t != nil {
			for i, row := range rows {
				t.upsert(ids[i], row, keys, now)
			}
		}
	})
	return out, nil
}

// upsert adds a row, or updates all that have its values in the key columns.
func (t *Table) upsert(id string, row rowWrite, keys []string, now time.Time) {
	t.UpdatedAt = now
	found := false
	for _, r := range t.Rows {
		if len(keys) > 0 && !slices.ContainsFunc(keys, func(key string) bool { return !sameValue(r.Cells[key], row[key]) }) {
			r.set(row, now)
			found = true
		}
	}
	if !found {
		r := &Row{ID: id, CreatedAt: now}
		r.set(row, now)
		t.Rows = append(t.Rows, r)
	}
}

// sameValue compares the texts of two cells.
func sameValue(a, b Value) bool { return fmt.Sprint(a) == fmt.Sprint(b) }

// set changes cells of a row. What readers got of it before does not change.
func (r *Row) set(row rowWrite, now time.Time) {
	cells := make(map[string]Value, len(r.Cells)+len(row))
	for id, v := range r.Cells {
		cells[id] = v
	}
	for id, v := range row {
		cells[id] = v
	}
	r.Cells, r.UpdatedAt = cells, now
}

// updateRow changes cells of one row (Coda API 1.5.0, updateRow).
func (c *call) updateRow() (any, error) {
	t, r, err := c.writableRow()
	if err != nil {
		return nil, err
	}
	var sent struct {
		Row rowEdit `json:"row"`
	}
	if err := c.body(&sent); err != nil {
		return nil, err
	}
	row, err := c.rowWrite(t, sent.Row)
	if err != nil {
		return nil, err
	}
	id := r.ID
	return rowQueued{id, c.queue(func(d *Doc, now time.Time) {
		if t, r := (Ref{t.ID, id}).row(d); r != nil { // else somebody deleted it meanwhile
			r.set(row, now)
			t.UpdatedAt = now
		}
	})}, nil
}

// rowQueued is a RowUpdateResult, a RowDeleteResult, and what writes of pages answer.
type rowQueued struct {
	ID        string `json:"id"`
	RequestID string `json:"requestId"`
}

// deleteRow deletes one row (Coda API 1.5.0, deleteRow).
func (c *call) deleteRow() (any, error) {
	t, r, err := c.writableRow()
	if err != nil {
		return nil, err
	}
	return rowQueued{r.ID, c.queueDelete(t, []string{r.ID})}, nil
}

// deleteRows deletes rows. Ids that no row has are passed over (Coda API 1.5.0, deleteRows).
func (c *call) deleteRows() (any, error) {
	t, err := c.writable()
	if err != nil {
		return nil, err
	}
	var sent struct {
		RowIDs []string `json:"rowIds"`
	}
	if err := c.body(&sent); err != nil {
		return nil, err
	}
	return map[string]any{"rowIds": sent.RowIDs, "requestId": c.queueDelete(t, sent.RowIDs)}, nil
}

func (c *call) queueDelete(t *Table, ids []string) string {
	return c.queue(func(d *Doc, now time.Time) {
		if t := d.table(t.ID); t != nil {
			t.Rows = slices.DeleteFunc(slices.Clone(t.Rows), func(r *Row) bool { return slices.Contains(ids, r.ID) })
			t.UpdatedAt = now
		}
	})
}

// writable is the table of the path. Rows are written to base tables only.
func (c *call) writable() (*Table, error) {
	t, err := c.findTable()
	if err == nil && t.Base != "" {
		err = problem(http.StatusBadRequest, "Rows can only be written to base tables, not to views.")
	}
	return t, err
}

func (c *call) writableRow() (*Table, *Row, error) {
	t, err := c.findTable()
	if err != nil {
		return nil, nil, err
	}
	t = c.d.base(t)
	r := byIDOrName(t.Rows, c.args[2], func(r *Row) (string, string) { return r.ID, c.d.rowName(t, r) })
	if r == nil {
		return nil, nil, problem(http.StatusNotFound, "Could not find a row with the specified ID or name.")
	}
	return t, r, nil
}

func noColumn(key string) error {
	return problem(http.StatusBadRequest, fmt.Sprintf("Could not find a column with the specified ID or name: %s.", key))
}

// rowWrite reads the cells of a row. A row that is too large is refused, and with it all others of the request; which one it
// was is not said.
func (c *call) rowWrite(t *Table, edit rowEdit) (rowWrite, error) {
	asIs, _, err := c.flag("disableParsing")
	if err != nil {
		return nil, err
	}
	row, size := rowWrite{}, 0
	for _, cell := range edit.Cells {
		col := t.column(cell.Column)
		if col == nil {
			return nil, noColumn(cell.Column)
		}
		if col.Formula != "" || col.Format.Type == "button" {
			return nil, problem(http.StatusBadRequest, fmt.Sprintf("The column %s is calculated and cannot be edited.", col.ID))
		}
		size += weight(cell.Value)
		if row[col.ID], err = c.d.parse(c.w, t, col, cell.Value, asIs); err != nil {
			return nil, err
		}
	}
	if size > mostRow {
		return nil, problem(http.StatusBadRequest, fmt.Sprintf("Row edit of size %d KB exceeds maximum size of 85 KB.", size>>10))
	}
	return row, nil
}

// weight is the size of a value as the service counts it: bytes of UTF-8, each newline twice.
func weight(raw json.RawMessage) int {
	var text string
	if json.Unmarshal(raw, &text) != nil {
		return len(raw)
	}
	n := 0
	for _, r := range text {
		n += utf8.RuneLen(max(r, 0))
		if r == '\n' {
			n++
		}
	}
	return n
}
