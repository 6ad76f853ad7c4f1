//go:build unix

package thirdparty

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/codafs/codafs/coda"
)

// reads has a call for each way in which the client reads, by the method's name. It gives
// the value whose fields must be those of the example in the OpenAPI file; of a list
// that is the first item.
var reads = map[string]func(context.Context, *coda.Client) (any, error){
	"WhoAmI": func(ctx context.Context, c *coda.Client) (any, error) { return c.WhoAmI(ctx) },
	"Docs": func(ctx context.Context, c *coda.Client) (any, error) {
		return first(c.Docs(ctx, coda.DocFilter{OwnedOnly: true, WorkspaceID: "ws-1Ab234"}))
	},
	"Doc":    func(ctx context.Context, c *coda.Client) (any, error) { return c.Doc(ctx, doc) },
	"Pages":  func(ctx context.Context, c *coda.Client) (any, error) { return first(c.Pages(ctx, doc)) },
	"Tables": func(ctx context.Context, c *coda.Client) (any, error) { return first(c.Tables(ctx, doc)) },
	"Table":  func(ctx context.Context, c *coda.Client) (any, error) { return c.Table(ctx, doc, table) },
	"Columns": func(ctx context.Context, c *coda.Client) (any, error) {
		return first(c.Columns(ctx, doc, table))
	},
	"Rows": func(ctx context.Context, c *coda.Client) (any, error) {
		return first(c.Rows(ctx, doc, table, coda.RowOptions{}))
	},
	"Rows shown": func(ctx context.Context, c *coda.Client) (any, error) {
		return first(c.Rows(ctx, doc, table, coda.RowOptions{Visible: true}))
	},
}

// notSent are the fields of a type that one of the calls that give it does not fill.
var notSent = map[string][]string{
	"Tables": {"parentTable", "rowCount", "createdAt", "updatedAt"}, // references only
}

// exports is the method that reads by several requests, which has a test of its own.
const exports = "ExportPage"

// The objects of the file's examples. The mock server answers the same for any id.
const (
	doc   = "AbCDeFGH"
	page  = "canvas-IjkLmnO"
	table = "grid-pqRst-U"
)

func TestTheClientReadsWhatTheOfficialFileSays(t *testing.T) {
	address := startPrism(t)
	for name, read := range reads {
		t.Run(name, func(t *testing.T) {
			c, wire := newClient(t, address)
			got, err := read(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			filled(t, got, wire.item(t), notSent[name])
		})
	}
	t.Run(exports, func(t *testing.T) { exportOfTheOfficialFile(t, address) })
	t.Run("refusals", func(t *testing.T) { refusalsOfTheOfficialFile(t, address) })
}

func TestEachReadingMethodOfTheClientIsTried(t *testing.T) {
	tried := map[string]bool{exports: true}
	for name := range reads {
		method, _, _ := strings.Cut(name, " ")
		tried[method] = true
	}
	aContext := reflect.TypeFor[context.Context]()
	for m := range reflect.TypeFor[*coda.Client]().Methods() {
		if asks := m.Type.NumIn() > 1 && m.Type.In(1) == aContext; asks && !tried[m.Name] {
			t.Errorf("coda.Client.%s is missing in the table of reads", m.Name)
		}
	}
}

// exportOfTheOfficialFile follows an export to its end. The file's example of a status has
// both a link and an error; a link is what counts.
func exportOfTheOfficialFile(t *testing.T, address string) {
	c, wire := newClient(t, address)
	got, err := c.ExportPage(t.Context(), doc, page, coda.Markdown)
	if err != nil || string(got) != exported {
		t.Errorf("gave %q, %v", got, err)
	}
	const link = "https://docs.superhuman.com/blobs/DOC_EXPORT_RENDERING/some-request-id"
	if want := []string{link}; !slices.Equal(wire.downloads, want) {
		t.Errorf("downloaded %q, want %q", wire.downloads, want)
	}
}

// refusalsOfTheOfficialFile has the mock server answer with the file's examples of errors.
func refusalsOfTheOfficialFile(t *testing.T, address string) {
	for status, want := range map[int]coda.Code{
		400: coda.CodeBadRequest, 401: coda.CodeUnauthorized, 403: coda.CodeForbidden,
		404: coda.CodeNotFound, 410: coda.CodeGone, 429: coda.CodeRateLimited,
	} {
		c, wire := newClient(t, address)
		wire.prefer = fmt.Sprintf("code=%d", status)
		// beginPageContentExport is the operation that declares all of these.
		_, err := c.ExportPage(t.Context(), doc, page, coda.HTML)
		if coda.CodeOf(err) != want {
			t.Errorf("status %d: error %v, want code %s", status, err, want)
		}
	}
}

func newClient(t *testing.T, address string) (*coda.Client, *wire) {
	t.Helper()
	w := &wire{api: address, transport: &http.Transport{}}
	t.Cleanup(w.transport.CloseIdleConnections)
	c, err := coda.New(coda.Options{BaseURL: address, Token: token, Transport: w, Unlimited: true, MaxRetries: -1})
	if err != nil {
		t.Fatal(err)
	}
	return c, w
}

// exported is what any download gives.
const exported = "# Exported\n"

// wire carries requests to the mock server, keeps its last answer, and lets none leave this
// machine.
type wire struct {
	api       string
	transport *http.Transport
	prefer    string // asks the mock server for one of its answers
	answer    []byte
	downloads []string
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme+"://"+r.URL.Host != w.api {
		w.downloads = append(w.downloads, r.URL.String())
		return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(exported)), Request: r}, nil
	}
	r = r.Clone(r.Context())
	if w.prefer != "" {
		r.Header.Set("Prefer", w.prefer)
	}
	resp, err := w.transport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	w.answer, err = io.ReadAll(resp.Body)
	resp.Body = io.NopCloser(bytes.NewReader(w.answer))
	return resp, err
}

// item is the object of the last answer, or the first one of its list.
func (w *wire) item(t *testing.T) json.RawMessage {
	t.Helper()
	var list struct{ Items []json.RawMessage }
	if err := json.Unmarshal(w.answer, &list); err != nil {
		t.Fatal(err)
	}
	if list.Items != nil {
		return list.Items[0]
	}
	return w.answer
}

// first gives the first item of a list that is read to its end. Each of the mock server's
// answers is the same page with the same token, so the end is the client's refusal to go
// round in circles, after the second page.
func first[T any](list iter.Seq2[T, error]) (T, error) {
	var items []T
	for item, err := range list {
		switch {
		case err == nil:
			items = append(items, item)
		case coda.CodeOf(err) == coda.CodePageTokenLoop && len(items) == 2:
			return items[0], nil
		default:
			return item, err
		}
	}
	return *new(T), fmt.Errorf("the list ended after %d items, but each answer has a token", len(items))
}

// filled asserts that each field of v holds what was sent under its name, the fields in
// except apart, which were not sent; and Raw, where v keeps it, all that was sent.
func filled(t *testing.T, v any, sent json.RawMessage, except []string) {
	t.Helper()
	got, want := fields(t, asJSON(t, v)), fields(t, string(sent))
	if len(got) == 0 {
		t.Errorf("%T has no fields", v)
	}
	for name, value := range got {
		inAnswer, ok := want[name]
		switch excepted := slices.Contains(except, name); {
		case ok == excepted:
			t.Errorf("field %s: sent: %t, expected: %t", name, ok, !excepted)
		case ok && !within(value, inAnswer):
			t.Errorf("field %s is %v, but %v was sent", name, value, inAnswer)
		}
	}
	if raw := reflect.ValueOf(v).FieldByName("Raw"); raw.IsValid() && !bytes.Equal(raw.Bytes(), sent) {
		t.Errorf("Raw is %s, but %s was sent", raw.Bytes(), sent)
	}
}

func fields(t *testing.T, object string) (f map[string]any) {
	t.Helper()
	if err := json.Unmarshal([]byte(object), &f); err != nil {
		t.Fatal(err)
	}
	return f
}

// within tells whether got is what was sent: of objects in it, at least some fields.
func within(got, sent any) bool {
	g, isObject := got.(map[string]any)
	s, wasObject := sent.(map[string]any)
	if !isObject || !wasObject {
		return reflect.DeepEqual(got, sent)
	}
	for name := range g {
		if value, ok := s[name]; !ok || !within(g[name], value) {
			return false
		}
	}
	return len(g) > 0
}
