package edit

import (
	"encoding/json"
	"fmt"
)

// Op is what an edit does to a row.
type Op string

// The operations on rows.
const (
	Update Op = "update"
	Insert Op = "insert"
	Delete Op = "delete"
	// Upsert updates the row that has the same values in key columns, and inserts one if there is none. [Diff] makes none.
	Upsert Op = "upsert"
)

// Edit is one change that a service is asked for.
type Edit struct {
	Op Op `json:"op"`
	// Key names the row. It is "" for an insert.
	Key string `json:"key,omitempty"`
	// Name is what the file calls an inserted row, with its plus sign; "" if it has no name there.
	Name string `json:"name,omitempty"`
	// Line is where the file has the row, 0 for a delete.
	Line int `json:"line,omitempty"`
	// Stamp is the row's at the service when the edit was made; "" for an insert.
	Stamp string `json:"stamp,omitempty"`
	// Keys are the ids of an upsert's key columns.
	Keys []string `json:"keys,omitempty"`
	// Cells are those to be written, in the order of the table's columns; of a delete all, so that it can be taken back.
	Cells []Cell `json:"cells"`
}

// Cell is one cell of an edit.
type Cell struct {
	// Column is the column's id, Header its name in the file.
	Column string `json:"column"`
	Header string `json:"header"`
	// Now is the text that the service has, Wish the one that the file has.
	Now  string `json:"now"`
	Wish string `json:"wish"`
	// Value is Wish as it is sent.
	Value json.RawMessage `json:"value,omitempty"`
}

// Reason is why a row is held.
type Reason string

// The reasons. Each is the code that programs see.
const (
	// HeldUnknownRow: the service has no row of this key. It may have been deleted there.
	HeldUnknownRow Reason = "unknown_row"
	// HeldUnknownBase: the row changed at the service since the file was made, and nobody kept what it was then.
	HeldUnknownBase Reason = "unknown_base"
	// HeldConflict: the same cell was changed in the file and at the service.
	HeldConflict Reason = "conflict"
	// HeldEmptied: a cell was emptied whose text programs take for no value.
	HeldEmptied Reason = "emptied"
	// HeldInserted: a line without a key may be a row that an earlier edit of the file inserted.
	HeldInserted Reason = "maybe_inserted"
	// HeldChanged: the row to be deleted changed at the service since the file was made.
	HeldChanged Reason = "changed"
	// HeldFormatting: the cell has formatting that the file does not have, and that would be lost.
	HeldFormatting Reason = "formatting"
	// HeldDoubt: an earlier write of the row was sent and never answered.
	HeldDoubt Reason = "in_doubt"
	// HeldStale: the service did not show its newest state, so that nobody knows what would be overwritten.
	HeldStale Reason = "stale"
)

// Held is a row of the file of which nothing is sent until somebody decides.
type Held struct {
	Reason Reason `json:"reason"`
	Line   int    `json:"line,omitempty"`
	// Key is "" for a line without one.
	Key string `json:"key,omitempty"`
	// Header is the column that decides, "" if it is the row as a whole. Base is what the author of the file saw there, Now
	// what the service has, Wish what the file has.
	Header string `json:"header,omitempty"`
	Base   string `json:"base"`
	Now    string `json:"now"`
	Wish   string `json:"wish"`
	// Edit is what would be sent.
	Edit Edit `json:"edit"`
}

// Problem is something in a file that cannot be what its author meant. Nothing of the file is sent.
type Problem struct {
	// Line is where it is, 0 if it is the file as a whole.
	Line int `json:"line,omitempty"`
	// Row and Header name the cell, as far as there is one.
	Row    string `json:"row,omitempty"`
	Header string `json:"header,omitempty"`
	// Message says what is wrong, and what to do.
	Message string `json:"message"`
}

// Error is one line that names the place.
func (p Problem) Error() string {
	text := p.Message
	if p.Header != "" {
		text = fmt.Sprintf("column %q: %s", p.Header, text)
	}
	if p.Row != "" {
		text = fmt.Sprintf("row %s, %s", p.Row, text)
	}
	if p.Line > 0 {
		text = fmt.Sprintf("line %d: %s", p.Line, text)
	}
	return text
}

// Changes are what a file asks for.
type Changes struct {
	// Edits are in the order of the file, deletes last.
	Edits []Edit `json:"edits"`
	Held  []Held `json:"held"`
	// Problems, if there are any, reject the file: the edits are for show.
	Problems []Problem `json:"problems"`
	// Retyped counts, by header, the cells that only look different. They are not sent.
	Retyped map[string]int `json:"retyped"`
	// Ignored counts, by header, the cells of new rows that cannot be written. A copied line has them.
	Ignored map[string]int `json:"ignored"`
	// Kept counts the rows that the file lacks and that stay.
	Kept int `json:"kept"`
	// Done counts the cells that the service has already, though the author of the file did not see that.
	Done int `json:"done"`
	// Inserted counts the lines that are rows which an earlier edit of the file inserted.
	Inserted int `json:"inserted"`
}
