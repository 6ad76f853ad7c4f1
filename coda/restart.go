package coda

import (
	"encoding/json"
	"errors"
	"net/http"
)

// tokenRefused reports whether err is the service's refusal of the page token that r was sent with. The
// listing's first request was good and the token stands for all its parameters, so nothing else can be bad.
func (r request) tokenRefused(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Status == http.StatusBadRequest && e.Code == CodeBadRequest && r.query.Has("pageToken")
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
