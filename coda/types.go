package coda

import (
	"encoding/json"
	"time"
)

// Time is a time stamp as Coda sends it (RFC 3339, milliseconds). A stamp that is missing,
// null or malformed decodes to the zero time: one bad stamp must not cost a whole listing.
type Time struct{ time.Time }

// UnmarshalJSON implements [json.Unmarshaler]. It never fails. (To unmarshal the stamp as JSON once more would take longer than all else of
// a page.)
func (t *Time) UnmarshalJSON(b []byte) error {
	if t.Time.UnmarshalJSON(b) != nil {
		t.Time = time.Time{}
	}
	return nil
}

// raw is an item's JSON as it was sent.
type raw struct {
	// Raw is the item's JSON as it was sent, with all fields that this package does not know.
	Raw json.RawMessage `json:"-"`
}

func (r *raw) keep(b json.RawMessage) { r.Raw = b }

// Ref points to another object.
type Ref struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// User is the token's owner (Coda API 1.5.0, whoami).
type User struct {
	raw
	Name      string `json:"name"`
	LoginID   string `json:"loginId"` // an e-mail address
	TokenName string `json:"tokenName"`
	// Scoped is true if the token is restricted in some way; the service does not say how.
	Scoped bool `json:"scoped"`
}

// Doc is a document (Coda API 1.5.0, listDocs and getDoc).
type Doc struct {
	raw
	ID          string  `json:"id"`
	Name        string  `json:"name"`
	BrowserLink string  `json:"browserLink"`
	Owner       string  `json:"owner"` // an e-mail address
	WorkspaceID string  `json:"workspaceId"`
	CreatedAt   Time    `json:"createdAt"`
	UpdatedAt   Time    `json:"updatedAt"` // moves with any edit in the doc
	DocSize     DocSize `json:"docSize"`
}

// DocSize counts what is in a doc.
type DocSize struct {
	TotalRowCount     int64 `json:"totalRowCount"`
	TableAndViewCount int   `json:"tableAndViewCount"`
	PageCount         int   `json:"pageCount"`
	// OverAPISizeLimit is true for a doc that is too large for the API (125 MB).
	OverAPISizeLimit bool `json:"overApiSizeLimit"`
}

// ContentCanvas is the [Page.ContentType] of the pages that can be exported.
const ContentCanvas = "canvas"

// Page is a page's metadata (Coda API 1.5.0, listPages).
type Page struct {
	raw
	ID   string `json:"id"`
	Name string `json:"name"`
	// ContentType is "canvas", "embed", "syncPage", "table" or one not known today.
	ContentType         string `json:"contentType"`
	IsEffectivelyHidden bool   `json:"isEffectivelyHidden"` // the page's own flag or an ancestor's
	BrowserLink         string `json:"browserLink"`
	Parent              *Ref   `json:"parent"` // nil at the top
	CreatedAt           Time   `json:"createdAt"`
	UpdatedAt           Time   `json:"updatedAt"` // moves with the page's text, not with the rows of tables on it
	UpdatedBy           Person `json:"updatedBy"`
}

// Person is somebody who did something.
type Person struct {
	Name  string `json:"name"`
	Email string `json:"email"`
}

// TypeView is the [Table.TableType] of views; base tables have "table".
const TypeView = "view"

// Table is a base table or a view. Lists hold references: id, name, type and parent alone
// (Coda API 1.5.0, listTables); the rest comes from [Client.Table] (getTable).
type Table struct {
	raw
	ID          string `json:"id"`
	TableType   string `json:"tableType"`
	Name        string `json:"name"`
	BrowserLink string `json:"browserLink"`
	Parent      *Ref   `json:"parent"`      // the page it stands on; nil if it stands on none
	ParentTable *Ref   `json:"parentTable"` // a view's base table
	RowCount    int64  `json:"rowCount"`
	// Filter says what the filter's formula has in it, nil if there is none. The API does not give the formula.
	Filter    *Filter `json:"filter"`
	CreatedAt Time    `json:"createdAt"`
	UpdatedAt Time    `json:"updatedAt"` // moves with edits, not when a calculated value changes
}

// Filter is what the API says of the formula that chooses the rows of a table or view.
type Filter struct {
	IsVolatile      bool `json:"isVolatile"` // its result may differ from user to user, or with the time
	HasUserFormula  bool `json:"hasUserFormula"`
	HasTodayFormula bool `json:"hasTodayFormula"`
	HasNowFormula   bool `json:"hasNowFormula"`
}

// Column is a column of a table (Coda API 1.5.0, listColumns).
type Column struct {
	raw
	ID         string       `json:"id"`
	Name       string       `json:"name"`
	Calculated bool         `json:"calculated"` // also of buttons
	Formula    string       `json:"formula"`
	Format     ColumnFormat `json:"format"`
}

// ColumnFormat is what a column's cells are meant to be; they may be anything.
type ColumnFormat struct {
	Type string `json:"type"` // such as "text", "number", "select", or one not known today
	// IsArray says that cells may hold several values.
	IsArray bool `json:"isArray,omitempty"`
	// Table is the table whose rows a lookup column shows.
	Table *Ref `json:"table,omitempty"`
	// Options are the choices of a select column whose list is fixed.
	Options []json.RawMessage `json:"options,omitempty"`
	// Label is the formula for a button's label.
	Label string `json:"label,omitempty"`
}

// Row is a row of a table (Coda API 1.5.0, listRows). Stamps and numbers are kept as the
// literals that were sent.
type Row struct {
	raw
	ID          string          `json:"id"`
	Name        string          `json:"name"`
	Index       json.RawMessage `json:"index"`
	CreatedAt   string          `json:"createdAt"`
	UpdatedAt   string          `json:"updatedAt"`
	BrowserLink string          `json:"browserLink"`
	// Values holds the cells by column id. Cells may be missing, and their JSON type
	// may differ from what the column's format promises.
	Values map[string]json.RawMessage `json:"values"`
}
