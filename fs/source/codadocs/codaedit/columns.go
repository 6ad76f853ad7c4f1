package codaedit

import (
	"encoding/json"
	"iter"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/fs/edit"
	"github.com/codafs/codafs/fs/source/codadocs/codatext"
)

// kinds are the kinds of the column types whose cells can be written. In a column of several values, cells are lists.
var kinds = map[string]edit.Kind{
	"text": edit.Text, "email": edit.Text, "link": edit.Text, "duration": edit.Text, "number": edit.Number, "slider": edit.Number, "scale": edit.Number,
	"currency": edit.Amount, "date": edit.Date, "dateTime": edit.Time, "time": edit.Clock, "checkbox": edit.Checkbox, "select": edit.Choice,
	"person": edit.Text, "lookup": edit.Text,
}

// locked says of other types why their cells cannot be written.
var locked = map[string]string{
	"percent": "whether Coda takes percents as 7 or as 0.07 is not known yet",
	"button":  "a button has no value", "canvas": "Coda would lose its formatting", "reaction": "Coda takes no reactions",
	"image": imageLocked, "imageReference": imageLocked, "attachments": imageLocked, "imageAttachments": imageLocked,
	"packObject": "a Pack makes it",
}

const (
	imageLocked   = "Coda takes no files"
	gives         = "Coda gives it"
	calculates    = "Coda calculates it"
	unknownLocked = "its type is not known to this program"
)

// kindOf is the kind of a column's cells.
func kindOf(c coda.Column) edit.Kind {
	kind, ok := kinds[c.Format.Type]
	switch {
	case !ok && c.Format.Type == "percent":
		return edit.Number
	case !ok:
		return edit.Text
	case c.Format.IsArray:
		return edit.List
	}
	return kind
}

// lockOf says why the cells of a column cannot be written, "" if they can.
func lockOf(c coda.Column) string {
	if why := locked[c.Format.Type]; why != "" {
		return why
	}
	if c.Calculated || c.Formula != "" {
		return calculates
	}
	if _, ok := kinds[c.Format.Type]; ok {
		return ""
	}
	return unknownLocked
}

// ownKinds are the kinds of the columns that the tree adds to each table.
var ownKinds = map[string]edit.Kind{"_created_at": edit.Time, "_updated_at": edit.Time, "_row_index": edit.Unread}

// Headers of the columns that name a row and tell its last edit.
const (
	keyHeader     = "_row_id"
	stampHeader   = "_updated_at"
	createdHeader = "_created_at"
	// LinkHeader is that of the column with a row's link.
	LinkHeader = "_browser_link"
)

// Resolver finds what the text of a cell means in a column of people or of rows.
type Resolver func(c coda.Column, text string) (json.RawMessage, error)

// Table describes a base table. resolve is asked for cells of people and rows, one value at a time. With newOptions, a select
// column takes values that are none of its options.
func Table(columns []coda.Column, resolve Resolver, newOptions bool) edit.Table {
	t := edit.Table{Key: []string{keyHeader}, Stamp: stampHeader, Created: createdHeader}
	headers := codatext.Headers(columns)
	for i, name := range codatext.OwnColumns {
		kind := ownKinds[name]
		if kind == "" {
			kind = edit.Text
		}
		t.Columns = append(t.Columns, edit.Column{Header: headers[i], Kind: kind, Locked: gives})
	}
	for i, c := range columns {
		column := edit.Column{ID: c.ID, Header: headers[len(codatext.OwnColumns)+i], Kind: kindOf(c), Locked: lockOf(c)}
		if c.Format.Type == "select" && !newOptions {
			column.Options = options(c)
		}
		column.Resolve = resolverOf(c, column.Options, resolve)
		t.Columns = append(t.Columns, column)
	}
	return t
}

// options are the names of a select column's options, none if they come from elsewhere or may be cut off.
func options(c coda.Column) (names []string) {
	if len(c.Format.Options) >= mostOptions {
		return nil
	}
	for _, raw := range c.Format.Options {
		var o struct {
			Name string `json:"name"`
		}
		if json.Unmarshal(raw, &o) == nil && o.Name != "" {
			names = append(names, o.Name)
		}
	}
	return names
}

// mostOptions is the length at which Coda cuts the list of a column's options (Coda API 1.5.0, listColumns).
const mostOptions = 5000

// Rows makes rows for package edit of those that Coda sends.
func Rows(columns []coda.Column, rows iter.Seq2[coda.Row, error]) iter.Seq2[edit.Row, error] {
	return func(yield func(edit.Row, error) bool) {
		for r, err := range rows {
			var cells []string
			if err == nil {
				cells, err = codatext.Cells(columns, r)
			}
			if !yield(edit.Row{Key: r.ID, Stamp: r.UpdatedAt, Cells: cells}, err) || err != nil {
				return
			}
		}
	}
}
