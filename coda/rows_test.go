package coda_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/coda/rest"
)

// tall is small with a table of n rows.
func tall(n int) *codatest.Workspace {
	w := small()
	t := w.Docs[0].Tables[0]
	t.Rows = nil
	for i := range n {
		t.Rows = append(t.Rows, &codatest.Row{ID: fmt.Sprintf("i-row%d", i), Cells: map[string]codatest.Value{}})
	}
	return w
}

// over matches listings with a larger limit.
func over(limit int) func(url.Values) bool {
	return func(q url.Values) bool {
		n, err := strconv.Atoi(q.Get("limit"))
		return err == nil && n > limit
	}
}

const rowsPath = "/docs/.*/rows"

func rowID(r coda.Row) string { return r.ID }

// limitsOf are the limits that listings were begun with.
func limitsOf(rs []codatest.Request) (limits []string) {
	for _, r := range rs {
		if l := r.Query.Get("limit"); l != "" {
			limits = append(limits, l)
		}
	}
	return limits
}

func TestHeavyRowsAreReadInSmallerPages(t *testing.T) {
	for _, test := range []struct {
		name   string
		skip   int // requests that pass before the table gets heavy
		most   int
		limits []string
	}{
		{"from the start", 0, 130, []string{"500", "500", "250", "250", "125"}},
		{"after two pages", 2, 260, []string{"500", "250"}},
		{"down to the smallest", 1, 10, []string{"500", "250", "250", "125", "125", "62", "62", "31", "31", "15", "15", "10"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := tall(1234)
				s := serve(t, w, codatest.Options{}, coda.Options{})
				s.api.Fail(codatest.Fault{Path: rowsPath, Status: 504, Skip: test.skip, Query: over(test.most)})
				got := ids(t, s.Rows(t.Context(), doc, grid, coda.RowOptions{}), rowID)
				want := idOf(w.Docs[0].Tables[0].Rows, func(r *codatest.Row) string { return r.ID })
				if !slices.Equal(got, want) {
					t.Errorf("got %d rows, want each of %d once and in order", len(got), len(want))
				}
				if limits := limitsOf(s.api.Requests()); !slices.Equal(limits, test.limits) {
					t.Errorf("listings were begun with limits %v, want %v", limits, test.limits)
				}
			})
		})
	}
}

func TestHeavyChangesAreReadInSmallerPages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := tall(1234)
		s := serve(t, w, codatest.Options{}, coda.Options{})
		s.api.Fail(codatest.Fault{Path: rowsPath, Status: 504, Skip: 1, Query: over(260)})
		rows, next := s.RowChanges(t.Context(), doc, grid, coda.RowOptions{}, "")
		got := ids(t, rows, rowID)
		if want := idOf(w.Docs[0].Tables[0].Rows, func(r *codatest.Row) string { return r.ID }); !slices.Equal(got, want) || next() == "" {
			t.Errorf("got %d rows and token %q, want each of %d once and in order", len(got), next(), len(want))
		}
	})
}

func TestRowsThatAreAlwaysTooHeavyEndInTheServersError(t *testing.T) {
	for _, maxRetries := range []int{0, -1} {
		synctest.Test(t, func(t *testing.T) {
			s := serve(t, tall(30), codatest.Options{}, coda.Options{MaxRetries: maxRetries})
			s.api.Fail(codatest.Fault{Path: rowsPath, Status: 504})
			rows, err := collect(s.Rows(t.Context(), doc, grid, coda.RowOptions{}))
			e := fails(t, err, rest.CodeServerError)
			want := 6*2 + 7 // six sizes tried twice, and the smallest as often as anything
			if maxRetries < 0 {
				want = 7
			}
			if n := s.api.Count(nil); n != want || e.Status != 504 || len(rows) != 0 {
				t.Errorf("%d requests, status %d, %d rows; want %d requests", n, e.Status, len(rows), want)
			}
		})
	}
}

// Rows may be wide: what does not fit into one answer is asked for in smaller pages, as what is too heavy is.
func TestRowsTooLargeForOneAnswerAreReadInSmallerPages(t *testing.T) {
	for _, test := range []struct {
		most   int // rows that fit
		rows   int // that are given
		code   rest.Code
		limits []string
	}{
		{130, 1234, "", []string{"500", "250", "125"}},
		{0, 0, rest.CodeTooLarge, []string{"500", "250", "125", "62", "31", "15", "10"}},
	} {
		w := tall(1234)
		api := codatest.New(w, codatest.Options{Token: secret})
		c := newClient(t, coda.Options{Unlimited: true, Transport: transportFunc(func(r *http.Request) (*http.Response, error) {
			resp, err := api.RoundTripper().RoundTrip(r)
			if err == nil && over(test.most)(r.URL.Query()) {
				resp.Body, resp.ContentLength = &endless{}, 65<<20
			}
			return resp, err
		})})
		rows, err := collect(c.Rows(t.Context(), doc, grid, coda.RowOptions{}))
		if len(rows) != test.rows || rest.CodeOf(err) != test.code {
			t.Errorf("at most %d fit: %d rows and %v, want %d and code %q", test.most, len(rows), err, test.rows, test.code)
		}
		if limits := limitsOf(api.Requests()); !slices.Equal(limits, test.limits) {
			t.Errorf("at most %d fit: listings were begun with limits %v, want %v", test.most, limits, test.limits)
		}
	}
}

// Other failures on rows, and a 504 on other lists, are no reason for smaller pages.
func TestOtherFailuresDoNotAskForLess(t *testing.T) {
	for _, f := range []codatest.Fault{{Path: rowsPath, Status: 503, Times: 3}, {Path: "/docs/.*/pages", Status: 504, Times: 3}} {
		synctest.Test(t, func(t *testing.T) {
			s := serve(t, tall(30), codatest.Options{}, coda.Options{})
			s.api.Fail(f)
			if rows := ids(t, s.Rows(t.Context(), doc, grid, coda.RowOptions{}), rowID); len(rows) != 30 {
				t.Errorf("%d rows, want 30", len(rows))
			}
			must[[]coda.Page](t)(collect(s.Pages(t.Context(), doc)))
			for _, l := range limitsOf(s.api.Requests()) {
				if l != "500" {
					t.Errorf("%s %d: a limit is %s", f.Path, f.Status, l)
				}
			}
		})
	}
}

// Rows that changed between the first and the second beginning of a listing must not be given
// twice or left out in silence.
func TestAListThatMovedBetweenItsBeginningsIsAnError(t *testing.T) {
	for name, test := range map[string]struct {
		edit func(rows []*codatest.Row) []*codatest.Row
		code rest.Code // of the error, "" if there is none
	}{
		"a row went":          {func(rs []*codatest.Row) []*codatest.Row { return slices.Delete(rs, 3, 4) }, coda.CodeListMoved},
		"nearly all went":     {func(rs []*codatest.Row) []*codatest.Row { return rs[:5] }, coda.CodeListMoved},
		"a row came in front": {func(rs []*codatest.Row) []*codatest.Row { return slices.Insert(rs, 0, &codatest.Row{ID: "i-new"}) }, coda.CodeListMoved},
		"a row came behind": {func(rs []*codatest.Row) []*codatest.Row {
			return append(rs, &codatest.Row{ID: "i-new", CreatedAt: time.Now()})
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := tall(700)
				table := w.Docs[0].Tables[0]
				s := serve(t, w, codatest.Options{}, coda.Options{})
				s.api.Fail(codatest.Fault{Path: rowsPath, Status: 504, Skip: 1, Query: over(250)})
				seen := map[string]int{}
				var failure error
				for row, err := range s.Rows(t.Context(), doc, grid, coda.RowOptions{}) {
					if err != nil {
						failure = err
						continue
					}
					if seen[row.ID]++; len(seen) == 500 {
						table.Rows = test.edit(table.Rows)
					}
				}
				for id, n := range seen {
					if n != 1 {
						t.Errorf("row %s was given %d times", id, n)
					}
				}
				if test.code == "" {
					if failure != nil || len(seen) != 701 {
						t.Errorf("%d rows and %v, want 701 and no error", len(seen), failure)
					}
					return
				}
				if e := fails(t, failure, test.code); len(seen) != 500 || e.Path == "" || e.Method != http.MethodGet {
					t.Errorf("%d rows before %+v, want 500", len(seen), e)
				}
			})
		})
	}
}

func TestABreakAmongSmallerPagesSendsNothingMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, tall(1000), codatest.Options{}, coda.Options{})
		s.api.Fail(codatest.Fault{Path: rowsPath, Status: 504, Query: over(130)})
		for _, err := range s.Rows(t.Context(), doc, grid, coda.RowOptions{}) {
			if err != nil {
				t.Fatal(err)
			}
			break
		}
		if n := s.api.Count(nil); n != 5 {
			t.Errorf("%d requests, want 5: two of 500, two of 250, one of 125", n)
		}
	})
}
