package rest_test

import (
	"errors"
	"fmt"
	"io"
	iofs "io/fs"
	"net/http"
	"strings"
	"testing"

	"github.com/codafs/codafs/coda/rest"
)

func TestLongMessagesAreCut(t *testing.T) {
	body := `{"error":"` + strings.Repeat("é", 10_000) + `"}`
	err := ask(t.Context(), answering(t, 400, body))
	if e := fails(t, err, rest.CodeBadRequest); len(e.Message) > 600 || !strings.HasSuffix(e.Message, "é…") {
		t.Errorf("the message has %d bytes: %s", len(e.Message), e.Message)
	}
}

func TestErrorsKeepWhatLiesBelow(t *testing.T) {
	below := errors.New("the cable is out")
	c := newClient(t, rest.Options{MaxRetries: rest.NoRetries, Transport: transportFunc(func(*http.Request) (*http.Response, error) { return nil, below })})
	err := ask(t.Context(), c)
	fails(t, err, rest.CodeUnreachable)
	if want := "GET /things/1: unreachable: the cable is out"; !errors.Is(err, below) || err.Error() != want {
		t.Errorf("error is %q, want %q", err, want)
	}
}

func TestErrorTextHasAllParts(t *testing.T) {
	for want, e := range map[string]*rest.Error{
		"GET /a: unreachable":                              {Code: rest.CodeUnreachable, Method: "GET", Path: "/a", Attempts: 1},
		"GET /a: page token loop: again (sent 3 times)":    {Code: "page_token_loop", Method: "GET", Path: "/a", Message: "again", Attempts: 3},
		"POST /a: 500 Internal Server Error: x: EOF":       {Code: rest.CodeServerError, Method: "POST", Path: "/a", Status: 500, Message: "x", Err: io.EOF},
		"GET /a: 404 Not Found":                            {Code: rest.CodeNotFound, Method: "GET", Path: "/a", Status: 404, Message: "Not Found"},
		"GET /a (download): 403 Forbidden: unexpected EOF": {Code: "export_failed", Method: "GET", Path: "/a (download)", Status: 403, Err: io.ErrUnexpectedEOF},
	} {
		if e.Error() != want {
			t.Errorf("text is %q, want %q", e, want)
		}
	}
}

func TestCodeOfLooksThroughWrappedErrors(t *testing.T) {
	err := fmt.Errorf("a: %w", errors.Join(io.EOF, &rest.Error{Code: rest.CodeGone}))
	if got := rest.CodeOf(err); got != rest.CodeGone {
		t.Errorf("code is %q, want %q", got, rest.CodeGone)
	}
	for _, err := range []error{nil, io.EOF} {
		if got := rest.CodeOf(err); got != "" {
			t.Errorf("code of %v is %q, want none", err, got)
		}
	}
}

// A service's own codes are known to package io/fs only if it says so: an export that a 404 ended is no missing page.
func TestACodeOfAServicesOwnIsKnownByItsSentinel(t *testing.T) {
	for _, test := range []struct {
		e    rest.Error
		want error
	}{
		{rest.Error{Code: "borrowing_refused", Status: 403}, nil},
		{rest.Error{Code: "borrowing_refused", Status: 403, Sentinel: iofs.ErrPermission}, iofs.ErrPermission},
		{rest.Error{Code: "shelf_gone", Status: 404}, nil},
		{rest.Error{Code: "shelf_gone", Status: 404, Sentinel: iofs.ErrNotExist}, iofs.ErrNotExist},
	} {
		for _, target := range []error{iofs.ErrNotExist, iofs.ErrPermission, io.EOF} {
			if got := errors.Is(fmt.Errorf("a: %w", &test.e), target); got != (target == test.want) {
				t.Errorf("%+v: errors.Is(err, %v) is %v", test.e, target, got)
			}
		}
	}
}
