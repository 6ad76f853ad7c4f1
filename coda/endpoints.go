package coda

import (
	"cmp"
	"context"
	"iter"
	"net/url"
)

// Page sizes: as large as the API takes. It clamps larger values silently, but for columns,
// whose maximum is published.
const (
	limitMost    = 500
	limitColumns = 100
)

// RowsPerRequest is how many rows of a table an answer has at the most.
const RowsPerRequest = limitMost

// WhoAmI returns the user whose token the client uses (Coda API 1.5.0, whoami).
func (c *Client) WhoAmI(ctx context.Context) (User, error) {
	return one(ctx, c, get("whoami"), func(u User) bool { return u.LoginID != "" })
}

// DocFilter chooses docs. The zero value chooses all.
type DocFilter struct {
	OwnedOnly   bool
	WorkspaceID string
}

// Docs lists the docs that the token's user has opened at least once: the service does not
// list others (Coda API 1.5.0, listDocs).
func (c *Client) Docs(ctx context.Context, f DocFilter) iter.Seq2[Doc, error] {
	r := get("docs")
	r.Class = ClassList
	r.Query = url.Values{}
	if f.OwnedOnly {
		r.Query.Set("isOwner", "true")
	}
	if f.WorkspaceID != "" {
		r.Query.Set("workspaceId", f.WorkspaceID)
	}
	return list[Doc](ctx, c, r, limitMost)
}

// Doc gets one doc (Coda API 1.5.0, getDoc).
func (c *Client) Doc(ctx context.Context, docID string) (Doc, error) {
	return one(ctx, c, get("docs", docID), func(d Doc) bool { return d.ID == docID })
}

// Pages lists a doc's pages, hidden ones too, in tree order (Coda API 1.5.0, listPages).
func (c *Client) Pages(ctx context.Context, docID string) iter.Seq2[Page, error] {
	return list[Page](ctx, c, get("docs", docID, "pages"), limitMost)
}

// Tables lists references to a doc's tables and views (Coda API 1.5.0, listTables).
func (c *Client) Tables(ctx context.Context, docID string) iter.Seq2[Table, error] {
	return list[Table](ctx, c, get("docs", docID, "tables"), limitMost)
}

// Table gets one table or view with its stamps and row count (Coda API 1.5.0, getTable).
func (c *Client) Table(ctx context.Context, docID, tableID string) (Table, error) {
	r := get("docs", docID, "tables", tableID)
	r.Query = url.Values{"useUpdatedTableLayouts": {"true"}} // else detail and form layouts go by older names
	return one(ctx, c, r, func(t Table) bool { return t.ID == tableID })
}

// Columns lists all columns of a table or view, hidden ones too (Coda API 1.5.0, listColumns).
func (c *Client) Columns(ctx context.Context, docID, tableID string) iter.Seq2[Column, error] {
	return list[Column](ctx, c, get("docs", docID, "tables", tableID, "columns"), limitColumns)
}

// ValueFormat is the form of cells.
type ValueFormat string

const (
	SimpleWithArrays ValueFormat = "simpleWithArrays" // simple values, arrays of them if there are several
	Simple           ValueFormat = "simple"           // several values as one text, joined by commas
	Rich             ValueFormat = "rich"             // objects and Markdown
)

// RowOrder is an order of rows.
type RowOrder string

const (
	ByCreation RowOrder = "createdAt" // the oldest first
	ByUpdate   RowOrder = "updatedAt" // changes of calculated cells do not count
	Natural    RowOrder = "natural"   // as shown; only of what is visible
)

// RowOptions choose rows, their order and the form of their cells.
type RowOptions struct {
	// Visible reads the rows and cells that the table or view shows, in the order shown;
	// else all rows in the order of their creation.
	Visible bool
	// Order is another order than that, if not "".
	Order RowOrder
	// Values is the form of cells; "" is SimpleWithArrays.
	Values ValueFormat
	// Query is a column and the value it must have, such as `c-abc:"Apple"`; "" takes all.
	Query string
}

func (o RowOptions) values() url.Values {
	q := url.Values{"valueFormat": {string(cmp.Or(o.Values, SimpleWithArrays))}}
	order := o.Order
	switch {
	case !o.Visible:
		q.Set("visibleOnly", "false")
	case order == "":
		order = Natural // which implies visibleOnly
	default:
		q.Set("visibleOnly", "true")
	}
	if order != "" {
		q.Set("sortBy", string(order))
	}
	if o.Query != "" {
		q.Set("query", o.Query)
	}
	return q
}

// Rows lists the rows of a table or view, their cells by column id (Coda API 1.5.0, listRows).
func (c *Client) Rows(ctx context.Context, docID, tableID string, o RowOptions) iter.Seq2[Row, error] {
	r := get("docs", docID, "tables", tableID, "rows")
	r.Query = o.values()
	return listRows(ctx, c, r, func(page) {})
}

// RowChanges lists the rows that came or changed since an earlier call, whose token since is ("" for
// all rows). When all were read, next returns the token for the next call. Rows that were deleted
// never show up (Coda API 1.5.0, listRows).
func (c *Client) RowChanges(ctx context.Context, docID, tableID string, o RowOptions, since string) (rows iter.Seq2[Row, error], next func() string) {
	r := get("docs", docID, "tables", tableID, "rows")
	r.Query = o.values()
	if since != "" {
		r.Query.Set("syncToken", since)
	}
	token := ""
	rows = listRows(ctx, c, r, func(p page) { token = p.NextSyncToken })
	return rows, func() string { return token }
}
