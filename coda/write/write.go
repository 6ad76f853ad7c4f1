package write

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/rest"
)

// Cell is a cell to be written. Value is text, a number, true or false, or a list of those; Coda reads it as if it were typed
// into the cell (Coda API 1.5.0, CellEdit).
type Cell struct {
	Column string          `json:"column"` // the column's id
	Value  json.RawMessage `json:"value"`
}

// Row is a row to be written.
type Row struct {
	Cells []Cell `json:"cells"`
}

// Accepted is what Coda answers at once.
type Accepted struct {
	// RequestID is for [coda.Client.Mutation].
	RequestID string
	// IDs are those of what was made: of rows in their order, or of the page.
	IDs []string
}

// InsertRows adds rows to a base table. With keys, ids of columns, it updates all rows that have the same values in these, and
// adds one only if there is none; Coda tells no ids then, and looks for the rows when it carries the write out (Coda API 1.5.0,
// upsertRows).
func InsertRows(ctx context.Context, c *coda.Client, docID, tableID string, rows []Row, keys ...string) (Accepted, error) {
	body := struct {
		Rows []Row    `json:"rows"`
		Keys []string `json:"keyColumns,omitempty"`
	}{rows, keys}
	return send(ctx, c, http.MethodPost, body, "docs", docID, "tables", tableID, "rows")
}

// UpdateRow changes cells of a row (Coda API 1.5.0, updateRow).
func UpdateRow(ctx context.Context, c *coda.Client, docID, tableID, rowID string, row Row) (Accepted, error) {
	return send(ctx, c, http.MethodPut, map[string]Row{"row": row}, "docs", docID, "tables", tableID, "rows", rowID)
}

// DeleteRows deletes rows of a base table. Ids that no row has do no harm (Coda API 1.5.0, deleteRows).
func DeleteRows(ctx context.Context, c *coda.Client, docID, tableID string, rowIDs []string) (Accepted, error) {
	return send(ctx, c, http.MethodDelete, map[string][]string{"rowIds": rowIDs}, "docs", docID, "tables", tableID, "rows")
}

// Page is a page to be made. Parent is the id of the page above it, "" for none.
type Page struct {
	Title, Parent, Markdown string
}

// CreatePage makes a page at the end of its siblings (Coda API 1.5.0, createPage). Its id is told at once. Until the write is
// carried out the page is a 404, and cannot be the parent of another.
func CreatePage(ctx context.Context, c *coda.Client, docID string, p Page) (Accepted, error) {
	type content struct {
		Type    string            `json:"type"`
		Content map[string]string `json:"canvasContent"`
	}
	body := struct {
		Name    string  `json:"name"`
		Parent  string  `json:"parentPageId,omitempty"`
		Content content `json:"pageContent"`
	}{p.Title, p.Parent, content{"canvas", markdown(p.Markdown)}}
	return send(ctx, c, http.MethodPost, body, "docs", docID, "pages")
}

// RenamePage gives a page another title (Coda API 1.5.0, updatePage).
func RenamePage(ctx context.Context, c *coda.Client, docID, pageID, title string) (Accepted, error) {
	return send(ctx, c, http.MethodPut, map[string]string{"name": title}, "docs", docID, "pages", pageID)
}

// AppendToPage adds Markdown below the text of a page, as lines of their own (Coda API 1.5.0, updatePage).
func AppendToPage(ctx context.Context, c *coda.Client, docID, pageID, text string) (Accepted, error) {
	body := map[string]any{"contentUpdate": map[string]any{"insertionMode": "append", "canvasContent": markdown(text)}}
	return send(ctx, c, http.MethodPut, body, "docs", docID, "pages", pageID)
}

// DeleteLines deletes lines of a page. Without ids it would empty the page, so at least one is required (Coda API 1.5.0,
// deletePageContent).
func DeleteLines(ctx context.Context, c *coda.Client, docID, pageID string, lineIDs []string) (Accepted, error) {
	if len(lineIDs) == 0 {
		return Accepted{}, &rest.Error{Code: rest.CodeBadRequest, Method: http.MethodDelete, Message: "no lines are named, which would delete all of them"}
	}
	return send(ctx, c, http.MethodDelete, map[string][]string{"elementIds": lineIDs}, "docs", docID, "pages", pageID, "content")
}

func markdown(text string) map[string]string {
	return map[string]string{"format": "markdown", "content": text}
}

// send sends a write once.
func send(ctx context.Context, c *coda.Client, method string, body any, path ...string) (a Accepted, err error) {
	r := rest.Request{Class: coda.ClassContent, Method: method, Path: path, Body: body, Want: http.StatusAccepted, Once: true}
	err = c.Do(ctx, r, func(b []byte) error {
		var answer struct {
			RequestID string   `json:"requestId"`
			ID        string   `json:"id"`
			Added     []string `json:"addedRowIds"`
		}
		if err := json.Unmarshal(b, &answer); err != nil {
			return err
		}
		a = Accepted{RequestID: answer.RequestID, IDs: answer.Added}
		if answer.ID != "" {
			a.IDs = []string{answer.ID}
		}
		return nil
	})
	return a, err
}
