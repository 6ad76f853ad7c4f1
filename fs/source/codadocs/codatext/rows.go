package codatext

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"slices"
	"time"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/render"
)

// CSV writes rows as CSV, with OwnColumns first. left is the number of columns that have cells but are not among columns:
// their cells are left out. Cells are found by the column's id, not by its name, which need not be unique. A row without a
// cell has an empty field, and a cell of another type than its column's is written as it is: both are normal.
func CSV(w io.Writer, columns []coda.Column, rows iter.Seq2[coda.Row, error]) (left int, err error) {
	out, err := render.NewCSV(w, OwnColumns, shownColumns(columns))
	if err != nil {
		return 0, err
	}
	for r, err := range rows {
		if err != nil {
			return 0, err
		}
		if err := writeRow(out, r); err != nil {
			return 0, err
		}
	}
	return out.Left(), out.Flush()
}

// shownColumns are the columns as CSV shows them.
func shownColumns(columns []coda.Column) []render.Column {
	shown := make([]render.Column, len(columns))
	for i, c := range columns {
		shown[i] = render.Column{ID: c.ID, Name: c.Name}
		if isDate(c) {
			shown[i].Convert = calendarDate
		}
	}
	return shown
}

// OwnColumns are in each CSV file, before the columns of the table. Their names and order are promised.
var OwnColumns = []string{"_row_id", "_row_name", "_row_index", "_created_at", "_updated_at", "_browser_link"}

// Cells are the texts of a row's cells as CSV writes them: those of OwnColumns, then those of the columns.
func Cells(columns []coda.Column, r coda.Row) ([]string, error) {
	cells := make([]string, 0, len(OwnColumns)+len(columns))
	index, err := render.Cell(r.Index)
	if err != nil {
		return nil, fmt.Errorf("row %s: %w", r.ID, err)
	}
	cells = append(cells, r.ID, r.Name, index, r.CreatedAt, r.UpdatedAt, r.BrowserLink)
	for _, c := range columns {
		raw := r.Values[c.ID]
		text, err := render.Cell(raw)
		if err != nil {
			return nil, fmt.Errorf("row %s: column %s: %w", r.ID, c.ID, err)
		}
		if isDate(c) && len(raw) > 0 && raw[0] == '"' {
			text = calendarDate(text)
		}
		cells = append(cells, text)
	}
	return cells, nil
}

// Headers are the names of the columns in a CSV file, of OwnColumns first.
func Headers(columns []coda.Column) []string {
	return render.Headers(OwnColumns, shownColumns(columns))
}

// writeRow writes one row. Its error names the row, since a table may have a million of them.
func writeRow(out *render.CSV, r coda.Row) error {
	index, err := render.Cell(r.Index)
	if err == nil {
		err = out.Row([]string{r.ID, r.Name, index, r.CreatedAt, r.UpdatedAt, r.BrowserLink}, r.Values)
	}
	if err != nil {
		return fmt.Errorf("row %s: %w", r.ID, err)
	}
	return nil
}

// JSONLines writes each row as sent, one a line. Space between tokens is dropped, for a row must not have line breaks; fields
// that this program does not know stay.
func JSONLines(w io.Writer, rows iter.Seq2[coda.Row, error]) error {
	var b bytes.Buffer
	for r, err := range rows {
		if err != nil {
			return err
		}
		b.Reset()
		if err := json.Compact(&b, r.Raw); err != nil {
			return err
		}
		b.WriteByte('\n')
		if err := render.Write(w, b.Bytes()); err != nil {
			return err
		}
	}
	return nil
}

// isDate reports whether a column holds calendar dates. The service sends a date as midnight in the doc's time zone,
// and a program that reads the CSV file in another zone would take that for the day before or after.
func isDate(c coda.Column) bool { return c.Format.Type == "date" }

// HasDates reports whether a CSV file of these columns has calendar dates.
func HasDates(columns []coda.Column) bool { return slices.ContainsFunc(columns, isDate) }

// calendarDate returns the day of a time that is midnight in its own offset. Other text is returned as it is: a list of
// dates, a date with a time, or whatever a formula makes of a date column.
func calendarDate(text string) string {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil || at.Hour() != 0 || at.Minute() != 0 || at.Second() != 0 || at.Nanosecond() != 0 {
		return text
	}
	return at.Format(time.DateOnly)
}

// Rows iterates over the rows in a file of rows as sent. It does not close c.
func Rows(c fs.Content) func(yield func(coda.Row, error) bool) {
	return func(yield func(coda.Row, error) bool) {
		for line, err := range textLines(c) {
			var r coda.Row
			if err == nil {
				r, err = coda.Decode[coda.Row](bytes.TrimSpace(line))
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}
