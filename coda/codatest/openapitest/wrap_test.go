package openapitest

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/codafs/codafs/coda/codatest"
)

// watcher is a test whose errors are collected.
type watcher struct {
	testing.TB
	mu     sync.Mutex
	errors []string
}

func (w *watcher) Helper() {}

func (w *watcher) Errorf(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.errors = append(w.errors, fmt.Sprintf(format, args...))
}

// complaints is what is said of one request to h.
func complaints(t *testing.T, h http.HandlerFunc, method, url, body string) []string {
	w := &watcher{TB: t}
	r := httptest.NewRequest(method, url, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer token")
	r.Header.Set("Content-Type", "application/json")
	Wrap(w, h).ServeHTTP(httptest.NewRecorder(), r)
	return w.errors
}

// truth answers as the stand-in does.
func truth(w http.ResponseWriter, r *http.Request) {
	codatest.New(codatest.Sample(), codatest.Options{}).ServeHTTP(w, r)
}

// changed answers as the stand-in does, but with one text replaced by another.
func changed(from, to string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		answer := httptest.NewRecorder()
		truth(answer, r)
		body := bytes.ReplaceAll(answer.Body.Bytes(), []byte(from), []byte(to))
		if bytes.Equal(body, answer.Body.Bytes()) {
			panic("nothing to replace in " + answer.Body.String())
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(answer.Code)
		w.Write(body)
	}
}

const (
	doc  = codatest.Base + "/docs/" + codatest.SampleDoc
	rows = doc + "/tables/" + codatest.SampleRoadmap + "/rows?limit=1&valueFormat=rich"
)

func TestTrueAnswersPass(t *testing.T) {
	Need(t)
	for _, url := range []string{codatest.Base + "/docs", doc, doc + "/pages", rows, codatest.Base + "/docs/nope"} {
		if got := complaints(t, truth, "GET", url, ""); got != nil {
			t.Errorf("%s: %v", url, got)
		}
	}
}

func TestWrongAnswersAreCaught(t *testing.T) {
	Need(t)
	for name, c := range map[string]struct{ url, from, to, want string }{
		"a required field is missing":     {doc, `"ownerName":"Mei-Lin Zhao",`, ``, "ownerName"},
		"a field too much":                {doc, `"ownerName"`, `"extra":1,"ownerName"`, "extra"},
		"a wrong type in a reference":     {doc, `"pageCount":14`, `"pageCount":"14"`, "/docSize/pageCount"},
		"a value that is none of an enum": {doc + "/pages", `"contentType":"embed"`, `"contentType":"Embed"`, "contentType"},
		"a stamp that is none":            {doc, `"createdAt":"2026-01-05T08:00:00.000Z"`, `"createdAt":"yesterday"`, "createdAt"},
		"a null":                          {doc, `"name":"Product Launch Hub"`, `"name":null`, "name"},
		"a cell that is no value":         {rows, `"Nudge"`, `{"label":"Nudge"}`, "values"},
		"a rich cell with a field short":  {rows, `"currency":"USD"`, `"money":"USD"`, "values"},
		"a format with another's field":   {doc + "/tables/" + codatest.SampleRoadmap + "/columns", `"displayType":"check"`, `"icon":"star"`, "format"},
		"an error that is no envelope":    {codatest.Base + "/docs/nope", `"statusMessage"`, `"status"`, "status"},
		"an error with another's status":  {codatest.Base + "/docs/nope", `404`, `403`, "statusCode"},
	} {
		t.Run(name, func(t *testing.T) {
			got := complaints(t, changed(c.from, c.to), "GET", c.url, "")
			if len(got) != 1 || !strings.Contains(got[0], c.want) {
				t.Errorf("%q, want a word on %s", got, c.want)
			}
		})
	}
}

func TestWrongRequestsAreCaught(t *testing.T) {
	Need(t)
	export := doc + "/pages/" + codatest.SamplePage + "/export"
	for name, c := range map[string]struct{ method, url, body, want string }{
		"a path the file doesn't have":  {"GET", codatest.Base + "/dox", "", "no such operation"},
		"a method it doesn't have":      {"PUT", doc, "", "no such operation"},
		"an unknown parameter":          {"GET", codatest.Base + "/docs?owner=true", "", `"owner"`},
		"a boolean that is none":        {"GET", codatest.Base + "/docs?isOwner=yes", "", "isOwner"},
		"a limit of zero":               {"GET", doc + "/pages?limit=0", "", "limit"},
		"a limit above the maximum":     {"GET", doc + "/tables/x/columns?limit=101", "", "limit"},
		"an unknown value of an enum":   {"GET", doc + "/tables/x/rows?valueFormat=raw", "", "valueFormat"},
		"an unknown member of a list":   {"GET", doc + "/tables?tableTypes=table,views", "", "tableTypes"},
		"a missing required parameter":  {"GET", codatest.Base + "/resolveBrowserLink", "", "url"},
		"a body with an unknown value":  {"POST", export, `{"outputFormat":"pdf"}`, "outputFormat"},
		"a body without what it needs":  {"POST", export, `{}`, "outputFormat"},
		"a body where there is no body": {"GET", doc, `{}`, "body"},
	} {
		t.Run(name, func(t *testing.T) {
			got := complaints(t, truth, c.method, c.url, c.body)
			if len(got) != 1 || !strings.Contains(got[0], c.want) {
				t.Errorf("%q, want a word on %s", got, c.want)
			}
		})
	}
}

func TestWhatAFaultChangedAndDownloadsPass(t *testing.T) {
	Need(t)
	faulty := codatest.New(codatest.Sample(), codatest.Options{})
	faulty.Fail(codatest.Fault{Path: "/docs", Kind: codatest.HTML})
	for _, url := range []string{codatest.Base + "/docs", "http://exports.codatest.invalid/DOC_EXPORT_RENDERING/p/d"} {
		if got := complaints(t, faulty.ServeHTTP, "GET", url, ""); got != nil {
			t.Errorf("%s: %v", url, got)
		}
	}
}

func TestAnswersReachTheClientUnchanged(t *testing.T) {
	Need(t)
	plain, wrapped := httptest.NewRecorder(), httptest.NewRecorder()
	r := httptest.NewRequest("GET", doc+"/pages", nil)
	r.Header.Set("Authorization", "Bearer token")
	truth(plain, r)
	Wrap(t, http.HandlerFunc(truth)).ServeHTTP(wrapped, r)
	want, _ := io.ReadAll(plain.Body)
	if got, _ := io.ReadAll(wrapped.Body); !bytes.Equal(got, want) || wrapped.Code != plain.Code {
		t.Errorf("%d %s, want %d %s", wrapped.Code, got, plain.Code, want)
	}
}

// kin-openapi finds the file in order. Examples and patterns are left out: some examples
// are wrong, and patterns are JavaScript's.
func TestFileIsInOrder(t *testing.T) {
	Need(t)
	s, err := load()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.doc.Validate(t.Context(), openapi3.DisableExamplesValidation(), openapi3.DisableSchemaPatternValidation()); err != nil {
		t.Error(err)
	}
}

// An exception that no answer needs is a mistake: without it, some answer of the hostile
// workspace must fail.
func TestEveryExceptionIsNeeded(t *testing.T) {
	Need(t)
	var requests []*http.Request
	hostile := codatest.New(codatest.Hostile(), codatest.Options{})
	const tables = codatest.Base + "/docs/T4bles_-_x/tables"
	for _, path := range []string{
		codatest.Base + "/docs", codatest.Base + "/docs/Tr3e-_Evil/pages?limit=100", tables + "?limit=100",
		tables + "/grid-Orphan-_1", tables + "/grid-NoRows_-1", tables + "/grid-EveryType1/columns?limit=100",
	} {
		r := httptest.NewRequest("GET", path, nil)
		r.Header.Set("Authorization", "Bearer token")
		requests = append(requests, r)
	}
	s, err := parse(nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range exceptions {
		undo := s.apply(slices.Delete(slices.Clone(exceptions), i, i+1))
		failed := false
		for _, r := range requests {
			op, _, _ := s.find(r.Method, strings.TrimPrefix(r.URL.Path, codatest.Base))
			seen := &recorder{ResponseWriter: httptest.NewRecorder()}
			hostile.ServeHTTP(seen, r)
			failed = failed || s.checkAnswer(op, seen) != nil
		}
		if !failed {
			t.Errorf("nothing needs the exception for %s: %s", e.schema, e.why)
		}
		undo()
	}
}

// apply applies exceptions, and gives what takes them back.
func (s *spec) apply(some []exception) (undo func()) {
	before := map[*openapi3.Schema]openapi3.Schema{}
	for _, e := range some {
		schema := s.doc.Components.Schemas[e.schema].Value
		if _, ok := before[schema]; !ok {
			saved := *schema
			saved.Properties = maps.Clone(schema.Properties)
			if d := schema.Discriminator; d != nil {
				saved.Discriminator = &openapi3.Discriminator{PropertyName: d.PropertyName, Mapping: maps.Clone(d.Mapping)}
			}
			before[schema] = saved
		}
		e.apply(schema)
	}
	return func() {
		for schema, saved := range before {
			*schema = saved
		}
	}
}
