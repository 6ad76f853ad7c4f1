package coda_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/rest"
)

// fuzzClient is answered the same to everything, at once and once.
func fuzzClient(status int, body, retryAfter string) *coda.Client {
	c, err := coda.New(coda.Options{
		Token: secret, Unlimited: true, MaxRetries: rest.NoRetries, ExportTimeout: time.Second,
		Transport: transportFunc(func(r *http.Request) (*http.Response, error) {
			if r.Method == http.MethodPost && status == http.StatusOK {
				return reply(http.StatusAccepted, body, "Retry-After", retryAfter)
			}
			return reply(status, body, "Retry-After", retryAfter)
		}),
	})
	if err != nil {
		panic(err) // all options are fixed
	}
	return c
}

// keptWhole asserts that a list's items are those of its JSON, byte for byte.
func keptWhole[T any](t *testing.T, body []byte, items []T, raw func(T) json.RawMessage) {
	t.Helper()
	var want struct{ Items []json.RawMessage }
	if err := json.Unmarshal(body, &want); err != nil {
		t.Fatalf("%v, but it was taken for a list", err)
	}
	if len(items) != len(want.Items) {
		t.Fatalf("%d items from %d", len(items), len(want.Items))
	}
	for i, v := range items {
		if !bytes.Equal(raw(v), want.Items[i]) {
			t.Errorf("item %d is %s, want %s", i, raw(v), want.Items[i])
		}
	}
}

// known asserts that a failed call failed in a way that is known.
func known(t *testing.T, err error) {
	t.Helper()
	e, ok := errors.AsType[*rest.Error](err)
	if !ok || e.Code == "" || e.Path == "" || e.RetryAfter < 0 {
		t.Fatalf("error is %#v", err)
	}
	if strings.ContainsAny(err.Error(), "\n\r\x1b\x00") || !utf8.ValidString(err.Error()) || strings.Contains(err.Error(), secret) {
		t.Errorf("error is not fit to be shown: %q", err)
	}
}

func FuzzPages(f *testing.F) {
	for _, s := range []string{
		`{"items":[]}`, `{"items":null}`, `{"items":[null,17,{}]}`, `{}`, `null`, ``, `[`, `<html>`,
		`{"items":[{"id":"canvas-1","type":"page","name":"A","contentType":"canvas","isHidden":false,"isEffectivelyHidden":true,
		 "parent":{"id":"canvas-0","name":"B"},"createdAt":"2026-03-07T10:15:30.123Z","updatedAt":null,"updatedBy":{"name":"N"}}]}`,
		`{"items":[{"id":1,"parent":"x","createdAt":{},"updatedAt":"9999999-01-01"}],"nextPageToken":"again"}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		pages, err := collect(fuzzClient(200, string(body), "").Pages(t.Context(), doc))
		if err == nil {
			keptWhole(t, body, pages, func(p coda.Page) json.RawMessage { return p.Raw })
		} else {
			known(t, err)
		}
		_, _ = coda.DecodeList[coda.Table](body)
		_, _ = coda.Decode[coda.Doc](body)
	})
}

func FuzzRows(f *testing.F) {
	for _, s := range []string{
		`{"items":[{"id":"i-1","name":"R","index":3,"createdAt":"2026-03-07T10:15:30.123Z","values":{"c-1":"x","c-2":[1,{"a":null}],"c-3":1e400}}]}`,
		`{"items":[{"values":[]},{"values":{"":{}}},{"index":{},"createdAt":7}],"nextSyncToken":"s"}`, `{"items":[[]]}`, `{"items":{}}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		rows, err := collect(fuzzClient(200, string(body), "").Rows(t.Context(), doc, grid, coda.RowOptions{}))
		if err != nil {
			known(t, err)
			return
		}
		keptWhole(t, body, rows, func(r coda.Row) json.RawMessage { return r.Raw })
		for _, r := range rows {
			for column, v := range r.Values {
				if !json.Valid(v) {
					t.Errorf("cell %q is %s", column, v)
				}
			}
		}
	})
}

func FuzzErrors(f *testing.F) {
	f.Add(400, `{"statusCode":400,"statusMessage":"Bad Request","message":"Doc is not yet up to date."}`, "")
	f.Add(429, `{"message":null}`, "30")
	f.Add(503, `<html></html>`, "Fri, 01 Jan 2100 00:00:00 GMT")
	f.Add(403, `{"message":"`+secret+` \u0000\u001b[0m https://x/?a=b"}`, "-1")
	f.Add(302, ``, "99999999999999999999")
	f.Add(200, `{"message":"not a user"}`, "")
	f.Fuzz(func(t *testing.T, status int, body, retryAfter string) {
		if status < 200 || status > 599 {
			t.Skip("no final status")
		}
		user, err := fuzzClient(status, body, retryAfter).WhoAmI(t.Context())
		if err == nil {
			if status/100 != 2 || user.LoginID == "" || !json.Valid(user.Raw) {
				t.Fatalf("%d gave %+v", status, user)
			}
			return
		}
		known(t, err)
	})
}

func FuzzExportStatus(f *testing.F) {
	for _, s := range []string{
		`{"id":"96672a79-d8d3-49a9-93f2-d84992610460","status":"inProgress","href":"https://coda.io/"}`,
		`{"id":"x","status":"complete","downloadLink":"https://files.example/?X-Amz-Signature=1"}`,
		`{"id":"x","status":"failed","error":"no\nway"}`, `{"id":"../..","status":"complete"}`, `{"id":"x","downloadLink":"http://[::1"}`,
		`{"id":"x","error":{}}`, `{"status":""}`, `{}`, `null`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		synctest.Test(t, func(t *testing.T) {
			// The same answer is the start's, the poll's and the file.
			file, err := fuzzClient(200, string(body), "").ExportPage(t.Context(), doc, page, coda.Markdown)
			if err != nil {
				known(t, err)
			} else if string(file) != string(body) {
				t.Errorf("the file is %q, want %q", file, body)
			}
		})
	})
}
