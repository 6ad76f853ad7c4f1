package codatest

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
)

// listBody is the answer of every list.
type listBody[W any] struct {
	Items         []W    `json:"items"`
	Href          string `json:"href"`
	NextPageToken string `json:"nextPageToken,omitempty"`
	NextPageLink  string `json:"nextPageLink,omitempty"`
	NextSyncToken string `json:"nextSyncToken,omitempty"`
}

// limits are a list's page sizes. Larger limits than the clamp are cut without a word. The
// API doesn't publish its clamps; these are the ones that clients repeat.
type limits struct{ standard, clamp int }

var (
	mostLists  = limits{25, 200}
	columnList = limits{25, 100}
	rowList    = limits{25, 500}
	lineList   = limits{50, 500}
)

// pageToken is what a nextPageToken holds: the place in the listing and all parameters of
// its first request.
type pageToken struct {
	Path   string     `json:"p"`
	Query  url.Values `json:"q"`
	Offset int        `json:"o"`
}

// listing gives the parameters of a request and its offset. With a pageToken they are
// those of the token, and anything sent beside it is ignored.
func listing(path string, q url.Values) (url.Values, int, error) {
	sent := q.Get("pageToken")
	if sent == "" {
		return q, 0, nil
	}
	var t pageToken
	if !decodeToken(sent, &t) || t.Path != path || t.Offset < 0 {
		return nil, 0, invalidToken()
	}
	return t.Query, t.Offset, nil
}

// invalidToken is what the service says of page and sync tokens that it can't read.
func invalidToken() error { return problem(http.StatusBadRequest, "Invalid pageToken.") }

// encodeToken makes an opaque token of a struct, as page and sync tokens are: nobody but the stand-in may read it.
func encodeToken(t any) string {
	b, err := json.Marshal(t)
	if err != nil {
		panic(err) // strings and numbers only
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// decodeToken undoes encodeToken, and reports false for anything else.
func decodeToken(s string, t any) bool {
	b, err := base64.RawURLEncoding.DecodeString(s)
	return err == nil && json.Unmarshal(b, t) == nil
}

// list answers with the page of all that the call asks for.
func list[T, W any](c *call, all []T, l limits, wire func(T) W) (*listBody[W], error) {
	limit := l.standard
	if s := c.query.Get("limit"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 {
			return nil, badParameter("limit")
		}
		limit = n
	}
	limit = min(limit, l.clamp)
	if c.s.o.PageSize > 0 {
		limit = min(limit, c.s.o.PageSize)
	}
	from := min(c.offset, len(all))
	to := min(from+limit, len(all))
	body := &listBody[W]{Items: make([]W, 0, to-from), Href: c.base + c.path}
	if c.r.URL.RawQuery != "" {
		body.Href += "?" + c.r.URL.RawQuery
	}
	for _, x := range all[from:to] {
		body.Items = append(body.Items, wire(x))
	}
	if to < len(all) {
		body.NextPageToken = encodeToken(pageToken{c.path, c.query, to})
		body.NextPageLink = c.base + c.path + "?pageToken=" + url.QueryEscape(body.NextPageToken)
	}
	return body, nil
}
