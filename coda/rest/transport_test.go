package rest_test

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/codafs/codafs/coda/rest"
)

// What only a person can change is not waited for: a word from a service that must not be trusted, or a
// proxy that wants a password.
func TestUntrustedCertificatesAndProxyPasswordsEndAtOnce(t *testing.T) {
	var asked atomic.Int64
	tls := httptest.NewUnstartedServer(http.NotFoundHandler())
	tls.Config.ErrorLog = log.New(io.Discard, "", 0)
	tls.StartTLS()
	defer tls.Close()
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		w.WriteHeader(http.StatusProxyAuthRequired)
	}))
	defer proxy.Close()
	behind := rest.NewTransport()
	behind.Proxy = func(*http.Request) (*url.URL, error) { return url.Parse(proxy.URL) }
	for name, c := range map[string]struct {
		options rest.Options
		says    string
	}{
		"certificate": {rest.Options{BaseURL: tls.URL}, "certificate"},
		"proxy":       {rest.Options{Transport: behind}, "the proxy wants a user and a password"},
	} {
		c.options.Outage = rest.WaitOutage
		e := fails(t, ask(t.Context(), newClient(t, c.options)), rest.CodeUnreachable)
		if e.Attempts != 1 || !strings.Contains(e.Error(), c.says) {
			t.Errorf("%s: %d attempts, %v", name, e.Attempts, e)
		}
	}
	if n := asked.Load(); n != 1 {
		t.Errorf("the proxy was asked %d times, want 1", n)
	}
}
