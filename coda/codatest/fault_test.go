package codatest_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/codafs/codafs/coda/codatest"
)

// attempt is what a client sees of one request.
type attempt struct {
	status int
	header http.Header
	body   string
	err    error // of the request or of reading its body
}

func (p *peer) attempt(method, url, body string) attempt {
	p.t.Helper()
	resp, err := p.send(method, url, body)
	if err != nil {
		return attempt{err: err}
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return attempt{resp.StatusCode, resp.Header, string(b), err}
}

func isJSON(s string) bool { return json.Valid([]byte(s)) }

func reset(a attempt) bool {
	return errors.Is(a.err, syscall.ECONNRESET) || errors.Is(a.err, io.ErrUnexpectedEOF) || errors.Is(a.err, io.EOF)
}

// Each kind of fault on a listing, as a client sees it.
func TestFaultsOnAListing(t *testing.T) {
	status := func(n int) codatest.Fault { return codatest.Fault{Status: n} }
	envelope := func(n int) func(attempt) bool {
		return func(a attempt) bool {
			var e struct{ StatusCode int }
			return a.status == n && json.Unmarshal([]byte(a.body), &e) == nil && e.StatusCode == n
		}
	}
	faults := map[string]struct {
		fault codatest.Fault
		seen  func(attempt) bool
	}{
		"Retry-After": {codatest.Fault{Status: 429, Header: http.Header{"Retry-After": {"7"}}}, func(a attempt) bool {
			return envelope(429)(a) && a.header.Get("Retry-After") == "7"
		}},
		"own body":   {codatest.Fault{Status: 200, Body: "null"}, func(a attempt) bool { return a.status == 200 && a.body == "null" }},
		"reset":      {codatest.Fault{Kind: codatest.Reset}, func(a attempt) bool { return a.status == 0 && reset(a) }},
		"reset body": {codatest.Fault{Kind: codatest.ResetBody}, func(a attempt) bool { return a.status == 200 && reset(a) }},
		"truncated":  {codatest.Fault{Kind: codatest.Truncated}, func(a attempt) bool { return a.status == 200 && errors.Is(a.err, io.ErrUnexpectedEOF) }},
		"bad JSON":   {codatest.Fault{Kind: codatest.BadJSON}, func(a attempt) bool { return a.status == 200 && a.err == nil && !isJSON(a.body) }},
		"HTML": {codatest.Fault{Kind: codatest.HTML}, func(a attempt) bool {
			return a.status == 200 && strings.HasPrefix(a.body, "<!DOCTYPE html>") && strings.HasPrefix(a.header.Get("Content-Type"), "text/html")
		}},
		"slow body": {codatest.Fault{Kind: codatest.SlowBody, Delay: time.Millisecond}, func(a attempt) bool { return a.status == 200 && a.err == nil && isJSON(a.body) }},
	}
	for _, n := range []int{400, 401, 403, 404, 410, 429, 500, 502, 503, 504} {
		faults[http.StatusText(n)] = struct {
			fault codatest.Fault
			seen  func(attempt) bool
		}{status(n), envelope(n)}
	}
	both(t, codatest.Sample, codatest.Options{}, func(t *testing.T, p *peer) {
		for name, c := range faults {
			t.Run(name, func(t *testing.T) {
				c.fault.Path, c.fault.Times = "/docs/[^/]+/pages", 1
				p.Fail(c.fault)
				defer p.Heal()
				p.http.CloseIdleConnections() // a request on a kept connection would be repeated by net/http
				if a := p.attempt("GET", "/docs/"+codatest.SampleDoc+"/pages", ""); !c.seen(a) {
					t.Errorf("%d %v %.100q", a.status, a.err, a.body)
				}
				if a := p.attempt("GET", "/docs/"+codatest.SampleDoc+"/pages", ""); a.err != nil || !isJSON(a.body) || a.status != 200 {
					t.Errorf("the fault did not end: %d %v", a.status, a.err)
				}
			})
		}
	})
}

func TestRedirect(t *testing.T) {
	both(t, codatest.Sample, codatest.Options{}, func(t *testing.T, p *peer) {
		p.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		p.Fail(codatest.Fault{Path: "/whoami", Status: 302, Header: http.Header{"location": {"https://evil.invalid/"}}})
		if a := p.attempt("GET", "/whoami", ""); a.status != 302 || a.header.Get("Location") != "https://evil.invalid/" {
			t.Errorf("%d %v", a.status, a.header)
		}
	})
}

// A fault chooses by method and whole path, lets Skip requests pass and strikes Times.
func TestFaultStrikesWhatItMatchesAndAsOftenAsItSays(t *testing.T) {
	p := inMemory(t, codatest.Sample(), codatest.Options{})
	p.Fail(codatest.Fault{Method: "GET", Path: "/docs", Skip: 1, Times: 2, Status: 503})
	var got []int
	for range 5 {
		p.get("/docs/" + codatest.SampleDoc) // not the whole path
		got = append(got, p.attempt("GET", "/docs", "").status)
	}
	if want := []int{200, 503, 503, 200, 200}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	p.Fail(codatest.Fault{Method: "POST", Status: 403})
	p.get(planPath)
	if a := p.attempt("POST", planPath+"/export", exportBody); a.status != 403 {
		t.Errorf("POST: %d", a.status)
	}
	p.Fail(codatest.Fault{Status: 500})
	p.Heal()
	p.get("/docs")
}

func TestListingThatDiesOnItsSecondPage(t *testing.T) {
	p := inMemory(t, codatest.Sample(), codatest.Options{PageSize: 2})
	p.Fail(codatest.Fault{Path: "/docs", Skip: 1, Status: 502})
	next := p.get("/docs").string("nextPageLink")
	if a := p.attempt("GET", next, ""); a.status != 502 {
		t.Errorf("%d", a.status)
	}
}

func TestLoopingPageToken(t *testing.T) {
	p := inMemory(t, codatest.Sample(), codatest.Options{PageSize: 2})
	p.Fail(codatest.Fault{Path: "/docs", Kind: codatest.LoopingToken})
	first := p.get("/docs")
	second := p.get(first.string("nextPageLink"))
	if token := second.string("nextPageToken"); token == "" || token != first.string("nextPageToken") {
		t.Errorf("asked with %q, answered %q", first.string("nextPageToken"), token)
	}
	if third := p.get(second.string("nextPageLink")); firstID(t, third) != firstID(t, second) {
		t.Error("the same token gave another page")
	}
}

func TestFaultsOfExports(t *testing.T) {
	const poll = "/docs/[^/]+/pages/[^/]+/export/.+"
	both(t, codatest.Sample, codatest.Options{}, func(t *testing.T, p *peer) {
		p.Fail(codatest.Fault{Path: poll, Times: 2, Status: 404})
		p.Fail(codatest.Fault{Path: poll, Skip: 2, Times: 3, Kind: codatest.StuckExport})
		p.Fail(codatest.Fault{Path: poll, Skip: 5, Times: 1, Kind: codatest.FailedExport, Body: "out of paper"})
		href := p.begin(exportBody)
		for range 2 {
			if a := p.attempt("GET", href, ""); a.status != 404 {
				t.Errorf("in the window: %d", a.status)
			}
		}
		for range 3 {
			if o := p.get(href); o.string("status") != "inProgress" || o.string("downloadLink") != "" {
				t.Errorf("stuck: %s", o)
			}
		}
		if o := p.get(href); o.string("status") != "failed" || o.string("error") != "out of paper" || o.string("downloadLink") != "" {
			t.Errorf("failed: %s", o)
		}
		if o := p.get(href); o.string("status") != "complete" {
			t.Errorf("then: %s", o)
		}
	})
}

func TestFaultsReachTheDownloadHost(t *testing.T) {
	both(t, codatest.Sample, codatest.Options{}, func(t *testing.T, p *peer) {
		p.Fail(codatest.Fault{Path: "/DOC_EXPORT_RENDERING/.*", Times: 1, Status: 403})
		p.Fail(codatest.Fault{Path: "/DOC_EXPORT_RENDERING/.*", Skip: 1, Times: 1, Kind: codatest.Truncated})
		link := p.get(p.begin(exportBody)).string("downloadLink")
		load := func() attempt {
			resp, err := p.send("GET", link, "", "Authorization", "")
			if err != nil {
				return attempt{err: err}
			}
			defer resp.Body.Close()
			b, err := io.ReadAll(resp.Body)
			return attempt{resp.StatusCode, resp.Header, string(b), err}
		}
		if a := load(); a.status != 403 || !strings.Contains(a.body, "<Code>AccessDenied</Code>") {
			t.Errorf("expired: %d %s", a.status, a.body)
		}
		if a := load(); a.status != 200 || !errors.Is(a.err, io.ErrUnexpectedEOF) {
			t.Errorf("truncated: %d %v", a.status, a.err)
		}
		if a := load(); a.err != nil || !strings.HasPrefix(a.body, "# Launch plan") {
			t.Errorf("then: %v", a.err)
		}
	})
}

// The header of a slow answer comes at once, its end after the delay; who leaves meanwhile
// leaves nothing behind (the bubble would not end).
func TestSlowBodyArrivesLateAndCanBeLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := inMemory(t, codatest.Sample(), codatest.Options{})
		p.Fail(codatest.Fault{Kind: codatest.SlowBody, Delay: time.Hour})
		start := time.Now()
		resp, err := p.send("GET", "/docs", "", "Accept-Encoding", "identity")
		if err != nil || time.Since(start) != 0 {
			t.Fatalf("header after %v: %v", time.Since(start), err)
		}
		b, err := io.ReadAll(resp.Body)
		if !isJSON(string(b)) || err != nil || time.Since(start) != time.Hour {
			t.Errorf("%d bytes after %v: %v", len(b), time.Since(start), err)
		}
		left, err := p.send("GET", "/docs", "")
		if err != nil {
			t.Fatal(err)
		}
		left.Body.Close()
	})
}

// A page token stands for the parameters of its listing, also for a fault.
func TestAFaultMayChooseByQuery(t *testing.T) {
	p := inMemory(t, codatest.Sample(), codatest.Options{})
	rows := "/docs/" + codatest.SampleDoc + "/tables/" + codatest.SampleRoadmap + "/rows"
	next := "?pageToken=" + p.get(rows+"?limit=2").string("nextPageToken")
	small := "?pageToken=" + p.get(rows+"?limit=1").string("nextPageToken")
	p.Fail(codatest.Fault{Path: rows, Status: 504, Query: func(q url.Values) bool { return q.Get("limit") == "2" }})
	for query, want := range map[string]int{"": 200, "?limit=1": 200, small: 200, "?limit=2": 504, next: 504} {
		if a := p.attempt("GET", rows+query, ""); a.status != want {
			t.Errorf("%s: %d, want %d", query, a.status, want)
		}
	}
}
