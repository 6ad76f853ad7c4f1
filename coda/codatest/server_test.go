package codatest_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/codafs/codafs/coda/codatest"
)

func TestTokenIsChecked(t *testing.T) {
	for _, c := range []struct {
		accepted, sent string
		want           int
	}{
		{"", "Bearer anything", 200}, {"", "", 401}, {"", "Bearer ", 401}, {"", "Basic dTpw", 401},
		{"right", "Bearer right", 200}, {"right", "Bearer wrong", 401},
	} {
		p := inMemory(t, codatest.Sample(), codatest.Options{Token: c.accepted})
		status, body := p.text("GET", "/whoami", "", "Authorization", c.sent)
		if status != c.want || status == 401 && p.decode(body).string("message") != "Unauthorized" {
			t.Errorf("%q for %q: %d %s", c.sent, c.accepted, status, body)
		}
	}
}

func TestUnknownPathsAndObjects(t *testing.T) {
	const doc = "/docs/" + codatest.SampleDoc
	s := codatest.New(codatest.Sample(), codatest.Options{})
	p := &peer{s, t, "https://coda.io" + codatest.Base, &http.Client{Transport: s.RoundTripper()}} // unchecked: the file has none of these
	for _, path := range []string{"/nope", doc + "/nope", doc + "/", "/docs//pages", "https://coda.io/", "https://coda.io/apis/v2/docs"} {
		p.refused("GET", path, "", 404, "Not Found")
	}
	p.refused("DELETE", doc, "", 404, "Not Found")
	for path, kind := range map[string]string{"/pages/x": "page", "/tables/x": "table", "/formulas/x": "formula", "/controls/x": "control"} {
		p.refused("GET", doc+path, "", 404, "Could not find a "+kind+" with the specified ID or name.")
	}
	p.refused("GET", roadmap+"/rows/i-x", "", 404, "Could not find a row with the specified ID or name.")
	p.refused("GET", roadmap+"/columns/c-x", "", 404, "Could not find a column with the specified ID or name.")
}

func TestObjectsAreFoundByNameToo(t *testing.T) {
	p := inMemory(t, codatest.Sample(), codatest.Options{})
	const doc = "/docs/" + codatest.SampleDoc
	for path, want := range map[string]string{
		"/pages/2026-03-17%20Go%20%2F%20no-go": "canvas-Gonogo-317",
		"/tables/Roadmap":                      codatest.SampleRoadmap,
		"/formulas/DaysToLaunch":               "f-DaysToLnch",
		"/controls/quarter":                    "ctrl-Quarter_01",
	} {
		if got := p.get(doc + path).string("id"); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}

func TestHrefsEchoTheHostThatWasCalled(t *testing.T) {
	p := inMemory(t, codatest.Sample(), codatest.Options{})
	for _, base := range []string{"https://coda.io/apis/v1", "https://docs.superhuman.com/apis/v1", "http://127.0.0.1:8080/apis/v1"} {
		doc := p.get(base + "/docs/" + codatest.SampleDoc)
		if doc.string("href") != base+"/docs/"+codatest.SampleDoc {
			t.Errorf("called %s, got %s", base, doc.string("href"))
		}
		if link := doc.string("browserLink"); link != "https://docs.superhuman.com/d/_d"+codatest.SampleDoc {
			t.Errorf("browserLink %s", link)
		}
	}
}

func TestOtherHostsAreUnknownInMemoryButLogged(t *testing.T) {
	p := inMemory(t, codatest.Sample(), codatest.Options{})
	_, err := p.send("GET", "https://evil.invalid/apis/v1/docs", "")
	if dns, ok := errors.AsType[*net.DNSError](err); !ok || !dns.IsNotFound {
		t.Errorf("%v", err)
	}
	log := p.Requests()
	if len(log) != 1 || log[0].Host != "evil.invalid" || !log[0].Authorized || log[0].Status != 0 {
		t.Errorf("%+v", log)
	}
}

func TestRequestsAreLogged(t *testing.T) {
	both(t, codatest.Sample, codatest.Options{}, func(t *testing.T, p *peer) {
		p.get("/docs?limit=2")
		p.text("GET", "/docs/nope", "")
		log := p.Requests()
		if len(log) != 2 || p.Count(nil) != 2 {
			t.Fatalf("%+v", log)
		}
		if r := log[0]; r.Method != "GET" || r.Path != "/docs" || r.Query.Get("limit") != "2" || r.Status != 200 || !r.Authorized || r.Download {
			t.Errorf("%+v", r)
		}
		if r := log[1]; r.Path != "/docs/nope" || r.Status != 404 {
			t.Errorf("%+v", r)
		}
	})
}

func TestAnswersAreCompressedOnlyWhenAsked(t *testing.T) {
	both(t, codatest.Sample, codatest.Options{}, func(t *testing.T, p *peer) {
		for ask, want := range map[string]string{"gzip": "gzip", "identity": ""} {
			resp, err := p.send("GET", "/docs", "", "Accept-Encoding", ask)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if got := resp.Header.Get("Content-Encoding"); got != want {
				t.Errorf("asked for %s, got %q", ask, got)
			}
		}
		// Who doesn't ask doesn't see it: the transport asks and undoes it.
		resp, err := p.send("GET", "/docs", "")
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if b, err := io.ReadAll(resp.Body); !isJSON(string(b)) || err != nil || !resp.Uncompressed {
			t.Errorf("%.20q %v", b, err)
		}
	})
}

// In no window of a class are more requests answered than its rate, and no fewer.
func TestRatesAreThoseOfThePublishedClasses(t *testing.T) {
	read := func(p *peer) int { return p.attempt("GET", "/whoami", "").status }
	list := func(p *peer) int { return p.attempt("GET", "/docs", "").status }
	begin := func(p *peer) int { return p.attempt("POST", planPath+"/export", exportBody).status }
	for name, c := range map[string]struct {
		send  func(*peer) int
		limit int
	}{"read": {read, 100}, "list docs": {list, 4}, "export": {begin, 10}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := inMemory(t, codatest.Sample(), codatest.Options{Throttle: true})
				for i := range c.limit {
					if s := c.send(p); s == 429 {
						t.Fatalf("request %d of %d refused", i+1, c.limit)
					}
					time.Sleep(time.Millisecond)
				}
				time.Sleep(6*time.Second - time.Duration(c.limit+1)*time.Millisecond)
				if s := c.send(p); s != 429 {
					t.Errorf("within the window: %d", s)
				}
				time.Sleep(time.Millisecond)
				if s := c.send(p); s == 429 {
					t.Error("refused after the window, or refused requests count")
				}
				if s := c.send(p); s != 429 {
					t.Errorf("the window is not a sliding one: %d", s)
				}
				if other := p.attempt("GET", "/docs/"+codatest.SampleDoc, "").status; name != "read" && other != 200 {
					t.Errorf("another class: %d", other)
				}
			})
		})
	}
}

func TestLatencyIsWaitedAndCanBeLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := inMemory(t, codatest.Sample(), codatest.Options{Latency: 150 * time.Millisecond})
		start := time.Now()
		p.get("/whoami")
		if d := time.Since(start); d != 150*time.Millisecond {
			t.Errorf("answered after %v", d)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		r, _ := http.NewRequestWithContext(ctx, "GET", p.base+"/whoami", nil)
		if _, err := p.http.Do(r); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
	})
}

func TestMutationStatus(t *testing.T) {
	now := time.Date(2026, 3, 18, 7, 59, 59, 0, time.UTC)
	p := inMemory(t, codatest.Sample(), codatest.Options{Now: func() time.Time { return now }})
	const path = "/mutationStatus/mutate:5d2149ec-0e6b-41ff-bafc-4e118484259d"
	if o := p.get(path); string(o["completed"]) != "false" {
		t.Errorf("%s", o)
	}
	now = now.Add(time.Second)
	if o := p.get(path); string(o["completed"]) != "true" {
		t.Errorf("%s", o)
	}
	p.refused("GET", "/mutationStatus/mutate:unknown", "", 404, "Not Found")
}

func TestManyAtOnce(t *testing.T) {
	w := codatest.Sample()
	p := inMemory(t, w, codatest.Options{PageSize: 2})
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 5 {
				p.all("/docs/" + codatest.SampleDoc + "/pages")
				w.SetPageBody(codatest.SampleDoc, codatest.SamplePage, strings.Repeat("x", i))
				p.get(p.begin(exportBody))
				p.get(planPath + "/content")
			}
		})
	}
	wg.Wait()
}
