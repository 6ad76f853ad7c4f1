package rest_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/codafs/codafs/coda/rest"
)

var fileLink = &url.URL{Scheme: "https", Host: "files.example", Path: "/f", RawQuery: "Signature=feed"}

// filesOnly is who may be asked.
func filesOnly(u *url.URL) bool { return u.Host == "files.example" }

// readFile reads a stream to its end.
func readFile(ctx context.Context, c *rest.Client) (text string, err error) {
	err = c.Retry(ctx, []string{"files", "1"}, func() *rest.Error {
		s, e := c.Open(ctx, fileLink, http.Header{"Range": {"bytes=0-"}}, filesOnly, 200, 206)
		if e != nil {
			return e
		}
		defer s.Close()
		b, err := io.ReadAll(s)
		if err != nil {
			e, _ = errors.AsType[*rest.Error](err)
			return e
		}
		text = string(b)
		return nil
	})
	return text, err
}

func TestAStreamGoesWithoutTheToken(t *testing.T) {
	var got []*http.Request
	c := newClient(t, rest.Options{UserAgent: "test/1", Transport: transportFunc(func(r *http.Request) (*http.Response, error) {
		if got = append(got, r); len(got) == 1 {
			return reply(302, "", "Location", "/elsewhere?Signature=beef")
		}
		return reply(206, "a file", "Set-Cookie", "session=1")
	})})
	for range 2 {
		if text, err := readFile(t.Context(), c); text != "a file" || err != nil {
			t.Fatalf("%q, %v", text, err)
		}
	}
	if len(got) != 3 || got[1].URL.Path != "/elsewhere" {
		t.Fatalf("%d requests", len(got))
	}
	for _, r := range got {
		for name, want := range map[string]string{"Authorization": "", "Cookie": "", "Referer": "", "Accept-Encoding": "identity", "Range": "bytes=0-", "User-Agent": "test/1"} {
			if r.Header.Get(name) != want {
				t.Errorf("%s: %s is %q, want %q", r.URL.Path, name, r.Header.Get(name), want)
			}
		}
	}
}

func TestAStreamStaysWhereItMayBe(t *testing.T) {
	sent := 0
	c := newClient(t, rest.Options{MaxRetries: 3, Transport: transportFunc(func(*http.Request) (*http.Response, error) {
		sent++
		return reply(302, "", "Location", "https://evil.example/?Signature=beef")
	})})
	_, err := readFile(t.Context(), c)
	if e := fails(t, err, rest.CodeRedirect); e.Path != "/files/1" || sent != 1 {
		t.Errorf("%v after %d requests, want one", e, sent)
	}
	if _, e := c.Open(t.Context(), &url.URL{Scheme: "https", Host: "evil.example"}, nil, filesOnly, 200); e == nil || e.Code != rest.CodeRedirect || sent != 1 {
		t.Errorf("%v after %d requests", e, sent)
	}
}

func TestAStreamThatFailsIsAskedForAgain(t *testing.T) {
	for name, test := range map[string]struct {
		status int
		code   rest.Code
		sent   int
	}{
		"refused": {403, rest.CodeForbidden, 1}, "another status": {204, rest.CodeBadAnswer, 3}, "out of order": {503, rest.CodeServerError, 3},
	} {
		synctest.Test(t, func(t *testing.T) {
			sent := 0
			c := newClient(t, rest.Options{MaxRetries: 2, Transport: transportFunc(func(*http.Request) (*http.Response, error) {
				sent++
				return reply(test.status, `{"error":"a text with a Signature=feed"}`)
			})})
			_, err := readFile(t.Context(), c)
			if e := fails(t, err, test.code); e.Status != test.status || e.Message != "" || sent != test.sent || e.Attempts != sent {
				t.Errorf("%s: %v after %d requests, want %d", name, e, sent, test.sent)
			}
		})
	}
	if _, err := readFile(t.Context(), newClient(t, rest.Options{Offline: true})); rest.CodeOf(err) != rest.CodeOffline {
		t.Errorf("offline: %v", err)
	}
}

// drip is a body that sends a byte after each pause, until its context ends.
type drip struct {
	ctx   context.Context
	pause time.Duration
	left  int
}

func (d *drip) Read(p []byte) (int, error) {
	if d.left == 0 {
		return 0, io.EOF
	}
	if err := rest.Sleep(d.ctx, d.pause); err != nil {
		return 0, err
	}
	d.left--
	return copy(p, "x"), nil
}

func (d *drip) Close() error { return nil }

// A file may take as long as it likes, as long as it comes; what comes is no silence.
func TestAStreamEndsWhenNothingComes(t *testing.T) {
	for pause, want := range map[time.Duration]rest.Code{50 * time.Second: "", 70 * time.Second: rest.CodeUnreachable} {
		synctest.Test(t, func(t *testing.T) {
			c := newClient(t, rest.Options{MaxRetries: rest.NoRetries, Transport: transportFunc(func(r *http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: 200, Header: http.Header{}, ContentLength: 20, Body: &drip{r.Context(), pause, 20}}, nil
			})})
			noticed := heard(t, c, func(ctx context.Context) {
				text, err := readFile(ctx, c)
				if rest.CodeOf(err) != want || want == "" && text != strings.Repeat("x", 20) {
					t.Errorf("a byte in %v: %q, %v", pause, text, err)
				}
				if want != "" && !strings.Contains(err.Error(), "no answer in time") {
					t.Errorf("a byte in %v: %v", pause, err)
				}
			})
			if noticed != 0 {
				t.Errorf("a byte in %v: a silence was noticed after %v", pause, noticed)
			}
		})
	}
}
