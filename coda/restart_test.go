package coda_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/coda/rest"
)

const refusedToken = `{"statusCode":400,"statusMessage":"Bad Request","message":"Invalid pageToken."}`

// refusing is a stand-in that refuses the page tokens of the n-th to the m-th request.
func refusing(t *testing.T, w *codatest.Workspace, path string, n, m int, o coda.Options) *service {
	t.Helper()
	s := serve(t, w, codatest.Options{PageSize: 2}, o)
	s.api.Fail(codatest.Fault{Path: path, Skip: n - 1, Times: m - n + 1, Status: 400, Body: refusedToken})
	return s
}

func TestAListWhosePageTokenIsRefusedStartsOverOnce(t *testing.T) {
	w := small()
	for i := range 3 {
		w.Docs = append(w.Docs, &codatest.Doc{ID: fmt.Sprintf("doc%d", i), Name: "More"})
	}
	lists := map[string]struct {
		path string
		want int
		call func(context.Context, *coda.Client) ([]string, error)
	}{
		"docs": {"/docs", 4, func(ctx context.Context, c *coda.Client) ([]string, error) {
			docs, err := collect(c.Docs(ctx, coda.DocFilter{}))
			return idOf(docs, func(d coda.Doc) string { return d.ID }), err
		}},
		"pages": {"/docs/.*/pages", 3, func(ctx context.Context, c *coda.Client) ([]string, error) {
			pages, err := collect(c.Pages(ctx, doc))
			return idOf(pages, func(p coda.Page) string { return p.ID }), err
		}},
		"rows": {rowsPath, 5, func(ctx context.Context, c *coda.Client) ([]string, error) {
			rows, err := collect(c.Rows(ctx, doc, grid, coda.RowOptions{}))
			return idOf(rows, rowID), err
		}},
	}
	for name, l := range lists {
		for _, o := range []coda.Options{{}, {StrictLatest: true}, {MaxRetries: rest.NoRetries}} {
			last := 2
			if o.StrictLatest && name != "docs" { // asks once more, to tell a lagging doc from a bad token
				last = 3
			}
			synctest.Test(t, func(t *testing.T) {
				s := refusing(t, w, l.path, 2, last, o)
				ids, err := l.call(t.Context(), s.Client)
				slices.Sort(ids)
				if n := len(slices.Compact(slices.Clone(ids))); err != nil || len(ids) != l.want || n != l.want {
					t.Errorf("%s: got %v, %v, want %d", name, ids, err, l.want)
				}
			})
			synctest.Test(t, func(t *testing.T) {
				s := refusing(t, w, l.path, 2, last, o)
				s.api.Fail(codatest.Fault{Path: l.path, Skip: last + 1, Status: 400, Body: refusedToken})
				_, err := l.call(t.Context(), s.Client)
				fails(t, err, rest.CodeBadRequest)
				if n := s.api.Count(func(r codatest.Request) bool { return !r.Query.Has("pageToken") }); n != 2 {
					t.Errorf("%s: begun %d times, want 2", name, n)
				}
			})
		}
	}
}

// A refusal of a listing's first request is none of a token.
func TestABadRequestForAListIsFinal(t *testing.T) {
	s := refusing(t, small(), rowsPath, 1, 9, coda.Options{})
	_, err := collect(s.Rows(t.Context(), doc, grid, coda.RowOptions{}))
	fails(t, err, rest.CodeBadRequest)
	if n := s.api.Count(nil); n != 1 {
		t.Errorf("%d requests, want 1", n)
	}
}

// What changed between the two beginnings is no list that anybody had.
func TestAListThatChangedBeforeItStartsOverIsAnError(t *testing.T) {
	pages := func(items ...string) func(url.Values) string {
		return func(q url.Values) string {
			var from int
			fmt.Sscan(q.Get("pageToken"), &from)
			body := `{"items":[`
			for i, id := range items[from:min(from+2, len(items))] {
				body += map[bool]string{true: ","}[i > 0] + `{"id":"` + id + `"}`
			}
			if from += 2; from < len(items) {
				return body + fmt.Sprintf(`],"nextPageToken":"%d"}`, from)
			}
			return body + `]}`
		}
	}
	for name, c := range map[string]struct {
		then func(url.Values) string
		want []string
	}{
		"the same":       {pages("a", "b", "c", "d", "e"), []string{"a", "b", "c", "d", "e"}},
		"one went":       {pages("b", "c", "d", "e"), nil},
		"one came":       {pages("x", "a", "b", "c", "d", "e"), nil},
		"all but one":    {pages("a"), nil},
		"none are left":  {pages(), nil},
		"one at the end": {pages("a", "b", "c", "d", "e", "f"), []string{"a", "b", "c", "d", "e", "f"}},
	} {
		t.Run(name, func(t *testing.T) {
			sent, before := 0, pages("a", "b", "c", "d", "e")
			cl := newClient(t, coda.Options{Unlimited: true, MaxRetries: rest.NoRetries, Transport: transportFunc(func(r *http.Request) (*http.Response, error) {
				switch sent++; {
				case sent < 3:
					return reply(200, before(r.URL.Query()))
				case sent == 3:
					return reply(400, refusedToken)
				}
				return reply(200, c.then(r.URL.Query()))
			})})
			docs, err := collect(cl.Docs(t.Context(), coda.DocFilter{}))
			if c.want == nil {
				fails(t, err, coda.CodeListMoved)
			} else if got := idOf(docs, func(d coda.Doc) string { return d.ID }); err != nil || !slices.Equal(got, c.want) {
				t.Errorf("got %v, %v, want %v", got, err, c.want)
			}
		})
	}
}
