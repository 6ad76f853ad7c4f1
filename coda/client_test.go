package coda_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/coda/rest"
)

func TestNewTakesSafeAddresses(t *testing.T) {
	for address, want := range map[string]string{
		"":                                "https://coda.io/apis/v1/whoami",
		"https://coda.io/apis/v1":         "https://coda.io/apis/v1/whoami",
		"https://coda.io/apis/v1/":        "https://coda.io/apis/v1/whoami",
		"https://CODA.io:443/apis/v1":     "https://coda.io/apis/v1/whoami",
		"https://docs.superhuman.com":     "https://docs.superhuman.com/whoami",
		"https://proxy.example:8443/a/b":  "https://proxy.example:8443/a/b/whoami",
		"http://localhost:8080/apis/v1":   "http://localhost:8080/apis/v1/whoami",
		"http://127.0.0.1/apis/v1":        "http://127.0.0.1/apis/v1/whoami",
		"http://[::1]:80/":                "http://[::1]/whoami",
		"https://coda.io/with%2Fslash/v1": "https://coda.io/with%2Fslash/v1/whoami",
	} {
		var got []string
		c := newClient(t, coda.Options{BaseURL: address, Transport: transportFunc(func(r *http.Request) (*http.Response, error) {
			got = append(got, r.URL.String())
			return reply(200, `{"loginId":"ann@small.example"}`)
		})})
		if u, err := c.WhoAmI(t.Context()); err != nil || u.LoginID != "ann@small.example" || len(got) != 1 || got[0] != want {
			t.Errorf("%q: asked %v (%v), want %s", address, got, err, want)
		}
	}
}

func TestNewRefusesAddressesThatATokenMustNotGoTo(t *testing.T) {
	for _, address := range []string{
		"http://coda.io/apis/v1", "http://192.168.1.1/", "http://localhost.example/", "http://127.0.0.1.example/", "http://0.0.0.0/",
		"coda.io/apis/v1", "//coda.io/apis/v1", "ftp://coda.io/", "file:///apis", "https://", "https:///apis/v1", "https://:443/", "https:coda.io", " ",
		"https://coda.io/apis/v1?x=hunter2", "https://coda.io/apis/v1?", "https://coda.io/apis/v1#hunter2",
		"https://hunter2@coda.io/", "https://ann:hunter2@coda.io/", "https://ann:hun?ter2@coda.io/", "https://ann:hunter2%zz@coda.io/",
		"http:/ann:hunter2@coda.io/", "ann:hunter2@coda.io", "https://coda.io:port/", "https://[::1/", "https://coda.io/%zz",
	} {
		c, err := coda.New(coda.Options{BaseURL: address, Token: secret})
		if c != nil || !errors.Is(err, rest.ErrBadURL) {
			t.Errorf("%q: got %v, want %v", address, err, rest.ErrBadURL)
			continue
		}
		if strings.Contains(err.Error(), "hun") || strings.Contains(err.Error(), "ter2") {
			t.Errorf("the password is in %q", err)
		}
	}
}

func TestABadAddressIsNamed(t *testing.T) {
	for address, want := range map[string]string{
		"http://coda.io/apis/v1":      `"http://coda.io/apis/v1"`,
		"https://ann:pass@coda.io/v1": `"…@coda.io/v1"`,
		"https://coda.io/v1?key=pass": `"https://coda.io/v1?…"`,
	} {
		if _, err := coda.New(coda.Options{BaseURL: address}); err == nil || !strings.HasSuffix(err.Error(), ": "+want) {
			t.Errorf("error for %q is %v, want it to end in %s", address, err, want)
		}
	}
}

// Ids come from a service and from command lines: none may lead to another path.
func TestIDsNeverLeaveTheirPath(t *testing.T) {
	var paths []string
	c := newClient(t, coda.Options{Unlimited: true, Transport: transportFunc(func(r *http.Request) (*http.Response, error) {
		paths = append(paths, r.URL.RequestURI())
		return reply(404, `{}`)
	})})
	for _, id := range []string{
		"a/b", "/", "../..", "../../whoami", "..%2f..", "%2e%2e", `..\..`, "?x=1", "#x", "a b", "a\nb", "日本", ";x", "a//b", ":", "@", "\x00", "...",
	} {
		paths = nil
		_, err := c.Doc(t.Context(), id)
		e := fails(t, err, rest.CodeNotFound)
		rest, ok := strings.CutPrefix(strings.Join(paths, " "), "/apis/v1/docs/")
		got, unescape := url.PathUnescape(rest)
		if !ok || unescape != nil || got != id || strings.ContainsAny(rest, "/?#") {
			t.Errorf("id %q was asked for as %v", id, paths)
		}
		if e.Path != "/docs/"+rest {
			t.Errorf("id %q: error names path %q, want /docs/%s", id, e.Path, rest)
		}
	}
}

func TestIDsThatAreStepsInATreeAreNotSent(t *testing.T) {
	s := serve(t, small(), codatest.Options{}, coda.Options{})
	for _, id := range []string{"", ".", ".."} {
		for name, call := range map[string]func(context.Context) error{
			"doc":     func(ctx context.Context) error { _, err := s.Doc(ctx, id); return err },
			"pages":   func(ctx context.Context) error { _, err := collect(s.Pages(ctx, id)); return err },
			"table":   func(ctx context.Context) error { _, err := s.Table(ctx, doc, id); return err },
			"columns": func(ctx context.Context) error { _, err := collect(s.Columns(ctx, doc, id)); return err },
			"rows": func(ctx context.Context) error {
				_, err := collect(s.Rows(ctx, id, grid, coda.RowOptions{}))
				return err
			},
			"export": func(ctx context.Context) error { _, err := s.ExportPage(ctx, doc, id, coda.HTML); return err },
		} {
			if e := fails(t, call(t.Context()), rest.CodeBadRequest); e.Attempts != 0 {
				t.Errorf("%s %q: %d attempts, want none", name, id, e.Attempts)
			}
		}
	}
	if n := s.api.Count(nil); n != 0 || s.Usage() != (rest.Usage{}) {
		t.Errorf("%d requests were sent, usage is %+v", n, s.Usage())
	}
}

func TestRequestsCarryTheirHeaders(t *testing.T) {
	var got http.Header
	c := newClient(t, coda.Options{UserAgent: "codafs-test/1", Transport: transportFunc(func(r *http.Request) (*http.Response, error) {
		got = r.Header
		return reply(403, `{}`)
	})})
	_ = calls["export"](t.Context(), c)
	for name, want := range map[string]string{
		"Authorization": "Bearer " + secret, "User-Agent": "codafs-test/1", "Content-Type": "application/json",
	} {
		if got.Get(name) != want {
			t.Errorf("%s is %q, want %q", name, got.Get(name), want)
		}
	}
}
