package coda_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/coda/rest"
)

// ids gives the ids of a list's items.
func ids[T any](t *testing.T, seq iter.Seq2[T, error], id func(T) string) []string {
	t.Helper()
	var out []string
	for _, v := range must[[]T](t)(collect(seq)) {
		out = append(out, id(v))
	}
	return out
}

func idOf[T any](all []T, id func(T) string) (out []string) {
	for _, v := range all {
		out = append(out, id(v))
	}
	return out
}

func TestListsFollowPageTokensToTheEnd(t *testing.T) {
	for _, size := range []int{1, 2, 7, 0} {
		t.Run(fmt.Sprint("page size ", size), func(t *testing.T) {
			w := codatest.Generate(7, 5, 23, 4, 530)
			d := w.Docs[2]
			table := d.Tables[1]
			s := serve(t, w, codatest.Options{PageSize: size}, coda.Options{Unlimited: true})
			ctx := t.Context()
			check := func(what string, got, want []string) {
				t.Helper()
				if len(want) == 0 || !slices.Equal(got, want) {
					t.Errorf("%s: got %d items, want %d, in this order\n%v\n%v", what, len(got), len(want), got, want)
				}
			}
			sorted := func(s []string) []string { slices.Sort(s); return s }
			check("docs", sorted(ids(t, s.Docs(ctx, coda.DocFilter{}), func(d coda.Doc) string { return d.ID })),
				sorted(idOf(w.Docs, func(d *codatest.Doc) string { return d.ID })))
			check("pages", sorted(ids(t, s.Pages(ctx, d.ID), func(p coda.Page) string { return p.ID })),
				sorted(idOf(d.Pages, func(p *codatest.Page) string { return p.ID })))
			check("tables", ids(t, s.Tables(ctx, d.ID), func(p coda.Table) string { return p.ID }),
				idOf(d.Tables, func(p *codatest.Table) string { return p.ID }))
			check("columns", ids(t, s.Columns(ctx, d.ID, table.ID), func(c coda.Column) string { return c.ID }),
				idOf(table.Columns, func(c *codatest.Column) string { return c.ID }))
			check("rows", ids(t, s.Rows(ctx, d.ID, table.ID, coda.RowOptions{}), func(r coda.Row) string { return r.ID }),
				idOf(table.Rows, func(r *codatest.Row) string { return r.ID }))
		})
	}
}

func TestFirstRequestHasTheQueryAndLaterOnesOnlyThePageToken(t *testing.T) {
	for _, test := range []struct {
		name string
		call func(context.Context, *coda.Client) error
		want string
	}{
		{"docs", calls["docs"], "limit=500"},
		{"filtered docs", func(ctx context.Context, c *coda.Client) error {
			_, err := collect(c.Docs(ctx, coda.DocFilter{OwnedOnly: true, WorkspaceID: "ws-1"}))
			return err
		}, "isOwner=true&limit=500&workspaceId=ws-1"},
		{"pages", calls["pages"], "limit=500"},
		{"tables", calls["tables"], "limit=500"},
		{"table", calls["table"], "useUpdatedTableLayouts=true"},
		{"columns", calls["columns"], "limit=100"},
		{"rows", calls["rows"], "limit=500&valueFormat=simpleWithArrays&visibleOnly=false"},
		{"visible rows", func(ctx context.Context, c *coda.Client) error {
			_, err := collect(c.Rows(ctx, doc, view, coda.RowOptions{Visible: true}))
			return err
		}, "limit=500&sortBy=natural&valueFormat=simpleWithArrays"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := serve(t, small(), codatest.Options{PageSize: 1}, coda.Options{Unlimited: true})
			if err := test.call(t.Context(), s.Client); err != nil {
				t.Fatal(err)
			}
			for i, r := range s.api.Requests() {
				got := r.Query.Encode()
				if i == 0 && got != test.want {
					t.Errorf("first query is %s, want %s", got, test.want)
				}
				if i > 0 && (len(r.Query) != 1 || !r.Query.Has("pageToken")) {
					t.Errorf("query %d is %s, want a pageToken alone", i+1, got)
				}
			}
		})
	}
}

func TestVisibleRowsAreThoseOfTheView(t *testing.T) {
	s := serve(t, small(), codatest.Options{}, coda.Options{Unlimited: true})
	rows := must[[]coda.Row](t)(collect(s.Rows(t.Context(), doc, view, coda.RowOptions{Visible: true})))
	if len(rows) != 4 || rows[0].ID != "i-row1" || len(rows[0].Values) != 1 {
		t.Errorf("%d rows, the first is %+v; want 4 rows from i-row1 on, with one cell each", len(rows), rows[0])
	}
}

func TestAListCanBeRangedOverAgain(t *testing.T) {
	s := serve(t, small(), codatest.Options{PageSize: 2}, coda.Options{Unlimited: true})
	list := s.Pages(t.Context(), doc)
	first := must[[]coda.Page](t)(collect(list))
	again := must[[]coda.Page](t)(collect(list))
	if len(first) != 3 || len(again) != 3 {
		t.Errorf("%d items, then %d, want 3 each time", len(first), len(again))
	}
}

func TestAnEarlyBreakSendsNothingMore(t *testing.T) {
	for take, want := range map[int]int{1: 1, 2: 1, 3: 2, 4: 2, 5: 3} {
		s := serve(t, small(), codatest.Options{PageSize: 2}, coda.Options{Unlimited: true})
		n := 0
		for _, err := range s.Rows(t.Context(), doc, grid, coda.RowOptions{}) {
			if err != nil {
				t.Fatal(err)
			}
			if n++; n == take {
				break
			}
		}
		if got := s.api.Count(nil); got != want {
			t.Errorf("%d requests for %d items in pages of 2, want %d", got, take, want)
		}
	}
}

func TestItemsKeepTheirBytes(t *testing.T) {
	items := []string{
		`{"id":"p-1","name":"A","unknown":{"b":[1.0,1e400,"\u00fc"]},"id":"p-2"}`,
		"{ \"id\" : \"p-3\",\n\t\"name\" :null , \"ключ\":\"\xff\" }",
		`{}`,
	}
	c := answering(t, 200, "{ \"items\" : [ "+items[0]+" ,\n"+items[1]+","+items[2]+" ],\"nextPageToken\":null}\n")
	pages := must[[]coda.Page](t)(collect(c.Pages(t.Context(), doc)))
	if len(pages) != len(items) {
		t.Fatalf("%d items, want %d", len(pages), len(items))
	}
	for i, p := range pages {
		if string(p.Raw) != items[i] {
			t.Errorf("Raw is %s, want %s", p.Raw, items[i])
		}
	}
	table := " \n{\"id\": \"" + grid + "\", \"new\":[ 1 ]}\n"
	one := must[coda.Table](t)(answering(t, 200, table).Table(t.Context(), doc, grid))
	if want := `{"id": "` + grid + `", "new":[ 1 ]}`; string(one.Raw) != want {
		t.Errorf("Raw is %s, want %s", one.Raw, want)
	}
}

func TestNoListIsNotAnEmptyList(t *testing.T) {
	for _, body := range []string{
		``, `{}`, `null`, `[]`, `""`, `{"items":null}`, `{"items":{}}`, `{"items":[]`, `{"items":[]}]`,
		`{"items":[],"nextPageToken":7}`, `{"error":"sorry"}`, `<html></html>`, `{"items":[]}{"items":[]}`, `{"items":[]} x`,
		`{"items":[null]}`, `{"items":[17]}`, `{"items":[[]]}`, `{"items":[{"id":"a"}`,
		`{"items":[{}]}`, `{"items":[{"id":""}]}`, `{"items":[{"id":5}]}`, `{"items":[{"id":null,"name":"A"}]}`, `{"items":[{"parent":{"id":"a"}},{}]}`,
		`{"statusCode":503,"statusMessage":"Service Unavailable","message":"Service Unavailable"}`,
	} {
		c := answering(t, 200, body)
		for _, name := range []string{"docs", "pages", "tables", "columns", "rows"} {
			if e := fails(t, calls[name](t.Context(), c), rest.CodeBadAnswer); e.Status != 200 {
				t.Errorf("status is %d, want 200", e.Status)
			}
		}
	}
	if docs, err := collect(answering(t, 200, `{"items":[]}`).Docs(t.Context(), coda.DocFilter{})); err != nil || len(docs) != 0 {
		t.Errorf("an empty list gave %v, %v", docs, err)
	}
}

func TestOtherJSONIsNotAnObject(t *testing.T) {
	for _, body := range []string{``, `{}`, `null`, `[]`, `"x"`, `{"id":7}`, `{"items":[]}`, `{"id":"a"} trailing`,
		`{"id":"Doc-_small1"}{"id":"Doc-_small1"}`, `{"id":"another","loginId":""}`, `{"id":"DOC-_SMALL1"}`,
		`{"statusCode":404,"statusMessage":"Not Found","message":"Not Found"}`} {
		c := answering(t, 200, body)
		for _, name := range []string{"whoami", "doc", "table"} {
			fails(t, calls[name](t.Context(), c), rest.CodeBadAnswer)
		}
	}
}

// A row without its cells would pass for an empty one.
func TestRowsWithoutCellsOrIDAreNoRows(t *testing.T) {
	for _, row := range []string{`{"id":"i-1"}`, `{"id":"i-1","values":null}`, `{"id":"i-1","values":[]}`, `{"values":{}}`, `{"id":7,"values":{}}`} {
		c := answering(t, 200, `{"items":[{"id":"i-0","values" : {"c-1":"x"}},`+row+`]}`)
		rows, err := collect(c.Rows(t.Context(), doc, grid, coda.RowOptions{}))
		fails(t, err, rest.CodeBadAnswer)
		if len(rows) > 1 {
			t.Errorf("%s: %d rows", row, len(rows))
		}
	}
}

// JSON of another type is not the API's, and neither is another success.
func TestAnswersOfAnotherTypeOrStatusAreNotTheAPIs(t *testing.T) {
	list := `{"items":[],"id":"` + doc + `","loginId":"a"}`
	for status, media := range map[int]string{200: "text/html", 201: "application/json", 203: "application/json", 204: "application/json",
		206: "application/json", 202: "application/json"} {
		for name, call := range calls {
			if name != "export" {
				e := fails(t, call(t.Context(), answering(t, status, list, "Content-Type", media)), rest.CodeBadAnswer)
				if e.Status != status {
					t.Errorf("%s: status is %d, want %d", name, e.Status, status)
				}
			}
		}
	}
	for _, media := range []string{"", "application/json", "application/json; charset=utf-8", "application/problem+json", "TEXT/JSON"} {
		if _, err := collect(answering(t, 200, list, "Content-Type", media).Pages(t.Context(), doc)); err != nil {
			t.Errorf("%s: %v", media, err)
		}
	}
}

func TestAnErrorInDisguiseIsShown(t *testing.T) {
	_, err := answering(t, 200, `{"statusCode":503,"message":"Coda is resting"}`).WhoAmI(t.Context())
	if e := fails(t, err, rest.CodeBadAnswer); !strings.Contains(e.Error(), "Coda is resting") {
		t.Errorf("got %v", e)
	}
}

func TestALoopingPageTokenEndsTheList(t *testing.T) {
	s := serve(t, small(), codatest.Options{PageSize: 2}, coda.Options{Unlimited: true})
	s.api.Fail(codatest.Fault{Path: "/docs/.*/rows", Kind: codatest.LoopingToken})
	rows, err := collect(s.Rows(t.Context(), doc, grid, coda.RowOptions{}))
	e := fails(t, err, coda.CodePageTokenLoop)
	if n := s.api.Count(nil); n != 2 || len(rows) != 4 {
		t.Errorf("%d rows from %d requests, want 4 from 2", len(rows), n)
	}
	if e.Path != "/docs/"+doc+"/tables/"+grid+"/rows" || e.Method != "GET" {
		t.Errorf("error names %s %s", e.Method, e.Path)
	}
}

// A loop may be longer than one page.
func TestACircleOfPageTokensEndsTheList(t *testing.T) {
	next := map[string]string{"": "a", "a": "b", "b": "c", "c": "a"}
	sent := 0
	c := newClient(t, coda.Options{Unlimited: true, Transport: transportFunc(func(r *http.Request) (*http.Response, error) {
		sent++
		return reply(200, `{"items":[{"id":"x"}],"nextPageToken":"`+next[r.URL.Query().Get("pageToken")]+`"}`)
	})})
	_, err := collect(c.Docs(t.Context(), coda.DocFilter{}))
	fails(t, err, coda.CodePageTokenLoop)
	if sent != 4 {
		t.Errorf("%d requests, want 4", sent)
	}
}

// Ever new tokens must not keep a list from ending either. A few empty pages are no reason to give up.
func TestEmptyPagesWithoutEndEndTheList(t *testing.T) {
	for _, test := range []struct {
		empty int // pages between two items
		code  rest.Code
		sent  int
	}{{99, "", 300}, {1000, coda.CodePageTokenLoop, 101}} {
		sent := 0
		c := newClient(t, coda.Options{Unlimited: true, Transport: transportFunc(func(*http.Request) (*http.Response, error) {
			item, token := "", fmt.Sprintf(`,"nextPageToken":"t%d"`, sent)
			if sent%(test.empty+1) == 0 {
				item = `{"id":"x"}`
			}
			if sent++; sent == 300 {
				token = ""
			}
			return reply(200, `{"items":[`+item+`]`+token+`}`)
		})})
		docs, err := collect(c.Docs(t.Context(), coda.DocFilter{}))
		if sent != test.sent || rest.CodeOf(err) != test.code || len(docs) != (test.sent-1)/(test.empty+1)+1 {
			t.Errorf("%d empty pages: %d items and %v after %d requests, want %d", test.empty, len(docs), err, sent, test.sent)
		}
	}
}

func TestAListEndsWithItsFirstError(t *testing.T) {
	s := serve(t, small(), codatest.Options{PageSize: 2}, coda.Options{Unlimited: true})
	s.api.Fail(codatest.Fault{Path: "/docs/.*/rows", Skip: 1, Status: 403})
	var items, errs int
	for _, err := range s.Rows(t.Context(), doc, grid, coda.RowOptions{}) {
		if err != nil {
			fails(t, err, rest.CodeForbidden)
			errs++
		} else {
			items++
		}
	}
	if items != 2 || errs != 1 {
		t.Errorf("%d items and %d errors, want 2 and 1", items, errs)
	}
}

// One field that is not what the API promises must not cost the item or its list.
func TestMalformedFieldsDoNotCostTheItem(t *testing.T) {
	want := time.Date(2026, 3, 7, 10, 15, 30, 123e6, time.UTC)
	for _, stamp := range []string{`null`, `""`, `"yesterday"`, `17`, `{}`, `[1]`, `"2026-13-45T99:00:00Z"`, `true`} {
		body := `{"items":[{"name":5,"createdAt":` + stamp + `,"updatedAt":"2026-03-07T10:15:30.123Z","docSize":"big","id":"d-1"},
			{"id":"d-2","name":"Second"}]}`
		docs := must[[]coda.Doc](t)(collect(answering(t, 200, body).Docs(t.Context(), coda.DocFilter{})))
		if len(docs) != 2 || docs[0].ID != "d-1" || docs[1].Name != "Second" {
			t.Fatalf("createdAt %s: got %+v", stamp, docs)
		}
		if d := docs[0]; !d.CreatedAt.IsZero() || !d.UpdatedAt.Equal(want) || d.Name != "" || d.DocSize != (coda.DocSize{}) {
			t.Errorf("createdAt %s: got %+v", stamp, d)
		}
	}
	body := `{"items":[{"id":"i-1","index":1e2,"createdAt":7,"values":{"c-1":[1,{"a":2.50}],"c-2":null}},{"id":"i-2","name":[],"values":{}}]}`
	rows := must[[]coda.Row](t)(collect(answering(t, 200, body).Rows(t.Context(), doc, grid, coda.RowOptions{})))
	if len(rows) != 2 || string(rows[0].Index) != "1e2" || string(rows[0].Values["c-1"]) != `[1,{"a":2.50}]` ||
		string(rows[0].Values["c-2"]) != "null" || rows[1].ID != "i-2" {
		t.Errorf("got %+v", rows)
	}
}

func TestDecodeReadsWhatListsGave(t *testing.T) {
	s := serve(t, small(), codatest.Options{}, coda.Options{Unlimited: true})
	pages := must[[]coda.Page](t)(collect(s.Pages(t.Context(), doc)))
	raws := idOf(pages, func(p coda.Page) string { return string(p.Raw) })
	b, err := json.MarshalIndent([]json.RawMessage{pages[0].Raw, pages[1].Raw, pages[2].Raw}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	again := must[[]coda.Page](t)(coda.DecodeList[coda.Page](b))
	for i, p := range again {
		var compact bytes.Buffer
		if err := json.Compact(&compact, p.Raw); err != nil || compact.String() != raws[i] || p.ID != pages[i].ID {
			t.Errorf("page %d is %s, want %s", i, compact.String(), raws[i])
		}
	}
	one := must[coda.Page](t)(coda.Decode[coda.Page](pages[1].Raw))
	if one.Parent == nil || *one.Parent != (coda.Ref{ID: page, Name: "Page"}) || !one.IsEffectivelyHidden || string(one.Raw) != raws[1] {
		t.Errorf("got %s: %+v", one.Raw, one.Parent)
	}
	for _, broken := range []string{``, `{`, `[{]`, `[{}`, `[{}] x`, `[{}][]`, `{}x`} {
		if _, err := coda.DecodeList[coda.Page]([]byte(broken)); err == nil {
			t.Errorf("DecodeList(%q) gave no error", broken)
		}
		if _, err := coda.Decode[coda.Page]([]byte(broken)); err == nil {
			t.Errorf("Decode(%q) gave no error", broken)
		}
	}
}

func TestStrictLatestIsAskedOfDocsAlone(t *testing.T) {
	s := serve(t, small(), codatest.Options{}, coda.Options{Unlimited: true, StrictLatest: true})
	for _, name := range []string{"whoami", "docs", "doc", "pages", "export"} {
		if err := calls[name](t.Context(), s.Client); err != nil {
			t.Fatal(err)
		}
	}
	for _, r := range s.api.Requests() {
		want := "latest"
		if r.Path == "/whoami" || r.Path == "/docs" || r.Download {
			want = ""
		}
		if r.DocVersion != want {
			t.Errorf("%s: X-Coda-Doc-Version is %q, want %q", r.Path, r.DocVersion, want)
		}
	}
}
