package blob_test

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/blob"
	"github.com/codafs/codafs/coda/codatest"
)

// secret is the token of all tests. No blob host may see it.
const secret = "5f3c9a52-70ab-4c1e-9d1c-secret000002"

// The blobs of the tests: one that fits into any buffer, and one that doesn't.
const (
	doc   = "Fetch--doc"
	small = "bl-Small-__01"
	large = "bl-Large-__02"
)

const largeSize = 3<<20 + 1234

func workspace() *codatest.Workspace {
	return &codatest.Workspace{ID: "ws-1", User: codatest.Person{Name: "A", Email: "a@a.example"}, Docs: []*codatest.Doc{{ID: doc, Name: "D", Blobs: []*codatest.Blob{
		{ID: small, Name: "small.png", Type: "image/png", Content: codatest.Noise(1, 600)},
		{ID: large, Name: "large.mp4", Type: "video/mp4", Content: codatest.Noise(2, largeSize)},
	}}}}
}

// contents are what the blobs of the workspace hold.
var contents = sync.OnceValue(func() map[string][]byte {
	all := map[string][]byte{}
	for _, b := range workspace().Docs[0].Blobs {
		content := make([]byte, b.Content.Size())
		if n, err := b.Content.ReadAt(content, 0); n != len(content) {
			panic(err)
		}
		all[b.ID] = content
	}
	return all
})

// bytesOf is what a blob of the workspace holds.
func bytesOf(t *testing.T, id string) []byte {
	t.Helper()
	b, ok := contents()[id]
	if !ok {
		t.Fatalf("no blob %s", id)
	}
	return b
}

// world is a service, a fetcher, and everybody else, who must not be asked.
type world struct {
	*codatest.Server
	*blob.Fetcher
	t *testing.T
	// strangers counts the connections to hosts that are not the service's.
	strangers atomic.Int64
}

// file is a blob as the service shows it now.
func (w *world) file(id string) blob.File {
	f := blob.File{ID: id, Status: blob.Live, Address: blob.NewAddress(w.BlobURL(doc, id))}
	switch id {
	case small:
		f.Name, f.Type = "small.png", "image/png"
	case large:
		f.Name, f.Type = "large.mp4", "video/mp4"
	}
	return f
}

// fetch fetches a blob into memory.
func (w *world) fetch(ctx context.Context, f blob.File) ([]byte, error) {
	var b bytes.Buffer
	n, err := w.Fetch(ctx, doc, f, &b)
	if n != int64(b.Len()) {
		w.t.Errorf("%d bytes were written, %d told", b.Len(), n)
	}
	return b.Bytes(), err
}

// fault makes something go wrong with all blobs.
func (w *world) fault(f codatest.Fault) {
	f.Path = "/docs/[^/]+/blobs/.*"
	w.Fail(f)
}

// newWorld makes the fetcher. At the end of the test nobody may have been told a secret.
func newWorld(t *testing.T, w *world, co coda.Options, fo blob.Options) *world {
	t.Helper()
	var log bytes.Buffer
	co.Token, co.Unlimited = secret, true
	co.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	c, err := coda.New(co)
	if err != nil {
		t.Fatal(err)
	}
	base := co.BaseURL
	if base == "" {
		base = coda.DefaultURL
	}
	w.t, w.Fetcher = t, blob.NewFetcher(c.Client, blob.HostsOf(base), fo)
	t.Cleanup(func() {
		noAddress(t, log.String())
		if leaks := w.Leaks(); len(leaks) > 0 {
			t.Errorf("a token or a cookie came to the blob host: %v", leaks)
		}
		if n := w.strangers.Load(); n > 0 {
			t.Errorf("%d connections to other hosts", n)
		}
	})
	return w
}

var key = regexp.MustCompile(`[0-9a-f]{32}`)

// noAddress asserts that a text does not show an address, nor the token.
func noAddress(t *testing.T, text string) {
	t.Helper()
	if key.MatchString(text) || strings.Contains(text, secret) || strings.Contains(text, "://") {
		t.Errorf("a secret shows in %s", text)
	}
}

// inMemory serves a workspace without sockets, at Coda's own addresses.
func inMemory(t *testing.T, state *codatest.Workspace, so codatest.Options, co coda.Options, fo blob.Options) *world {
	t.Helper()
	w := &world{Server: codatest.New(state, so)}
	serve := w.RoundTripper()
	co.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
		if host := r.URL.Hostname(); host != "coda.io" && host != "codahosted.io" {
			w.strangers.Add(1)
		}
		return serve.RoundTrip(r)
	})
	return newWorld(t, w, co, fo)
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// overSockets serves a workspace on sockets of this machine, one of them the blob host. Connections to other machines are counted
// and refused.
func overSockets(t *testing.T, state *codatest.Workspace, co coda.Options, fo blob.Options) *world {
	t.Helper()
	w := &world{}
	blobs := httptest.NewUnstartedServer(nil)
	w.Server = codatest.New(state, codatest.Options{Blobs: "http://" + blobs.Listener.Addr().String()})
	blobs.Config.Handler = w.Server
	blobs.Start()
	t.Cleanup(blobs.Close)
	api := httptest.NewServer(w.Server)
	t.Cleanup(api.Close)
	co.BaseURL = api.URL + codatest.Base
	var dialer net.Dialer
	transport := &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		if host, _, _ := net.SplitHostPort(address); !net.ParseIP(host).IsLoopback() {
			w.strangers.Add(1)
			return nil, &net.OpError{Op: "dial", Err: net.UnknownNetworkError("none")}
		}
		return dialer.DialContext(ctx, network, address)
	}}
	t.Cleanup(transport.CloseIdleConnections)
	co.Transport = transport
	return newWorld(t, w, co, fo)
}
