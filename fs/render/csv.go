package render

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

// ByteOrderMark at the beginning of a CSV file tells Excel and others that it is UTF-8.
const ByteOrderMark = "\ufeff"

// Column is a column of a table: the id finds its cells, the name is its header.
type Column struct {
	ID, Name string
	// Convert changes the text of cells that the service sent as a string; nil leaves it.
	Convert func(string) string
}

// CSV writes a table's rows as CSV. It holds one row at a time.
type CSV struct {
	w       *csv.Writer
	columns []Column
	record  []string
	left    map[string]bool
}

// NewCSV writes the header: first the names of the columns that the source adds to every table, then those of the table's
// columns. The caller must call Flush at the end.
func NewCSV(w io.Writer, own []string, columns []Column) (*CSV, error) {
	c := &CSV{w: csv.NewWriter(w), columns: columns}
	return c, c.w.Write(Headers(own, columns))
}

// Row writes one row: the cells of the source's own columns, then those in values, which has them by column id. A cell that
// the row lacks is empty. Cells without a column are left out, and their columns added to Left.
func (c *CSV) Row(own []string, values map[string]json.RawMessage) error {
	c.record = append(c.record[:0], own...)
	written := 0
	for _, column := range c.columns {
		raw, ok := values[column.ID]
		if ok {
			written++
		}
		text, err := Cell(raw)
		if err != nil {
			return fmt.Errorf("column %s: %w", column.ID, err)
		}
		if column.Convert != nil && len(raw) > 0 && raw[0] == '"' {
			text = column.Convert(text)
		}
		c.record = append(c.record, text)
	}
	if written < len(values) {
		c.leave(values)
	}
	return c.w.Write(c.record)
}

// Left is the number of columns that have cells but no header: their cells were left out.
func (c *CSV) Left() int { return len(c.left) }

// leave adds the ids in values that no column has to left.
func (c *CSV) leave(values map[string]json.RawMessage) {
	for id := range values {
		if !c.left[id] && !slices.ContainsFunc(c.columns, func(column Column) bool { return column.ID == id }) {
			if c.left == nil {
				c.left = map[string]bool{}
			}
			c.left[id] = true
		}
	}
}

// Flush writes out the buffer. It returns the first error of any write.
func (c *CSV) Flush() error {
	c.w.Flush()
	return c.w.Error()
}

// Headers returns a different header for each column: the second Status becomes Status__2, or gets the next free
// number.
func Headers(own []string, columns []Column) []string {
	names := make([]string, 0, len(own)+len(columns))
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
	for _, name := range own {
		add(name)
	}
	for _, column := range columns {
		add(column.Name)
	}
	return names
}

// Cell returns a value as text: strings decoded, numbers and booleans as sent, null and missing values empty, arrays
// and objects as compact JSON.
func Cell(raw json.RawMessage) (string, error) {
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
