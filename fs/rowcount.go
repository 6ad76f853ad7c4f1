package fs

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/codafs/codafs/coda"
)

// rowCount compares the rows of a base table with what the service counts. Rows that are added at the end while a
// table is read do no harm, those that are deleted hide others. So all rows that are not newer than the count must have come.
type rowCount struct {
	m     rowsMaker
	table coda.Table // before the rows were read
	all   int64
	known int64 // those of the table as it was then, by its stamp
}

// newRowCount takes the table as it was listed; a second try has it asked for anew. Views have no count.
func (m rowsMaker) newRowCount(ctx context.Context, l *listing, t *try) (*rowCount, error) {
	if m.view {
		return nil, nil
	}
	if t.last {
		now, err := m.d.t.src.Table(ctx, m.d.id, m.id)
		return &rowCount{m: m, table: now}, err
	}
	info, err := l.tableInfo(ctx, m.id)
	return &rowCount{m: m, table: info.table}, err
}

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

// check is called when all rows were read. Only where they are not as many as the service counted it asks once
// more: the table may be as it was, and the stamps of its rows mean nothing, or its count is known to be wrong.
func (c *rowCount) check(ctx context.Context, t *try) error {
	if c == nil || c.known == c.table.RowCount || !bytes.Contains(c.table.Raw, []byte(`"rowCount"`)) {
		return nil
	}
	now, err := c.m.d.t.src.Table(ctx, c.m.d.id, c.m.id)
	if err != nil {
		return err
	}
	still := now.RowCount == c.table.RowCount && now.UpdatedAt.Equal(c.table.UpdatedAt.Time)
	message := countMessage(now.RowCount - c.all)
	switch {
	case still && c.all == now.RowCount:
		return nil
	case t.last, still && c.knownBefore(message):
		t.warn(CodeRowCount, "%s", message)
		return nil
	}
	return errMoved
}

// knownBefore reports whether the count was off by as much before, in either file of the rows.
func (c *rowCount) knownBefore(message string) bool {
	is := func(k Kind) bool { return c.m.d.t.knows(Object{Kind: k, DocID: c.m.d.id, ID: c.m.id}, message) }
	return is(KindRows) || is(KindRowsJSON)
}

// countMessage tells by how much a count is off, not what it is: while that stays, the message does.
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
