package coda_test

import (
	"errors"
	"fmt"
	"io"
	iofs "io/fs"
	"net/http"
	"strings"
	"testing"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/rest"
)

func TestErrorsSayWhatWasAskedAndAnswered(t *testing.T) {
	const envelope = `{"statusCode":%d,"statusMessage":%q,"message":%q}`
	for _, test := range []struct {
		status int
		body   string
		code   rest.Code
		is     error
		want   string
	}{
		{400, fmt.Sprintf(envelope, 400, "Bad Request", "Doc is not yet up to date."), rest.CodeBadRequest, nil,
			"GET /docs/Doc-_small1: 400 Bad Request: Doc is not yet up to date."},
		{401, fmt.Sprintf(envelope, 401, "Unauthorized", "Unauthorized"), rest.CodeUnauthorized, iofs.ErrPermission,
			"GET /docs/Doc-_small1: 401 Unauthorized"},
		{403, fmt.Sprintf(envelope, 403, "Forbidden", "No access"), rest.CodeForbidden, iofs.ErrPermission,
			"GET /docs/Doc-_small1: 403 Forbidden: No access"},
		{404, `{"message":"No such doc"}`, rest.CodeNotFound, iofs.ErrNotExist, "GET /docs/Doc-_small1: 404 Not Found: No such doc"},
		{410, `{}`, rest.CodeGone, iofs.ErrNotExist, "GET /docs/Doc-_small1: 410 Gone"},
		{422, `{"message":17}`, rest.CodeBadRequest, nil, "GET /docs/Doc-_small1: 422 Unprocessable Entity"},
		{429, `{`, rest.CodeRateLimited, nil, "GET /docs/Doc-_small1: 429 Too Many Requests"},
		{500, `null`, rest.CodeServerError, nil, "GET /docs/Doc-_small1: 500 Internal Server Error"},
		{504, `<html>timeout</html>`, rest.CodeServerError, nil, "GET /docs/Doc-_small1: 504 Gateway Timeout"},
		{599, ``, rest.CodeServerError, nil, "GET /docs/Doc-_small1: 599"},
		{300, ``, rest.CodeBadAnswer, nil, "GET /docs/Doc-_small1: 300 Multiple Choices"},
		{400, `{"message":"one\nline,\t\u001b[31mplain\u0000 "}`, rest.CodeBadRequest, nil, "GET /docs/Doc-_small1: 400 Bad Request: one line, [31mplain"},
	} {
		_, err := answering(t, test.status, test.body).Doc(t.Context(), doc)
		e := fails(t, err, test.code)
		if err.Error() != test.want || e.Status != test.status || e.Attempts != 1 {
			t.Errorf("error is %q (%+v), want %q", err, *e, test.want)
		}
		for _, target := range []error{iofs.ErrNotExist, iofs.ErrPermission, iofs.ErrExist, io.EOF} {
			if got := errors.Is(err, target); got != (target == test.is) {
				t.Errorf("%d: errors.Is(err, %v) is %v", test.status, target, got)
			}
		}
	}
}

func TestLongMessagesAreCut(t *testing.T) {
	body := `{"message":"` + strings.Repeat("é", 10_000) + `"}`
	_, err := answering(t, 400, body).WhoAmI(t.Context())
	if e := fails(t, err, rest.CodeBadRequest); len(e.Message) > 600 || !strings.HasSuffix(e.Message, "é…") {
		t.Errorf("the message has %d bytes: %s", len(e.Message), e.Message)
	}
}

func TestErrorsKeepWhatLiesBelow(t *testing.T) {
	below := errors.New("the cable is out")
	c := newClient(t, coda.Options{MaxRetries: rest.NoRetries, Transport: transportFunc(func(*http.Request) (*http.Response, error) { return nil, below })})
	_, err := c.WhoAmI(t.Context())
	fails(t, err, rest.CodeUnreachable)
	if want := "GET /whoami: unreachable: the cable is out"; !errors.Is(err, below) || err.Error() != want {
		t.Errorf("error is %q, want %q", err, want)
	}
}

func TestErrorTextHasAllParts(t *testing.T) {
	for want, e := range map[string]*rest.Error{
		"GET /a: unreachable":                              {Code: rest.CodeUnreachable, Method: "GET", Path: "/a", Attempts: 1},
		"GET /a: page token loop: again (sent 3 times)":    {Code: coda.CodePageTokenLoop, Method: "GET", Path: "/a", Message: "again", Attempts: 3},
		"POST /a: 500 Internal Server Error: x: EOF":       {Code: rest.CodeServerError, Method: "POST", Path: "/a", Status: 500, Message: "x", Err: io.EOF},
		"GET /a: 404 Not Found":                            {Code: rest.CodeNotFound, Method: "GET", Path: "/a", Status: 404, Message: "Not Found"},
		"GET /a (download): 403 Forbidden: unexpected EOF": {Code: coda.CodeExportFailed, Method: "GET", Path: "/a (download)", Status: 403, Err: io.ErrUnexpectedEOF},
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
