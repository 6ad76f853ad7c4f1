package coda

import (
	"context"
	"errors"
	"iter"
)

// fewestRows is the smallest page of rows that is asked for.
const fewestRows = 10

// listRows gives all rows of a listing, each once. A table that is too heavy is answered by a
// 504, one with wide rows by more than this client takes; only smaller pages help. A page token
// keeps the limit of its listing, so the listing is begun again with half the limit, and the rows
// that were given already are left out. got is told of each page.
func listRows(ctx context.Context, c *Client, r request, got func(page)) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		var given progress
		r.rows = true
		for limit := limitMost; ; limit = max(limit/2, fewestRows) {
			r.heavy = limit > fewestRows
			told := func(yield func(page, error) bool) {
				for p, err := range pages(ctx, c, r, limit) {
					got(p)
					if !yield(p, err) {
						return
					}
				}
			}
			if !given.list(itemsOf[Row](told), r, yield) {
				return
			}
		}
	}
}

// progress is how far the caller has come in a listing that may begin again.
type progress struct {
	rows int
	last string // id of the last row
}

// list goes on with a listing that begins at its first row. It reports whether the listing
// must begin again, with smaller pages.
func (p *progress) list(rows iter.Seq2[Row, error], r request, yield func(Row, error) bool) (again bool) {
	n, before := 0, *p
	for row, err := range rows {
		if e, ok := errors.AsType[*Error](err); ok && e.tooMuch {
			return true
		}
		if err != nil {
			yield(row, err)
			return false
		}
		if row.ID == "" {
			yield(Row{}, r.fail(CodeBadAnswer, "the answer has a row without an id"))
			return false
		}
		n++
		switch {
		case n < before.rows:
			continue
		case n == before.rows && row.ID == before.last:
			continue
		case n == before.rows:
			yield(Row{}, r.moved())
			return false
		}
		p.rows, p.last = n, row.ID
		if !yield(row, nil) {
			return false
		}
	}
	if n < before.rows {
		yield(Row{}, r.moved())
	}
	return false
}

// moved is the error for a list that was not the same when it was begun again.
func (r request) moved() *Error {
	return r.fail(CodeListMoved, "what is listed came, went or moved while it was read; it must be read again")
}
