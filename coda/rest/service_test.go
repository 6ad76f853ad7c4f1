package rest_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/codafs/codafs/coda/rest"
)

// Nothing that this package says or sends is of one service: its name, form of errors, headers and statuses are given.
func TestAServiceHasItsOwnWords(t *testing.T) {
	err := ask(t.Context(), answering(t, 404, `{"error":"no such thing","message":"of somebody else"}`))
	if want := "GET /things/1: 404 Not Found: no such thing"; err.Error() != want {
		t.Errorf("error is %q, want %q", err, want)
	}
	err = ask(t.Context(), newClient(t, rest.Options{Offline: true}))
	if want := "GET /things/1: offline: nothing is asked of Shelf in offline mode"; err.Error() != want {
		t.Errorf("error is %q, want %q", err, want)
	}
}

func TestARequestIsSentAsItSays(t *testing.T) {
	var got *http.Request
	c := newClient(t, rest.Options{UserAgent: "test/1", Transport: transportFunc(func(r *http.Request) (*http.Response, error) {
		got = r
		return reply(201, `{}`)
	})})
	sent := 0
	r := rest.Request{Class: "read", Method: http.MethodPut, Path: []string{"things", "a/b c"}, Body: map[string]int{"n": 1},
		Header: http.Header{"X-Account": {"one"}}, Want: 201, Sent: &sent}
	if err := c.Do(t.Context(), r, func([]byte) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if want := "https://shelf.example/api/things/a%2Fb%20c"; got.URL.String() != want || got.Method != "PUT" || sent != 1 {
		t.Errorf("%s %s was sent %d times, want PUT %s once", got.Method, got.URL, sent, want)
	}
	for name, want := range map[string]string{"X-Account": "one", "Authorization": "Bearer " + secret, "User-Agent": "test/1", "Content-Type": "application/json"} {
		if got.Header.Get(name) != want {
			t.Errorf("%s is %q, want %q", name, got.Header.Get(name), want)
		}
	}
}

func TestAPathIsOfWholeSegments(t *testing.T) {
	c := newClient(t, rest.Options{Transport: transportFunc(func(*http.Request) (*http.Response, error) {
		t.Error("it was sent")
		return reply(200, `{}`)
	})})
	for _, segment := range []string{"", ".", ".."} {
		fails(t, c.Do(t.Context(), get("things", segment), func([]byte) error { return nil }), rest.CodeBadRequest)
	}
}

// A small answer must not become a large one in memory.
func TestAnAnswerIsBoundedInDepth(t *testing.T) {
	for name, test := range map[string]struct {
		body string
		code rest.Code
	}{
		"100 deep":            {`{"id":"1","x":` + strings.Repeat("[", 99) + strings.Repeat("]", 99) + `}`, ""},
		"101 deep":            {`{"id":"1","x":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`, rest.CodeBadAnswer},
		"brackets in strings": {`{"id":"1","x":"` + strings.Repeat(`[{\"`, 500) + `"}`, ""},
	} {
		if err := ask(t.Context(), answering(t, 200, test.body)); rest.CodeOf(err) != test.code || err != nil && test.code == "" {
			t.Errorf("%s: %v, want code %q", name, err, test.code)
		}
	}
}

func TestADownloadGoesWithoutTheToken(t *testing.T) {
	const link = "https://files.example/f?Signature=feed"
	for _, test := range []struct {
		link, base string
		err        error
	}{
		{link: link},
		{link: "http://127.0.0.1:8/f?Signature=feed", base: "http://localhost:9/api"},
		{link: "http://files.example/f?Signature=feed", err: rest.ErrBadLink},
		{link: "http://127.0.0.1:8/f?Signature=feed", err: rest.ErrBadLink},
		{link: "ftp://files.example/f", err: rest.ErrBadLink},
		{link: "/f", err: rest.ErrBadLink},
	} {
		c := newClient(t, rest.Options{BaseURL: test.base, Transport: transportFunc(func(r *http.Request) (*http.Response, error) {
			if r.Header.Get("Authorization") != "" || r.URL.String() != test.link {
				t.Errorf("%s was sent with the token %q", r.URL, r.Header.Get("Authorization"))
			}
			return reply(200, "a file", "Content-Type", "text/plain; charset=utf-8")
		})})
		a, err := c.Download(t.Context(), test.link, "/files/1", 10, func(rest.Answer) *rest.Error { return nil })
		if !errors.Is(err, test.err) || err == nil && (string(a.Body) != "a file" || a.MediaType != "text/plain" || a.Status != 200) {
			t.Errorf("%s: %+v, %v; want %v", test.link, a, err, test.err)
		}
	}
}

// What is wrong with a file is its link's: who has another one asks for that.
func TestADownloadThatIsWrongIsNotAskedForAgain(t *testing.T) {
	for name, test := range map[string]struct {
		status int
		code   rest.Code
		sent   int
	}{
		"refused": {403, rest.CodeForbidden, 1}, "no file": {204, rest.CodeBadAnswer, 1}, "too large": {200, rest.CodeTooLarge, 1},
		"out of order": {503, rest.CodeServerError, 3},
	} {
		synctest.Test(t, func(t *testing.T) {
			sent := 0
			c := newClient(t, rest.Options{MaxRetries: 2, Transport: transportFunc(func(*http.Request) (*http.Response, error) {
				sent++
				return reply(test.status, "more than ten bytes")
			})})
			_, err := c.Download(t.Context(), "https://files.example/f?Signature=feed", "/files/1", 10, func(rest.Answer) *rest.Error { return nil })
			if e := fails(t, err, test.code); e.Path != "/files/1" || sent != test.sent || e.Attempts != sent {
				t.Errorf("%s: %v after %d attempts, want %d", name, e, sent, test.sent)
			}
		})
	}
}
