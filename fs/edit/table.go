package edit

import (
	"encoding/json"
	"strings"
)

// Table describes a table as a source shows it.
type Table struct {
	// Key are the headers of the columns that together name a row. The service gives them; in a file they are never
	// edited. All of them empty name a new row.
	Key []string
	// Stamp is the header of the column that has the stamp of each row, which moves with each edit of the row. It is ""
	// if rows have none that proves anything.
	Stamp string
	// Created is the header of the column with the time at which each row was made, "" if there is none.
	Created string
	// Columns are all columns that a file of the table may have, with the key and the stamp.
	Columns []Column
}

// Column is a column of a table.
type Column struct {
	// ID is the service's. It is "" for a column that the source adds to each table.
	ID string
	// Header is the column's name in a CSV file.
	Header string
	Kind   Kind
	// Locked says why no cell can be written: "Coda calculates it". It is "" if cells can be written.
	Locked string
	// Options are the values that a Choice has. Others are rejected, unless there are no options.
	Options []string
	// Resolve, if not nil, makes the value of a text in place of Kind: it finds a person or a row by its name. Its error
	// is shown after the name of the column.
	Resolve func(text string) (json.RawMessage, error)
}

// Row is a row as the service has it, or as somebody saw it.
type Row struct {
	// Key names the row, see [Table.Key]. A key of several columns is joined by [JoinKey].
	Key   string
	Stamp string
	// Cells are texts as CSV files have them, in the order of Table.Columns.
	Cells []string
}

// JoinKey makes one key of the cells of the key's columns. It is "" if all of them are empty.
func JoinKey(cells ...string) string {
	key := strings.Join(cells, "\x1f")
	if strings.Trim(key, "\x1f") == "" {
		return ""
	}
	return key
}

// index finds a column by its header, -1 if there is none.
func (t Table) index(header string) int {
	for i, c := range t.Columns {
		if c.Header == header {
			return i
		}
	}
	return -1
}

// byID finds a column by its id, -1 if there is none.
func (t Table) byID(id string) int {
	for i, c := range t.Columns {
		if c.ID == id && id != "" {
			return i
		}
	}
	return -1
}
