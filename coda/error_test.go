package coda_test

import (
	"errors"
	"fmt"
	"io"
	iofs "io/fs"
	"testing"

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
