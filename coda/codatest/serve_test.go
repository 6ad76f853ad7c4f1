package codatest_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/coda/codatest/openapitest"
)

// peer is a client of a stand-in that a test talks to.
type peer struct {
	*codatest.Server
	t    *testing.T
	base string
	http *http.Client
}

// inMemory serves w without sockets.
func inMemory(t *testing.T, w *codatest.Workspace, o codatest.Options) *peer {
	s := codatest.New(w, o)
	h := openapitest.Wrap(t, s)
	return &peer{s, t, "https://coda.io" + codatest.Base, &http.Client{Transport: s.RoundTripperOver(h)}}
}

// overSockets serves w on three addresses, one of them for downloads and one for blobs.
func overSockets(t *testing.T, w *codatest.Workspace, o codatest.Options) *peer {
	var hosts [2]*httptest.Server
	for i, address := range []*string{&o.Downloads, &o.Blobs} {
		hosts[i] = httptest.NewUnstartedServer(nil)
		*address = "http://" + hosts[i].Listener.Addr().String()
	}
	s := codatest.New(w, o)
	h := openapitest.Wrap(t, s)
	api := httptest.NewServer(h)
	t.Cleanup(api.Close)
	for _, host := range hosts {
		host.Config.Handler = h
		host.Start()
		t.Cleanup(host.Close)
	}
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(client.CloseIdleConnections)
	return &peer{s, t, api.URL + codatest.Base, client}
}

// both runs a test over sockets and in memory.
func both(t *testing.T, w func() *codatest.Workspace, o codatest.Options, test func(t *testing.T, p *peer)) {
	t.Run("sockets", func(t *testing.T) { test(t, overSockets(t, w(), o)) })
	t.Run("memory", func(t *testing.T) { test(t, inMemory(t, w(), o)) })
}

// send sends a request with a token; url may be below the base or absolute.
func (p *peer) send(method, url, body string, header ...string) (*http.Response, error) {
	p.t.Helper()
	if strings.HasPrefix(url, "/") {
		url = p.base + url
	}
	r, err := http.NewRequestWithContext(p.t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer token")
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
		if header[i+1] == "" {
			r.Header.Del(header[i])
		}
	}
	return p.http.Do(r)
}

// text is the status and body of an answer that must come through.
func (p *peer) text(method, url, body string, header ...string) (int, string) {
	p.t.Helper()
	resp, err := p.send(method, url, body, header...)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatalf("%s %s: %v", method, url, err)
	}
	return resp.StatusCode, string(b)
}

// object is a JSON object as it was sent.
type object map[string]json.RawMessage

func (o object) string(key string) string {
	var s string
	json.Unmarshal(o[key], &s)
	return s
}

func (o object) object(key string) object {
	var in object
	json.Unmarshal(o[key], &in)
	return in
}

// get gives the object that a successful GET answers.
func (p *peer) get(url string, header ...string) object {
	p.t.Helper()
	status, body := p.text("GET", url, "", header...)
	if status != http.StatusOK {
		p.t.Fatalf("GET %s: %d %s", url, status, body)
	}
	return p.decode(body)
}

func (p *peer) decode(body string) object {
	p.t.Helper()
	var o object
	if err := json.Unmarshal([]byte(body), &o); err != nil {
		p.t.Fatalf("%v in %.300s", err, body)
	}
	return o
}

// refused asserts the status and message of a refused request.
func (p *peer) refused(method, url, body string, status int, message string, header ...string) {
	p.t.Helper()
	got, text := p.text(method, url, body, header...)
	if e := p.decode(text); got != status || e.string("message") != message {
		p.t.Errorf("%s %s: %d %s, want %d %q", method, url, got, text, status, message)
	}
}

// all follows a list to its end by the links it gives.
func (p *peer) all(url string) []object {
	p.t.Helper()
	var items []object
	for url != "" {
		page := p.get(url)
		var some []object
		if err := json.Unmarshal(page["items"], &some); err != nil {
			p.t.Fatal(err)
		}
		items = append(items, some...)
		url = page.string("nextPageLink")
	}
	return items
}

// export gives the text of a page's export, polling once.
func (p *peer) export(doc, page, format string) string {
	p.t.Helper()
	path := "/docs/" + doc + "/pages/" + page + "/export"
	status, body := p.text("POST", path, `{"outputFormat":"`+format+`"}`)
	if status != http.StatusAccepted {
		p.t.Fatalf("POST %s: %d %s", path, status, body)
	}
	link := p.get(p.decode(body).string("href")).string("downloadLink")
	status, text := p.text("GET", link, "", "Authorization", "")
	if status != http.StatusOK {
		p.t.Fatalf("download: %d %s", status, text)
	}
	return text
}

func ids(items []object) []string {
	var out []string
	for _, o := range items {
		out = append(out, o.string("id"))
	}
	return out
}
