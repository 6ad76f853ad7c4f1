package rest

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/codafs/codafs/coda/rate"
)

// Request is one call of an API.
type Request struct {
	// Class is the rate bucket that it waits for.
	Class  rate.Class
	Method string
	Path   []string // segments below the base address, not escaped
	Query  url.Values
	Header http.Header // beside what every request has
	Body   any         // sent as JSON, if not nil
	// Want is the one status of a good answer; 0 means 200.
	Want int
	// Heavy says that the caller can ask for less at a time: a 504 is then sent again once only.
	Heavy bool
	// Once says that the service would do it a second time, such as adding rows. It is sent again only if it was surely
	// not carried out: after a 429, or without a connection. An error that leaves that open is [Error.Unsure].
	Once bool
	// Timeout bounds one attempt, if the usual 2 minutes are too long; 0 means those.
	Timeout time.Duration
	// Sent counts how often it was sent, if not nil. It is written before Do returns.
	Sent *int
}

// String is the request's path below the base address, escaped.
func (r Request) String() string {
	var b strings.Builder
	for _, s := range r.Path {
		b.WriteString("/" + url.PathEscape(s))
	}
	return b.String()
}

// Fail makes an error that names the request.
func (r Request) Fail(code Code, message string) *Error {
	return &Error{Code: code, Method: r.Method, Path: r.String(), Message: message}
}

// check refuses path segments that would make the path another one: those that a server may
// take for steps in a tree. All others stay one segment when escaped.
func (r Request) check() error {
	for _, s := range r.Path {
		if s == "" || s == "." || s == ".." {
			return fmt.Errorf("%q is no id", s)
		}
	}
	return nil
}

// success is the status of a good answer.
func (r Request) success() int { return cmp.Or(r.Want, http.StatusOK) }
