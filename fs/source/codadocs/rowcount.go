package codadocs

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/remote"
)

// Codes of warnings about a table.
const (
	// CodeRowCount marks a table with more or fewer rows than the service counts.
	CodeRowCount = "row_count"
	// CodeColumns marks a table that has cells of columns which its list of columns lacks.
	CodeColumns = "columns_lacking"
)

// rowCount compares the rows of a base table with the service's row count. Rows that are added at the end during the
// read do no harm; deleted rows shift others out of the read. So all rows that are not newer than the count must have
// come.
type rowCount struct {
	m     rowsRenderer
	table coda.Table // as it was before the rows were read
	// all is how many rows came; known, how many of them are not newer than the table's stamp: those that were counted.
	all   int64
	known int64
}

// newRowCount takes the table as it was listed; in the last try it asks for it again. It returns nil for a view, which
// has no count.
func (m rowsRenderer) newRowCount(ctx context.Context, l *remote.Lists, t *remote.Try) (*rowCount, error) {
	if m.view {
		return nil, nil
	}
	if t.Last {
		now, err := m.d.s.api.Table(ctx, m.d.ID, m.id)
		return &rowCount{m: m, table: now}, err
	}
	info, err := m.d.s.tableInfo(ctx, l, m.id)
	return &rowCount{m: m, table: info.table}, err
}

// of counts the rows that pass. A nil *rowCount counts nothing. A row whose time of creation cannot be read counts as known.
func (c *rowCount) of(rows iter.Seq2[coda.Row, error]) iter.Seq2[coda.Row, error] {
	if c == nil {
		return rows
	}
	return func(yield func(coda.Row, error) bool) {
		for r, err := range rows {
			if err == nil {
				c.all++
				created, e := time.Parse(time.RFC3339, r.CreatedAt)
				if e != nil || c.table.UpdatedAt.IsZero() || !created.After(c.table.UpdatedAt.Time) {
					c.known++
				}
			}
			if !yield(r, err) {
				return
			}
		}
	}
}

// check is called when all rows were read. If their number is not the service's count, it asks for the table once more.
// The table may be unchanged and the stamps of its rows without meaning, or its count known to be wrong. Otherwise the rows
// are read again ([remote.ErrMoved]), and what is then still odd is a warning: all rows but one are better than none.
func (c *rowCount) check(ctx context.Context, t *remote.Try) error {
	if c == nil || c.known == c.table.RowCount || !bytes.Contains(c.table.Raw, []byte(`"rowCount"`)) {
		return nil
	}
	now, err := c.m.d.s.api.Table(ctx, c.m.d.ID, c.m.id)
	if err != nil {
		return err
	}
	still := now.RowCount == c.table.RowCount && now.UpdatedAt.Equal(c.table.UpdatedAt.Time)
	message := countMessage(now.RowCount - c.all)
	switch {
	case still && c.all == now.RowCount:
		return nil
	case t.Last, still && c.knownBefore(message):
		t.Warn(CodeRowCount, "%s", message)
		return nil
	}
	return remote.ErrMoved
}

// knownBefore reports whether the count was wrong by as much before, for either file of the rows. Then it is the service's own
// mistake, and reading the table once more each night would not mend it.
func (c *rowCount) knownBefore(message string) bool {
	is := func(k fs.Kind) bool { return c.m.d.s.t.Knows(fs.Object{Kind: k, DocID: c.m.d.ID, ID: c.m.id}, message) }
	return is(fs.KindRows) || is(fs.KindRowsJSON)
}

// countMessage says by how much a count is wrong, not what it is: the message stays the same while the difference does.
func countMessage(missing int64) string {
	more := "more"
	switch {
	case missing == 0:
		return "rows came or went while the table was read, also when it was read again; some may be missing"
	case missing < 0:
		more, missing = "fewer", -missing
	}
	if missing == 1 {
		return fmt.Sprintf("Coda counts 1 %s row in this table than it gives", more)
	}
	return fmt.Sprintf("Coda counts %d %s rows in this table than it gives", missing, more)
}
