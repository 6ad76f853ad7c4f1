package coda_test

import (
	"net/http"
	"testing"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/coda/rest"
)

func TestRedirectsKeepTheTokenWithinTheAPI(t *testing.T) {
	const api = "https://coda.io/apis/v1"
	for _, test := range []struct {
		name, base, location string
		code                 rest.Code // "": it is followed, with the token
	}{
		{"same host", api, "/apis/v1/folders?then=whoami", ""},
		{"same host, absolute", api, "https://coda.io/apis/v1/folders", ""},
		{"same host in other letters", api, "https://CODA.io:443/apis/v1/folders", ""},
		{"twin", api, "https://docs.superhuman.com/apis/v1/folders", ""},
		{"twin of the twin", "https://docs.superhuman.com/apis/v1", "https://coda.io/apis/v1/folders", ""},
		{"another host", api, "https://evil.example/apis/v1/folders", rest.CodeRedirect},
		{"host with our name in it", api, "https://coda.io.evil.example/apis/v1/folders", rest.CodeRedirect},
		{"subdomain", api, "https://api.coda.io/apis/v1/folders", rest.CodeRedirect},
		{"user that looks like our host", api, "https://coda.io@evil.example/apis/v1/folders", rest.CodeRedirect},
		{"relative to the scheme", api, "//evil.example/apis/v1/folders", rest.CodeRedirect},
		{"same host without TLS", api, "http://coda.io/apis/v1/folders", rest.CodeRedirect},
		{"twin without TLS", api, "http://docs.superhuman.com/apis/v1/folders", rest.CodeRedirect},
		{"other port", api, "https://coda.io:8443/apis/v1/folders", rest.CodeRedirect},
		{"twin's other port", api, "https://docs.superhuman.com:8443/apis/v1/folders", rest.CodeRedirect},
		{"this machine", api, "http://127.0.0.1/apis/v1/folders", rest.CodeRedirect},
		{"other port of this machine", "http://127.0.0.1:1/apis/v1", "http://127.0.0.1:2/apis/v1/folders", rest.CodeRedirect},
		{"from elsewhere to the API", "https://proxy.example/apis/v1", "https://coda.io/apis/v1/folders", rest.CodeRedirect},
		{"itself", api, "/apis/v1/whoami", rest.CodeRedirect},
		{"no URL", api, "https://bad[host/", rest.CodeUnreachable},
		{"nowhere", api, "", rest.CodeBadAnswer},
	} {
		t.Run(test.name, func(t *testing.T) {
			var asked []string
			c := newClient(t, coda.Options{BaseURL: test.base, MaxRetries: rest.NoRetries, Transport: transportFunc(func(r *http.Request) (*http.Response, error) {
				if r.Header.Get("Authorization") != "Bearer "+secret {
					t.Errorf("%s: Authorization is %q", r.URL, r.Header.Get("Authorization"))
				}
				if asked = append(asked, r.URL.String()); r.URL.Path == "/apis/v1/folders" {
					return reply(200, `{"loginId":"ann@small.example"}`)
				}
				if test.location == "" {
					return reply(302, "")
				}
				return reply(302, "", "Location", test.location)
			})})
			_, err := c.WhoAmI(t.Context())
			switch {
			case test.code == "" && (err != nil || len(asked) != 2):
				t.Errorf("got %v after %v, want the redirect followed", err, asked)
			case test.code != "":
				fails(t, err, test.code)
				if test.name != "itself" && len(asked) != 1 {
					t.Errorf("asked %v, want one request", asked)
				}
			}
		})
	}
}

func TestARedirectElsewhereSendsNothingThere(t *testing.T) {
	s := serve(t, small(), codatest.Options{}, coda.Options{Unlimited: true})
	for _, status := range []int{301, 302, 303, 307, 308} {
		s.api.Heal()
		s.api.Fail(codatest.Fault{Status: status, Header: http.Header{"Location": {"https://elsewhere.example/apis/v1/docs"}}})
		for name, call := range calls {
			before := s.api.Count(nil)
			e := fails(t, call(t.Context(), s.Client), rest.CodeRedirect)
			if want := "the service redirects to another host; the token is not sent there"; e.Message != want || e.Attempts != 1 {
				t.Errorf("%s: error is %+v, want %q after one attempt", name, e, want)
			}
			if n := s.api.Count(nil) - before; n != 1 {
				t.Errorf("%s: %d requests, want 1", name, n)
			}
		}
	}
	if n := s.api.Count(func(r codatest.Request) bool { return r.Host == "elsewhere.example" }); n != 0 {
		t.Errorf("%d requests went elsewhere", n)
	}
}

func TestTheTwinHostIsTheAPI(t *testing.T) {
	s := serve(t, small(), codatest.Options{}, coda.Options{})
	s.api.Fail(codatest.Fault{Path: "/docs/[^/]*/pages", Times: 1, Status: 307,
		Header: http.Header{"Location": {"https://docs.superhuman.com/apis/v1/docs/" + doc + "/pages?limit=100"}}})
	pages, err := collect(s.Pages(t.Context(), doc))
	if err != nil || len(pages) != 3 {
		t.Errorf("got %d pages, %v", len(pages), err)
	}
	if n := s.api.Count(func(r codatest.Request) bool { return r.Host == "docs.superhuman.com" && r.Authorized }); n != 1 {
		t.Errorf("%d requests to the twin carried the token, want 1", n)
	}
}
