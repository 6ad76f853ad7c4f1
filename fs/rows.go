package fs

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/rest"
	"github.com/codafs/codafs/fs/render"
)

// rowsMaker makes a file from a table's rows.
type rowsMaker struct {
	d      doc
	id     string
	view   bool
	asSent bool // one JSON object a line; else CSV
}

// at returns the version as of some lists. It hashes the stamps of the table and, for a view, of its base table, and
// the columns.
func (m rowsMaker) at(ctx context.Context, l *lists) (Version, []coda.Column, error) {
	list, err := m.d.s.columnList(ctx, l, m.id)
	if err != nil {
		return Version{}, nil, err
	}
	how := "rows"
	if !m.asSent && hasDates(list.columns) {
		how = "rows, dates" // tables without dates keep the versions from before dates were written as such
	}
	if m.hasBOM() {
		how += ", bom"
	}
	v := newVersionHash(how)
	v.addColumns(list)
	if err := m.d.s.addStamps(ctx, l, v, m.id); err != nil {
		return Version{}, nil, err
	}
	if err := m.d.s.addComputed(ctx, l, v, m.id); err != nil {
		return Version{}, nil, err
	}
	return v.version(m.d.t.opts.Now()), list.columns, nil
}

func (m rowsMaker) hasBOM() bool { return !m.asSent && m.d.s.sel.CSVBOM }

func (m rowsMaker) version(ctx context.Context) (Version, error) {
	v, _, err := m.at(ctx, m.d.current())
	return v, err
}

// make writes the rows as they come: it holds one page of the API at a time.
func (m rowsMaker) make(ctx context.Context, v Version, w io.Writer, t *try) error {
	l := m.d.current()
	now, columns, err := m.at(ctx, l)
	if err != nil {
		return err
	}
	if now.Key != v.Key {
		return ErrStale
	}
	deltas, err := m.deltas(ctx, l, v)
	if err != nil {
		return err
	}
	if deltas != nil && m.asSent {
		return deltas.write(ctx, w, t)
	}
	rows := m.d.s.api.Rows(ctx, m.d.id, m.id, coda.RowOptions{Visible: m.view})
	if deltas != nil && !t.last { // a table that keeps changing is read whole
		kept, err := deltas.rows(ctx)
		switch {
		case err == nil:
			defer kept.Close()
			rows = rowsIn(kept)
		case ctx.Err() != nil || rest.CodeOf(err) != "" || errors.Is(err, errMoved):
			return err
		} // else the Store has no room for them
	}
	count, err := m.newRowCount(ctx, l, t)
	if err != nil {
		return err
	}
	rows = count.of(once(t, rows, rowID))
	b := bufio.NewWriterSize(w, 64<<10)
	if m.hasBOM() {
		_, _ = b.WriteString(render.ByteOrderMark) // Flush returns the error
	}
	if m.asSent {
		err = writeRowsJSON(b, rows)
	} else {
		err = m.writeCSV(b, columns, rows, t)
	}
	if err != nil {
		return err
	}
	if err := b.Flush(); err != nil {
		return err
	}
	return count.check(ctx, t)
}

func rowID(r coda.Row) string { return r.ID }

// writeCSV warns of cells without a column, except for views: those hide columns.
func (m rowsMaker) writeCSV(w io.Writer, columns []coda.Column, rows iter.Seq2[coda.Row, error], t *try) error {
	headers := make([]render.Column, len(columns))
	for i, c := range columns {
		headers[i] = render.Column{ID: c.ID, Name: c.Name}
		if isDate(c) {
			headers[i].Convert = calendarDate
		}
	}
	out, err := render.NewCSV(w, ownColumns, headers)
	if err != nil {
		return err
	}
	for r, err := range rows {
		if err != nil {
			return err
		}
		if err := writeRow(out, r); err != nil {
			return err
		}
	}
	if n := out.Left(); n > 0 && !m.view {
		t.warn(CodeColumns, "Coda gives cells of columns that its list of the columns lacks: this file is without them (number of such columns: %d)", n)
	}
	return out.Flush()
}

// ownColumns are in each CSV file, before the columns of the table.
var ownColumns = []string{"_row_id", "_row_name", "_row_index", "_created_at", "_updated_at", "_browser_link"}

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

// writeRowsJSON writes each row as sent, one a line.
func writeRowsJSON(w io.Writer, rows iter.Seq2[coda.Row, error]) error {
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
		if err := writeAll(w, b.Bytes()); err != nil {
			return err
		}
	}
	return nil
}

// describe implements describer: an entry has the service's row count, if it is known.
func (m rowsMaker) describe(_ context.Context, e *Entry) error {
	if info, ok := m.d.s.table.known(m.d.current(), m.id); ok {
		e.Rows = info.table.RowCount
	}
	return nil
}

const (
	// estimateCell is the bytes per cell of a table. The mean over the sample workspaces is about 25, with the six
	// columns that every table file has.
	estimateCell = 64
	// estimateColumns is for a table whose columns are not known yet.
	estimateColumns = 50
)

// estimate implements estimator, from what is known of the table.
func (m rowsMaker) estimate() int64 {
	s, l := m.d.s, m.d.current()
	info, ok := s.table.known(l, m.id)
	if !ok {
		return estimatePage
	}
	columns := estimateColumns
	if list, ok := s.columns.known(l, m.id); ok {
		columns = len(list.columns)
	}
	return estimateLeast + info.table.RowCount*int64(columns+len(ownColumns))*estimateCell
}
