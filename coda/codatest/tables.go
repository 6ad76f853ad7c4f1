package codatest

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// listTables lists references: only getTable tells stamps and counts.
func (c *call) listTables() (any, error) {
	sortBy, err := c.choice("sortBy", "", "name")
	if err != nil {
		return nil, err
	}
	types := map[string]bool{"table": true, "view": true}
	if asked := c.query.Get("tableTypes"); asked != "" {
		all := types
		types = map[string]bool{}
		for _, t := range strings.Split(asked, ",") {
			if types[t] = all[t]; !all[t] {
				return nil, badParameter("tableTypes")
			}
		}
	}
	out := slices.DeleteFunc(slices.Clone(c.d.Tables), func(t *Table) bool { return !types[t.tableType()] })
	if sortBy == "name" {
		slices.SortStableFunc(out, func(a, b *Table) int { return cmp.Compare(a.Name, b.Name) })
	}
	return list(c, out, mostLists, c.tableRef)
}

// tableType is the API's word for t: a view is a table with a base.
func (t *Table) tableType() string {
	if t.Base != "" {
		return "view"
	}
	return "table"
}

// getTable gets a table or view with its stamps and count (Coda API 1.5.0, getTable). CountOff makes the count wrong, as real
// ones may be for a while.
func (c *call) getTable() (any, error) {
	t, err := c.findTable()
	if err != nil {
		return nil, err
	}
	updated, _, err := c.flag("useUpdatedTableLayouts")
	if err != nil {
		return nil, err
	}
	layout := layoutOf(t)
	if !updated && (layout == "detail" || layout == "form") {
		layout = "masterDetail"
	}
	out := wireTable{
		tableRef: *c.tableRef(t), DisplayColumn: c.columnRef(t, c.d.base(t).displayColumn()),
		RowCount: len(c.d.rows(t)) + t.CountOff, Sorts: []wireSort{}, Layout: layout,
		CreatedAt: when(t.CreatedAt), UpdatedAt: when(t.UpdatedAt), ViewID: t.ID,
	}
	for _, s := range t.Sorts {
		direction := "ascending"
		if s.Descending {
			direction = "descending"
		}
		out.Sorts = append(out.Sorts, wireSort{c.columnRef(t, s.Column), direction})
	}
	if t.Base != "" {
		out.ParentTable = c.tableRefByID(t.Base)
	}
	if t.Filter != nil {
		uses := t.FilterUses
		out.Filter = &wireFilter{Valid: true, IsVolatile: uses != "",
			HasUserFormula: uses == "User", HasTodayFormula: uses == "Today", HasNowFormula: uses == "Now"}
	}
	return out, nil
}

// rows is a base table's rows, or those that a view shows.
func (d *Doc) rows(t *Table) []*Row {
	if t.Base == "" {
		return t.Rows
	}
	return d.visibleRows(t)
}

// findTable finds the table or view of the path, by id or name.
func (c *call) findTable() (*Table, error) {
	if t := c.d.table(c.args[1]); t != nil {
		return t, nil
	}
	return nil, problem(http.StatusNotFound, "Could not find a table with the specified ID or name.")
}

// tableRef is a reference to a table or view.
func (c *call) tableRef(t *Table) *tableRef {
	return &tableRef{
		ID: t.ID, Type: "table", TableType: t.tableType(), Href: c.href("tables", t.ID),
		BrowserLink: tableLink(c.d.ID, t.ID), Name: t.Name, Parent: c.pageRefByID(t.Parent),
	}
}

// tableRefByID also refers to tables that no listing shows, such as the one of people.
func (c *call) tableRefByID(id string) *tableRef {
	if t := find(c.d.Tables, func(t *Table) bool { return t.ID == id }); t != nil {
		return c.tableRef(t)
	}
	return c.tableRef(&Table{ID: id})
}

// columnRef is a reference to a column. Of a view its address is below the view.
func (c *call) columnRef(t *Table, id string) columnRef {
	return columnRef{id, "column", c.href("tables", t.ID, "columns", id)}
}

// listColumns lists columns. visibleOnly works on base tables alone.
func (c *call) listColumns() (any, error) {
	t, err := c.findTable()
	if err != nil {
		return nil, err
	}
	visible, _, err := c.flag("visibleOnly")
	if err != nil {
		return nil, err
	}
	columns := c.d.base(t).Columns
	if visible && t.Base == "" {
		columns = c.d.shownColumns(t)
	}
	return list(c, columns, columnList, func(col *Column) wireColumn { return c.column(t, col) })
}

// getColumn gets a column by id or name (Coda API 1.5.0, getColumn).
func (c *call) getColumn() (any, error) {
	t, err := c.findTable()
	if err != nil {
		return nil, err
	}
	col := c.d.base(t).column(c.args[2])
	if col == nil {
		return nil, problem(http.StatusNotFound, "Could not find a column with the specified ID or name.")
	}
	out := c.column(t, col)
	out.Parent = c.tableRef(t)
	return out, nil
}

// column is a column as the API shows it. A button counts as calculated, although it has no formula.
func (c *call) column(t *Table, col *Column) wireColumn {
	format := map[string]any{"type": col.Format.Type, "isArray": col.Format.Array}
	maps.Copy(format, col.Format.Extra)
	if col.Format.Table != "" {
		ref := c.tableRefByID(col.Format.Table)
		format["table"] = map[string]any{ // recorded answers have no parent here
			"id": ref.ID, "type": ref.Type, "tableType": ref.TableType, "href": ref.Href,
			"browserLink": ref.BrowserLink, "name": ref.Name,
		}
	}
	return wireColumn{
		columnRef: c.columnRef(t, col.ID), Name: col.Name, Display: col.ID == c.d.base(t).displayColumn(),
		Calculated: col.Formula != "" || col.Format.Type == "button", Formula: col.Formula,
		DefaultValue: col.Default, Format: format,
	}
}
