package coda_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/coda/rest"
)

const signed = "https://files.example/DOC_EXPORT_RENDERING/p/d?X-Amz-Signature=feed"

// Every call meets everything that can go wrong, told by a service that repeats secrets.
// What fails says so without them: [fails] looks at errors, [newClient] at the log.
func TestNoFailureTellsASecret(t *testing.T) {
	chatty := fmt.Sprintf(`{"message":"token Bearer %s of %s\nis wrong: /x?X-Amz-Signature=1"}`, secret, signed)
	all := []codatest.Fault{
		{Status: 302, Header: http.Header{"Location": {signed}}},
		{Status: 302, Header: http.Header{"Location": {"https://bad[host/DOC_EXPORT_RENDERING?X-Amz-Signature=" + secret}}},
		{Status: 302, Header: http.Header{"Location": {"/%zz?X-Amz-Signature=" + secret}}},
		{Status: 200, Body: chatty},
		{Kind: codatest.FailedExport, Body: "cannot write " + signed + " for " + secret},
	}
	for _, f := range faults {
		all = append(all, f.Fault)
		if f.Status != 0 {
			all = append(all, codatest.Fault{Status: f.Status, Header: f.Header, Body: chatty})
		}
	}
	failed := 0
	for _, f := range all {
		for _, path := range []string{"", ".*/export/.*", "/DOC_EXPORT.*"} {
			for name, call := range calls {
				if path != "" && name != "export" {
					continue
				}
				synctest.Test(t, func(t *testing.T) {
					s := serve(t, small(), codatest.Options{PageSize: 2}, coda.Options{MaxRetries: 1})
					f.Path = path
					s.api.Fail(f)
					err := call(t.Context(), s.Client)
					if err == nil {
						return
					}
					failed++
					e, ok := errors.AsType[*rest.Error](err)
					if !ok {
						t.Fatalf("%s: %v is no Error", name, err)
					}
					fails(t, err, e.Code)
					noSecret(t, fmt.Sprintf("%+v", *e))
				})
			}
		}
	}
	if least := 9*len(all) - 10; failed < least {
		t.Errorf("only %d of the calls failed, want %d at least", failed, least)
	}
}

// net/http quotes what it cannot read.
func TestErrorsOfTheTransportAreScrubbed(t *testing.T) {
	for _, below := range []string{
		`malformed header "Location ` + signed + `"`, "bad token " + secret, `parse "/f?X-Amz-Signature=1": no`,
	} {
		c := newClient(t, coda.Options{MaxRetries: rest.NoRetries, Transport: transportFunc(func(*http.Request) (*http.Response, error) {
			return nil, errors.New(below)
		})})
		_, err := c.WhoAmI(t.Context())
		fails(t, err, rest.CodeUnreachable)
		if !strings.Contains(err.Error(), "(link)") && !strings.Contains(err.Error(), "(token)") {
			t.Errorf("error is %q, want the secret marked", err)
		}
	}
}
