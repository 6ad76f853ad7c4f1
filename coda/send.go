package coda

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/codafs/codafs/coda/rate"
)

// tryTimeout bounds one attempt, from the first byte sent to the last one read.
const tryTimeout = 2 * time.Minute

// request is one call of the API.
type request struct {
	class  rate.Class
	method string
	path   []string // segments below the base address, not escaped
	query  url.Values
	body   any  // sent as JSON, if not nil
	heavy  bool // may be split: a 504 is retried once only, and an answer that is too large is split
	rows   bool // lists rows
	sent   *int // counts how often it was sent, if not nil
	// patience bounds one attempt, if not 0, where tryTimeout is too long.
	patience time.Duration
	// anyVersion has it answered from a doc's state of any age.
	anyVersion bool
}

func get(path ...string) request {
	return request{class: ClassRead, method: http.MethodGet, path: path}
}

// String is the request's path below the base address, escaped.
func (r request) String() string {
	var b strings.Builder
	for _, s := range r.path {
		b.WriteString("/" + url.PathEscape(s))
	}
	return b.String()
}

// check refuses path segments that would make the path another one: those that a server may
// take for steps in a tree. All others stay one segment when escaped.
func (r request) check() error {
	for _, s := range r.path {
		if s == "" || s == "." || s == ".." {
			return fmt.Errorf("%q is no id", s)
		}
	}
	return nil
}

// success is the one status of a good answer.
func (r request) success() int {
	if r.method == http.MethodPost { // work in the background
		return http.StatusAccepted
	}
	return http.StatusOK
}

// fail makes an error that names the request.
func (r request) fail(code Code, message string) *Error {
	return &Error{Code: code, Method: r.method, Path: r.String(), Message: message}
}

// do sends r until it succeeds or the retries are used up, and passes the answer to decode.
func (c *Client) do(ctx context.Context, r request, decode func([]byte) error) error {
	if err := c.maySend(r); err != nil {
		return err
	}
	if c.strict(r) {
		return c.doLatest(ctx, r, decode)
	}
	return c.doOnce(ctx, r, decode)
}

// maySend refuses a request that is never sent.
func (c *Client) maySend(r request) error {
	if err := r.check(); err != nil {
		return r.fail(CodeBadRequest, err.Error())
	}
	if c.opts.Offline {
		return r.fail(CodeOffline, "nothing is asked of Coda in offline mode")
	}
	if lost := c.outage.lost(); lost != nil {
		e := r.fail(CodeUnreachable, "")
		e.Err = lost
		return e
	}
	return nil
}

// doOnce is do without waiting for a doc's newest state.
func (c *Client) doOnce(ctx context.Context, r request, decode func([]byte) error) error {
	return c.retry(ctx, r.class, func(ctx context.Context) *Error {
		if r.patience > 0 {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, r.patience)
			defer cancel()
		}
		a, e := c.send(ctx, r)
		if e == nil && (!a.isJSON() || decode(a.body) != nil) {
			e = c.notJSON(a)
		}
		if e != nil {
			e.Method, e.Path = r.method, r.String()
			e.tooMuch = r.heavy && (e.Status == http.StatusGatewayTimeout || e.Code == CodeTooLarge)
		}
		return e
	})
}

// send sends r once and gives a good answer.
func (c *Client) send(ctx context.Context, r request) (answer, *Error) {
	req, err := c.newRequest(ctx, r)
	if err != nil {
		return answer{}, &Error{Code: CodeBadRequest, Err: err}
	}
	c.sent.Add(1)
	if r.sent != nil {
		*r.sent++
	}
	return c.receive(c.api, req, r.success(), maxAnswer)
}

// newRequest is the one place where the token is put into a request.
func (c *Client) newRequest(ctx context.Context, r request) (*http.Request, error) {
	u := c.base.String() + r.String()
	if len(r.query) > 0 {
		u += "?" + r.query.Encode()
	}
	var body io.Reader
	if r.body != nil {
		b, err := json.Marshal(r.body)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, r.method, u, body)
	if err != nil {
		return nil, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.strict(r) {
		req.Header.Set(versionHeader, "latest")
	}
	req.Header.Set("User-Agent", c.opts.UserAgent)
	req.Header.Set("Authorization", "Bearer "+c.opts.Token)
	return req, nil
}

const maxRedirects = 5

// redirectError says why a redirect is not followed.
type redirectError string

func (e redirectError) Error() string { return string(e) }

var errRedirects error = redirectError("the service redirects again and again")

// checkRedirect follows redirects within the API's hosts alone. net/http takes the token off
// when the host changes, so the twin is given it again.
func (c *Client) checkRedirect(req *http.Request, via []*http.Request) error {
	host := canonicalHost(req.URL)
	same := host == c.base.Host && req.URL.Scheme == c.base.Scheme
	twin := twins[c.base.Host] && twins[host] && req.URL.Scheme == "https"
	switch {
	case !same && !twin:
		return redirectError("the service redirects to another host; the token is not sent there")
	case len(via) > maxRedirects:
		return errRedirects
	}
	req.Header.Set("Authorization", via[0].Header.Get("Authorization"))
	return nil
}
