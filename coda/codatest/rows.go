package codatest

import (
	"encoding/json"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"
)

// noNaturalOrder is the recorded answer to sortBy=natural with visibleOnly=false.
const noNaturalOrder = "Natural sorting is only available for visible rows. When using sortBy=natural, " +
	"pass visibleOnly=true or omit the visibleOnly param which has the same effect." +
	"(The natural ordering of a table is only meaningfully defined for visible rows.)"

// listRows lists rows, by default all of them in order of creation.
func (c *call) listRows() (any, error) {
	t, err := c.findTable()
	if err != nil {
		return nil, err
	}
	sortBy, err := c.choice("sortBy", "createdAt", "updatedAt", "natural")
	if err != nil {
		return nil, err
	}
	visible, set, err := c.flag("visibleOnly")
	if err != nil {
		return nil, err
	}
	if sortBy == "natural" && set && !visible {
		return nil, problem(http.StatusBadRequest, noNaturalOrder)
	}
	shape, err := c.rowShape(t, visible || sortBy == "natural")
	if err != nil {
		return nil, err
	}
	rows, err := c.selectRows(t, sortBy, visible)
	if err != nil {
		return nil, err
	}
	body, err := list(c, rows, rowList, shape.row)
	if err == nil {
		body.NextSyncToken = encodeToken(syncToken{t.ID, c.d.UpdatedAt.UnixMilli()})
	}
	return body, err
}

// syncToken marks the state of a table up to a stamp. It shows what was changed or added
// since; a deleted row never appears.
type syncToken struct {
	Table string `json:"t"`
	Since int64  `json:"s"` // in Unix milliseconds
}

// selectRows gives the rows that the call asks for, in order.
func (c *call) selectRows(t *Table, sortBy string, visible bool) ([]*Row, error) {
	rows := slices.Clone(c.d.base(t).Rows)
	if visible {
		rows = c.d.visibleRows(t)
	}
	switch sortBy {
	case "natural":
		rows = c.d.shownRows(t)
	case "createdAt":
		slices.SortStableFunc(rows, func(a, b *Row) int { return a.CreatedAt.Compare(b.CreatedAt) })
	case "updatedAt":
		slices.SortStableFunc(rows, func(a, b *Row) int { return a.UpdatedAt.Compare(b.UpdatedAt) })
	}
	if sent := c.query.Get("syncToken"); sent != "" {
		var since syncToken
		if !decodeToken(sent, &since) || since.Table != t.ID {
			return nil, invalidToken()
		}
		rows = slices.DeleteFunc(rows, func(r *Row) bool { return !r.UpdatedAt.After(time.UnixMilli(since.Since)) })
	}
	if q := c.query.Get("query"); q != "" {
		matches, err := c.rowQuery(t, q)
		if err != nil {
			return nil, err
		}
		rows = slices.DeleteFunc(rows, func(r *Row) bool { return !matches(r) })
	}
	return rows, nil
}

// rowQuery reads a query `<column id or quoted name>:<JSON value>`: one column, exact match.
func (c *call) rowQuery(t *Table, q string) (func(*Row) bool, error) {
	key, value, ok := strings.Cut(q, ":")
	if strings.HasPrefix(q, `"`) {
		d := json.NewDecoder(strings.NewReader(q))
		if d.Decode(&key) != nil {
			return nil, badParameter("query")
		}
		value, ok = strings.CutPrefix(q[d.InputOffset():], ":")
	}
	var want any
	col := c.d.base(t).column(key)
	if !ok || col == nil || json.Unmarshal([]byte(value), &want) != nil {
		return nil, badParameter("query")
	}
	return func(r *Row) bool {
		var got any
		b, err := json.Marshal(shown(c.d, r.Cells[col.ID], formatSimple))
		return err == nil && json.Unmarshal(b, &got) == nil && reflect.DeepEqual(got, want)
	}, nil
}

// getRow gets a row by id, or by the text of its display column (Coda API 1.5.0, getRow).
func (c *call) getRow() (any, error) {
	t, err := c.findTable()
	if err != nil {
		return nil, err
	}
	shape, err := c.rowShape(t, false)
	if err != nil {
		return nil, err
	}
	key := c.args[2]
	r := byIDOrName(c.d.base(t).Rows, key, func(r *Row) (string, string) { return r.ID, c.d.rowName(t, r) })
	if r == nil {
		return nil, problem(http.StatusNotFound, "Could not find a row with the specified ID or name.")
	}
	out := shape.row(r)
	out.Parent = c.tableRef(t)
	return out, nil
}

// rowShape is how a call shows rows.
type rowShape struct {
	c       *call
	t       *Table
	columns []*Column
	format  string
	names   bool // values are keyed by the columns' names
	index   map[*Row]int
}

// rowShape reads the parameters that say how rows are shown. With visible, the columns that the table or view hides are
// left out.
func (c *call) rowShape(t *Table, visible bool) (*rowShape, error) {
	format, err := c.choice("valueFormat", formatSimple, formatArrays, formatRich)
	if err != nil {
		return nil, err
	}
	names, _, err := c.flag("useColumnNames")
	if err != nil {
		return nil, err
	}
	s := &rowShape{c: c, t: t, format: format, names: names, columns: c.d.base(t).Columns, index: map[*Row]int{}}
	if visible {
		s.columns = c.d.shownColumns(t)
	}
	order := slices.Clone(c.d.base(t).Rows)
	if t.Order != nil {
		slices.SortStableFunc(order, t.Order)
	}
	for i, r := range order {
		s.index[r] = i
	}
	return s, nil
}

// row is a row as the API shows it. A cell that was never set is missing; one that was emptied is "".
func (s *rowShape) row(r *Row) wireRow {
	c, t := s.c, s.t
	out := wireRow{
		ID: r.ID, Type: "row", Href: c.href("tables", t.ID, "rows", r.ID), Name: c.d.rowName(t, r),
		Index: s.index[r], CreatedAt: when(r.CreatedAt), UpdatedAt: when(r.UpdatedAt),
		BrowserLink: rowLink(c.d.ID, t.ID, r.ID), Values: make(map[string]any, len(s.columns)),
	}
	for _, col := range s.columns {
		if v, ok := r.Cells[col.ID]; ok {
			key := col.ID
			if s.names {
				key = col.Name
			}
			out.Values[key] = shown(c.d, v, s.format)
		}
	}
	return out
}
