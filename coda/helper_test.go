package coda_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/coda/codatest/openapitest"
	"github.com/codafs/codafs/coda/rest"
)

// secret is the token of all tests. It may show up in Authorization headers and nowhere else.
const secret = "5f3c9a52-70ab-4c1e-9d1c-secret000001"

// service is a stand-in and a client of it.
type service struct {
	*coda.Client
	api *codatest.Server
}

// serve makes a stand-in in memory, whose traffic is held against the OpenAPI file, and a client.
func serve(t *testing.T, w *codatest.Workspace, so codatest.Options, co coda.Options) *service {
	t.Helper()
	so.Token = secret
	api := codatest.New(w, so)
	co.Transport = api.RoundTripperOver(openapitest.Wrap(t, api))
	t.Cleanup(func() { tokenStayedHome(t, api) })
	return &service{newClient(t, co), api}
}

// newClient makes a client with a token. No line that it logs may hold a secret.
func newClient(t *testing.T, o coda.Options) *coda.Client {
	t.Helper()
	var log bytes.Buffer
	o.Token = secret
	o.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	c, err := coda.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { noSecret(t, log.String()) })
	return c
}

// tokenStayedHome asserts that only hosts of the API were sent a token.
func tokenStayedHome(t *testing.T, api *codatest.Server) {
	t.Helper()
	home := map[string]bool{"coda.io": true, "docs.superhuman.com": true}
	for _, r := range api.Requests() {
		if r.Authorized && (r.Download || !home[r.Host]) {
			t.Errorf("%s %s%s was sent the token", r.Method, r.Host, r.Path)
		}
	}
}

func noSecret(t *testing.T, text string) {
	t.Helper()
	for _, s := range []string{secret, "X-Amz", "DOC_EXPORT_RENDERING", "Signature"} {
		if strings.Contains(text, s) {
			t.Errorf("%q is in %s", s, text)
		}
	}
}

// fails asserts that err is a failure of the service with a code, and fit to be shown.
func fails(t *testing.T, err error, code rest.Code) *rest.Error {
	t.Helper()
	e, ok := errors.AsType[*rest.Error](err)
	if !ok || e.Code != code || rest.CodeOf(err) != code {
		t.Fatalf("error is %#v (%v), want code %q", err, err, code)
	}
	for inner := err; inner != nil; inner = errors.Unwrap(inner) {
		noSecret(t, fmt.Sprintf("%v %+v %#v", inner, inner, inner))
	}
	if strings.ContainsAny(err.Error(), "\n\r") {
		t.Errorf("error is not one line: %q", err)
	}
	return e
}

// collect gives all items of a list, up to its first error.
func collect[T any](seq iter.Seq2[T, error]) (items []T, err error) {
	for v, err := range seq {
		if err != nil {
			return items, err
		}
		items = append(items, v)
	}
	return items, nil
}

// must gives v where nothing failed.
func must[T any](t *testing.T) func(v T, err error) T {
	t.Helper()
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// transportFunc answers requests without a stand-in, for what a stand-in does not do.
type transportFunc func(*http.Request) (*http.Response, error)

func (f transportFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// reply is an answer for a transportFunc.
func reply(status int, body string, header ...string) (*http.Response, error) {
	h := http.Header{"Content-Type": {"application/json"}}
	for i := 0; i < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return &http.Response{
		StatusCode: status, Header: h, ContentLength: -1,
		Body: io.NopCloser(strings.NewReader(body)),
	}, nil
}

// answering gives a client that is answered the same to everything, and nothing twice.
func answering(t *testing.T, status int, body string, header ...string) *coda.Client {
	t.Helper()
	return newClient(t, coda.Options{Unlimited: true, MaxRetries: rest.NoRetries, Transport: transportFunc(
		func(*http.Request) (*http.Response, error) { return reply(status, body, header...) })})
}

// calls are one call of each kind that reads, by what it asks for.
var calls = map[string]func(context.Context, *coda.Client) error{
	"whoami": func(ctx context.Context, c *coda.Client) error { _, err := c.WhoAmI(ctx); return err },
	"docs": func(ctx context.Context, c *coda.Client) error {
		_, err := collect(c.Docs(ctx, coda.DocFilter{}))
		return err
	},
	"doc":    func(ctx context.Context, c *coda.Client) error { _, err := c.Doc(ctx, doc); return err },
	"pages":  func(ctx context.Context, c *coda.Client) error { _, err := collect(c.Pages(ctx, doc)); return err },
	"tables": func(ctx context.Context, c *coda.Client) error { _, err := collect(c.Tables(ctx, doc)); return err },
	"table":  func(ctx context.Context, c *coda.Client) error { _, err := c.Table(ctx, doc, grid); return err },
	"columns": func(ctx context.Context, c *coda.Client) error {
		_, err := collect(c.Columns(ctx, doc, grid))
		return err
	},
	"rows": func(ctx context.Context, c *coda.Client) error {
		_, err := collect(c.Rows(ctx, doc, grid, coda.RowOptions{}))
		return err
	},
	"export": func(ctx context.Context, c *coda.Client) error {
		_, err := c.ExportPage(ctx, doc, page, coda.Markdown)
		return err
	},
}

// The objects of small.
const (
	doc   = "Doc-_small1"
	page  = "canvas-Page__-01"
	embed = "canvas-Embed-01"
	grid  = "grid-_Small-1"
	view  = "table-Small-_1"
)

const text = "# Page\n\nText with `<html>` & ümläuts.\n"

// small is a workspace with a doc with a few pages, a table of 5 rows and a view of it.
func small() *codatest.Workspace {
	d := &codatest.Doc{ID: doc, Name: "Small"}
	d.Pages = []*codatest.Page{
		{ID: page, Name: "Page", Body: text},
		{ID: embed, Name: "Embed", Type: "embed"},
		{ID: "canvas-Sub", Name: "Subpage", Parent: page, Hidden: true, Body: "below\n"},
	}
	t := &codatest.Table{ID: grid, Name: "Table", Parent: "canvas-Sub", Columns: []*codatest.Column{
		{ID: "c-one", Name: "One", Format: codatest.Format{Type: "text"}},
		{ID: "c-two", Name: "Two", Format: codatest.Format{Type: "text"}},
	}}
	for i := range 5 {
		t.Rows = append(t.Rows, &codatest.Row{ID: fmt.Sprintf("i-row%d", i), Cells: map[string]codatest.Value{
			"c-one": codatest.Text(fmt.Sprint("one ", i)), "c-two": codatest.Text(fmt.Sprint("two ", i)),
		}})
	}
	d.Tables = []*codatest.Table{t, {ID: view, Name: "View", Base: grid, Parent: "canvas-Sub", Hidden: []string{"c-two"},
		Filter: func(r *codatest.Row) bool { return r.ID != "i-row0" }}}
	return &codatest.Workspace{ID: "ws-small00001", Name: "Small", User: codatest.Person{Name: "Ann", Email: "ann@small.example"},
		Docs: []*codatest.Doc{d}}
}
