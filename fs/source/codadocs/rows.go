package codadocs

import (
	"bufio"
	"context"
	"errors"
	"io"
	"iter"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/rest"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/remote"
	"github.com/codafs/codafs/fs/remote/load"
	"github.com/codafs/codafs/fs/render"
	"github.com/codafs/codafs/fs/source/codadocs/codatext"
)

// rowsRenderer makes a file from a table's rows. It is a handle, made anew for each file; it holds nothing that may be stale.
type rowsRenderer struct {
	d      doc
	id     string
	view   bool
	asSent bool // one JSON object a line; else CSV
}

// at returns the version as of some lists. It hashes the stamps of the table and, for a view, of its base table, and
// the columns. What else changes the bytes is in it as a word (dates, bom), only where it does: all other tables keep the
// versions that they had before there was such a thing.
func (m rowsRenderer) at(ctx context.Context, l *remote.Lists) (fs.Version, []coda.Column, error) {
	list, err := m.d.s.columnList(ctx, l, m.id)
	if err != nil {
		return fs.Version{}, nil, err
	}
	how := "rows"
	if !m.asSent && codatext.HasDates(list.columns) {
		how = "rows, dates" // tables without dates keep the versions from before dates were written as such
	}
	if m.hasBOM() {
		how += ", bom"
	}
	v := fs.NewVersionHash(how)
	list.addTo(v)
	if err := m.d.s.addStamps(ctx, l, v, m.id); err != nil {
		return fs.Version{}, nil, err
	}
	if err := m.d.s.addComputed(ctx, l, v, m.id); err != nil {
		return fs.Version{}, nil, err
	}
	return v.Version(m.d.s.t.Now()), list.columns, nil
}

// hasBOM reports whether the file begins with a byte order mark. Excel needs it to read UTF-8; JSON must not have it.
func (m rowsRenderer) hasBOM() bool { return !m.asSent && m.d.s.sel.CSVBOM }

// Version implements [remote.Renderer].
func (m rowsRenderer) Version(ctx context.Context) (fs.Version, error) {
	v, _, err := m.at(ctx, m.d.Current())
	return v, err
}

// Render writes the rows as they come: it holds one page of the API at a time. With row deltas the rows come from the Store,
// where the changed ones were merged into those of the last read; both files of a table's rows are then made from them.
func (m rowsRenderer) Render(ctx context.Context, v fs.Version, w io.Writer, t *remote.Try) error {
	l := m.d.Current()
	now, columns, err := m.at(ctx, l)
	if err != nil {
		return err
	}
	if now.Key != v.Key {
		return fs.ErrStale
	}
	deltas, err := m.deltas(ctx, l, v)
	if err != nil {
		return err
	}
	if deltas != nil && m.asSent {
		return deltas.write(ctx, w, t)
	}
	rows := m.d.s.api.Rows(ctx, m.d.ID, m.id, coda.RowOptions{Visible: m.view})
	if deltas != nil && !t.Last { // a table that keeps changing is read whole
		kept, err := deltas.rows(ctx)
		switch {
		case err == nil:
			defer kept.Close()
			rows = codatext.Rows(kept)
		case ctx.Err() != nil || rest.CodeOf(err) != "" || errors.Is(err, remote.ErrMoved):
			return err
		} // else the Store has no room for them
	}
	count, err := m.newRowCount(ctx, l, t)
	if err != nil {
		return err
	}
	rows = count.of(load.Once(t, rows, rowID))
	b := bufio.NewWriterSize(w, 64<<10)
	if m.hasBOM() {
		_, _ = b.WriteString(render.ByteOrderMark) // Flush returns the error
	}
	if m.asSent {
		err = codatext.JSONLines(b, rows)
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

// rowID is what no two rows of a table share.
func rowID(r coda.Row) string { return r.ID }

// writeCSV warns of cells without a column, except for views: those hide columns.
func (m rowsRenderer) writeCSV(w io.Writer, columns []coda.Column, rows iter.Seq2[coda.Row, error], t *remote.Try) error {
	left, err := codatext.CSV(w, columns, rows)
	if err == nil && left > 0 && !m.view {
		t.Warn(CodeColumns, "Coda gives cells of columns that its list of the columns lacks: this file is without them (number of such columns: %d)", left)
	}
	return err
}

// Describe implements [remote.Describer]: an entry has the service's row count, if it is known.
func (m rowsRenderer) Describe(_ context.Context, e *fs.Entry) error {
	if info, ok := m.d.s.table.Known(m.d.Current(), m.id); ok {
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

// Estimate implements [remote.Estimator], from what is known of the table. It is rather too large: programs that believe an
// estimate read no further than that.
func (m rowsRenderer) Estimate() int64 {
	s, l := m.d.s, m.d.Current()
	info, ok := s.table.Known(l, m.id)
	if !ok {
		return remote.EstimateUnknown
	}
	columns := estimateColumns
	if list, ok := s.columns.Known(l, m.id); ok {
		columns = len(list.columns)
	}
	return remote.EstimateLeast + info.table.RowCount*int64(columns+len(codatext.OwnColumns))*estimateCell
}
