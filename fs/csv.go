package fs

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// ownColumns are in each CSV file, before the columns of the table.
var ownColumns = []string{"_row_id", "_row_name", "_row_index", "_created_at", "_updated_at", "_browser_link"}

// byteOrderMark at the beginning of a CSV file tells Excel and others that it is UTF-8.
const byteOrderMark = "\ufeff"

// csvColumn is a column of a table: the id finds its cells, the name is its header.
type csvColumn struct {
	ID, Name string
	Date     bool // its cells are calendar dates
}

// csvRow is a row as the service sent it.
type csvRow struct {
	ID, Name             string
	Index                json.RawMessage
	CreatedAt, UpdatedAt string
	BrowserLink          string
	Values               map[string]json.RawMessage // by column id
}

// csvWriter writes a table's rows as CSV. It holds one row at a time.
type csvWriter struct {
	w       *csv.Writer
	columns []csvColumn
	record  []string
	// left has the ids of columns that have cells but no header: their cells were left out.
	left map[string]bool
}

// newCSVWriter writes the header. The caller must call Flush at the end.
func newCSVWriter(w io.Writer, columns []csvColumn) (*csvWriter, error) {
	c := &csvWriter{w: csv.NewWriter(w), columns: columns}
	return c, c.w.Write(headers(columns))
}

// Row writes one row. A cell that the row lacks is empty. Cells without a column are left out, and their columns added
// to left.
func (c *csvWriter) Row(r csvRow) error {
	index, err := cell(r.Index)
	if err != nil {
		return fmt.Errorf("row %s, index: %w", r.ID, err)
	}
	c.record = append(c.record[:0], r.ID, r.Name, index, r.CreatedAt, r.UpdatedAt, r.BrowserLink)
	written := 0
	for _, column := range c.columns {
		raw, ok := r.Values[column.ID]
		if ok {
			written++
		}
		text, err := cell(raw)
		if err != nil {
			return fmt.Errorf("row %s, column %s: %w", r.ID, column.ID, err)
		}
		if column.Date && len(raw) > 0 && raw[0] == '"' {
			text = calendarDate(text)
		}
		c.record = append(c.record, text)
	}
	if written < len(r.Values) {
		c.leave(r.Values)
	}
	return c.w.Write(c.record)
}

// leave adds the ids in values that no column has to left.
func (c *csvWriter) leave(values map[string]json.RawMessage) {
	for id := range values {
		if !c.left[id] && !slices.ContainsFunc(c.columns, func(column csvColumn) bool { return column.ID == id }) {
			if c.left == nil {
				c.left = map[string]bool{}
			}
			c.left[id] = true
		}
	}
}

// Flush writes out the buffer. It returns the first error of any write.
func (c *csvWriter) Flush() error {
	c.w.Flush()
	return c.w.Error()
}

// headers returns a different header for each column: the second Status becomes Status__2, or gets the next free
// number.
func headers(columns []csvColumn) []string {
	names := make([]string, 0, len(ownColumns)+len(columns))
	used := make(map[string]int) // by header: the last number tried for it
	add := func(name string) {
		free := name
		for used[free] > 0 {
			used[name]++
			free = name + "__" + strconv.Itoa(used[name])
		}
		used[free] = 1
		names = append(names, free)
	}
	for _, name := range ownColumns {
		add(name)
	}
	for _, column := range columns {
		add(column.Name)
	}
	return names
}

// cell returns a value as text: strings decoded, numbers and booleans as sent, null and missing values empty, arrays
// and objects as compact JSON.
func cell(raw json.RawMessage) (string, error) {
	if len(raw) == 0 {
		return "", nil
	}
	switch raw[0] {
	case '"':
		var s string
		err := json.Unmarshal(raw, &s)
		return s, err
	case '[', '{':
		var b bytes.Buffer
		err := json.Compact(&b, raw)
		// Unlike Unmarshal, Compact keeps invalid UTF-8; the file must not have any.
		return strings.ToValidUTF8(b.String(), "\uFFFD"), err
	case 'n':
		return "", nil
	default:
		return string(raw), nil
	}
}
