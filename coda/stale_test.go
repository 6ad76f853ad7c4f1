package coda_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/coda/rest"
)

// edited gives a stand-in whose doc was edited just now: for a time it cannot be had as it is.
func edited(t *testing.T, staleFor time.Duration, o coda.Options) *service {
	t.Helper()
	w := small()
	s := serve(t, w, codatest.Options{StaleFor: staleFor}, o)
	w.SetPageBody(doc, page, "new\n")
	return s
}

func latest(r codatest.Request) bool { return r.DocVersion == "latest" }

var docCalls = []string{"doc", "pages", "tables", "table", "columns", "rows", "export"}

func TestStrictLatestWaitsUntilTheDocIsUpToDate(t *testing.T) {
	for _, name := range docCalls {
		synctest.Test(t, func(t *testing.T) {
			s := edited(t, 20*time.Second, coda.Options{StrictLatest: true})
			start := time.Now()
			if err := calls[name](t.Context(), s.Client); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if took := time.Since(start); took < 20*time.Second || took > 40*time.Second {
				t.Errorf("%s: took %v, want 20s or a little more", name, took)
			}
		})
	}
}

func TestADocThatStaysStaleIsReportedAsSuch(t *testing.T) {
	for _, name := range docCalls {
		synctest.Test(t, func(t *testing.T) {
			s := edited(t, time.Hour, coda.Options{StrictLatest: true, MaxRetries: 3})
			e := fails(t, calls[name](t.Context(), s.Client), coda.CodeStaleDoc)
			if e.Status != 400 || e.Attempts != 4 || e.Path == "" {
				t.Errorf("%s: error is %+v, want 4 attempts", name, e)
			}
			want := 5 // the attempts, and one to tell what the 400 means
			if n := s.api.Count(nil); n != want {
				t.Errorf("%s: %d requests, want %d", name, n, want)
			}
			if n := s.api.Count(func(r codatest.Request) bool { return r.Method == "POST" && !latest(r) }); n != 0 {
				t.Errorf("%s: %d exports were started to no end", name, n)
			}
		})
	}
}

func TestStaleWithoutRetriesIsReportedAtOnce(t *testing.T) {
	s := edited(t, time.Hour, coda.Options{StrictLatest: true, MaxRetries: rest.NoRetries, Unlimited: true})
	e := fails(t, calls["doc"](t.Context(), s.Client), coda.CodeStaleDoc)
	if n := s.api.Count(nil); n != 2 || e.Attempts != 1 {
		t.Errorf("%d requests, %d attempts; want 2 and 1", n, e.Attempts)
	}
}

func TestABadRequestIsNotTakenForAStaleDoc(t *testing.T) {
	for _, name := range docCalls {
		paths := map[string]string{"doc": "/docs/" + doc, "export": ".*/export"}
		path := paths[name]
		if path == "" {
			path = "/docs/.+/.*"
		}
		synctest.Test(t, func(t *testing.T) {
			s := serve(t, small(), codatest.Options{}, coda.Options{StrictLatest: true})
			s.api.Fail(codatest.Fault{Path: path, Status: 400})
			e := fails(t, calls[name](t.Context(), s.Client), rest.CodeBadRequest)
			if n := s.api.Count(nil); n != 2 || e.Attempts != 1 {
				t.Errorf("%s: %d requests, %d attempts; want 2 and 1", name, n, e.Attempts)
			}
		})
	}
}

// What tells the two kinds of 400 apart may fail as any request, and is sent again.
func TestTellingStaleFromBadTakesItsRetriesToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := edited(t, 20*time.Second, coda.Options{StrictLatest: true})
		s.api.Fail(codatest.Fault{Skip: 1, Times: 2, Status: 503})
		if err := calls["rows"](t.Context(), s.Client); err != nil {
			t.Error(err)
		}
	})
}

func TestWithoutStrictLatestA400IsABadRequest(t *testing.T) {
	s := serve(t, small(), codatest.Options{}, coda.Options{Unlimited: true})
	s.api.Fail(codatest.Fault{Status: 400})
	fails(t, calls["rows"](t.Context(), s.Client), rest.CodeBadRequest)
	if n := s.api.Count(nil); n != 1 {
		t.Errorf("%d requests, want 1", n)
	}
}

func TestWaitingForTheLatestEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := edited(t, time.Hour, coda.Options{StrictLatest: true})
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		start := time.Now()
		if err := calls["table"](ctx, s.Client); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 5*time.Second {
			t.Errorf("ended after %v with %v", time.Since(start), err)
		}
	})
}
