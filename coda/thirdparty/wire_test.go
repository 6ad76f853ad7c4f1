//go:build unix

package thirdparty

import (
	"bytes"
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
	"github.com/codafs/codafs/coda/rest"
)

func newClient(t *testing.T, address string) (*coda.Client, *wire) {
	t.Helper()
	w := &wire{api: address, transport: &http.Transport{}}
	t.Cleanup(w.transport.CloseIdleConnections)
	c, err := coda.New(coda.Options{BaseURL: address, Token: token, Transport: w, Unlimited: true, MaxRetries: rest.NoRetries})
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
		return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(exported)),
			ContentLength: int64(len(exported)), Request: r}, nil
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
		case rest.CodeOf(err) == coda.CodePageTokenLoop && len(items) == 2:
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

// within reports whether got is what was sent: of objects in it, at least some fields.
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
