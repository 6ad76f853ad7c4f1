package coda

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"net/http"

	"github.com/codafs/codafs/coda/rest"
)

// tokenRefused reports whether err is the service's refusal of the page token that r was sent with. The
// listing's first request was good and the token stands for all its parameters, so nothing else can be bad.
func (r request) tokenRefused(err error) bool {
	e, ok := errors.AsType[*rest.Error](err)
	return ok && e.Status == http.StatusBadRequest && e.Code == rest.CodeBadRequest && r.Query.Has("pageToken")
}

// place is how far a listing has come, whose token may be refused: it then begins again, once, and
// leaves out what was given before.
type place struct {
	given int    // items
	last  string // id of the last one
	again bool
	met   int // items since the listing began again
}

// restart reports whether the listing may begin again.
func (p *place) restart() bool {
	first := !p.again
	p.again = true
	return first
}

// rest takes those items off a page that were given before, and reports whether the listing is
// still the same as far as that can be told.
func (p *place) rest(items []json.RawMessage) (rest []json.RawMessage, same bool) {
	if p.again {
		before := min(max(p.given-p.met, 0), len(items))
		p.met += len(items)
		if before > 0 && p.met >= p.given && idIn(items[before-1]) != p.last {
			return nil, false
		}
		items = items[before:]
	}
	if n := len(items); n > 0 {
		p.given, p.last = p.given+n, idIn(items[n-1])
	}
	return items, true
}

// short reports that a listing ended before the place where it had been.
func (p *place) short() bool { return p.again && p.met < p.given }

func idIn(item json.RawMessage) string {
	var v struct {
		ID string `json:"id"`
	}
	_ = json.Unmarshal(item, &v) // one that has none is compared by that
	return v.ID
}

// fewestRows is the smallest page of rows that is asked for.
const fewestRows = 10

// listRows yields all rows of a listing, each once. A table that is too heavy is answered by a
// 504, one with wide rows by more than this client takes; only smaller pages help. A page token
// keeps the limit of its listing, so the listing is begun again with half the limit, and the rows
// that were given already are left out. got is called with each page.
func listRows(ctx context.Context, c *Client, r request, got func(page)) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		var given progress
		r.rows = true
		for limit := limitMost; ; limit = max(limit/2, fewestRows) {
			r.Heavy = limit > fewestRows
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
		if e, ok := errors.AsType[*rest.Error](err); ok && r.Heavy && tooMuch(e) {
			return true
		}
		if err != nil {
			yield(row, err)
			return false
		}
		if row.ID == "" {
			yield(Row{}, r.Fail(rest.CodeBadAnswer, "the answer has a row without an id"))
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

// tooMuch reports whether a request failed as it asked for more than the service, or this client, can carry at a time.
func tooMuch(e *rest.Error) bool {
	return e.Status == http.StatusGatewayTimeout || e.Code == rest.CodeTooLarge
}

// moved is the error for a list that was not the same when it was begun again.
func (r request) moved() *rest.Error {
	return r.Fail(CodeListMoved, "what is listed came, went or moved while it was read; it must be read again")
}
