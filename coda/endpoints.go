package coda

import (
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

// WhoAmI tells whose token the client uses (Coda API 1.5.0, whoami).
func (c *Client) WhoAmI(ctx context.Context) (User, error) {
	return one(ctx, c, get("whoami"), func(u User) string { return u.LoginID })
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
	r.class = ClassList
	r.query = url.Values{}
	if f.OwnedOnly {
		r.query.Set("isOwner", "true")
	}
	if f.WorkspaceID != "" {
		r.query.Set("workspaceId", f.WorkspaceID)
	}
	return list[Doc](ctx, c, r, limitMost)
}

// Doc gets one doc (Coda API 1.5.0, getDoc).
func (c *Client) Doc(ctx context.Context, docID string) (Doc, error) {
	return one(ctx, c, get("docs", docID), func(d Doc) string { return d.ID })
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
	r.query = url.Values{"useUpdatedTableLayouts": {"true"}} // else detail and form layouts go by older names
	return one(ctx, c, r, func(t Table) string { return t.ID })
}

// Columns lists all columns of a table or view, hidden ones too (Coda API 1.5.0, listColumns).
func (c *Client) Columns(ctx context.Context, docID, tableID string) iter.Seq2[Column, error] {
	return list[Column](ctx, c, get("docs", docID, "tables", tableID, "columns"), limitColumns)
}

// RowOptions choose rows and their order.
type RowOptions struct {
	// Visible gives the rows and cells that the table or view shows, in the order shown;
	// else all rows in the order of their creation.
	Visible bool
}

// Rows lists the rows of a table or view. Cells are simple values by column id, those with
// several values arrays of them (Coda API 1.5.0, listRows).
func (c *Client) Rows(ctx context.Context, docID, tableID string, o RowOptions) iter.Seq2[Row, error] {
	r := get("docs", docID, "tables", tableID, "rows")
	r.query = url.Values{"valueFormat": {"simpleWithArrays"}}
	if o.Visible {
		r.query.Set("sortBy", "natural") // which implies visibleOnly
	} else {
		r.query.Set("visibleOnly", "false")
	}
	return listRows(ctx, c, r)
}
