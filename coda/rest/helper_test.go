package rest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/codafs/codafs/coda/rate"
	"github.com/codafs/codafs/coda/rest"
)

// secret is the token of all tests. It may show up in Authorization headers and nowhere else.
const secret = "5f3c9a52-70ab-4c1e-9d1c-secret000001"

// shelf is a service of things, whose errors are {"error": TEXT}.
var shelf = rest.Service{
	Name:  "Shelf",
	URL:   "https://shelf.example/api",
	Hosts: []string{"shelf.example", "shelf.twin.example"},
	Rates: map[rate.Class]rate.Rate{"read": {N: 100, Per: 6 * time.Second}},
	Message: func(body []byte) string {
		var envelope struct {
			Error string `json:"error"`
		}
		_ = json.Unmarshal(body, &envelope)
		return envelope.Error
	},
	Probe: get("me"),
}

func get(path ...string) rest.Request {
	return rest.Request{Class: "read", Method: http.MethodGet, Path: path}
}

// newClient makes a client with a token. No line that it logs may hold a secret.
func newClient(t *testing.T, o rest.Options) *rest.Client {
	t.Helper()
	var log bytes.Buffer
	o.Token = secret
	o.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	c, err := rest.New(shelf, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { noSecret(t, log.String()) })
	return c
}

// ask gets a thing.
func ask(ctx context.Context, c *rest.Client) error {
	return c.Do(ctx, get("things", "1"), func(b []byte) error {
		var thing struct{ ID string }
		if err := json.Unmarshal(b, &thing); err != nil {
			return err
		}
		if thing.ID == "" {
			return errors.New("no thing")
		}
		return nil
	})
}

func noSecret(t *testing.T, text string) {
	t.Helper()
	for _, s := range []string{secret, "Signature"} {
		if strings.Contains(text, s) {
			t.Errorf("%q is in %s", s, text)
		}
	}
}

// fails asserts that err is a failure with a code, and fit to be shown.
func fails(t *testing.T, err error, code rest.Code) *rest.Error {
	t.Helper()
	e, ok := errors.AsType[*rest.Error](err)
	if !ok || e.Code != code || rest.CodeOf(err) != code {
		t.Fatalf("error is %#v (%v), want code %q", err, err, code)
	}
	for inner := err; inner != nil; inner = errors.Unwrap(inner) {
		noSecret(t, fmt.Sprintf("%v %+v %#v", inner, inner, inner))
	}
	if strings.ContainsAny(err.Error(), "\n\r") {
		t.Errorf("error is not one line: %q", err)
	}
	return e
}

// transportFunc answers requests.
type transportFunc func(*http.Request) (*http.Response, error)

func (f transportFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// reply is an answer for a transportFunc.
func reply(status int, body string, header ...string) (*http.Response, error) {
	h := http.Header{"Content-Type": {"application/json"}}
	for i := 0; i < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return &http.Response{
		StatusCode: status, Header: h, ContentLength: -1,
		Body: io.NopCloser(strings.NewReader(body)),
	}, nil
}

// answering gives a client that is answered the same to everything, and nothing twice.
func answering(t *testing.T, status int, body string, header ...string) *rest.Client {
	t.Helper()
	return newClient(t, rest.Options{Unlimited: true, MaxRetries: rest.NoRetries, Transport: transportFunc(
		func(*http.Request) (*http.Response, error) { return reply(status, body, header...) })})
}
