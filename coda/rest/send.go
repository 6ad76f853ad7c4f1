package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"slices"
	"time"
)

// tryTimeout bounds one attempt, from the first byte sent to the last one read.
const tryTimeout = 2 * time.Minute

// Do sends r until it succeeds or the retries are used up, and passes the answer, which is JSON of a bounded depth, to
// decode, perhaps more than once. An answer that decode refuses is one of [CodeBadAnswer]. The error is an [*Error], or the
// cause of the context's end.
func (c *Client) Do(ctx context.Context, r Request, decode func([]byte) error) error {
	if err := c.Check(r); err != nil {
		return err
	}
	return c.retry(ctx, r.Class, func(ctx context.Context) *Error {
		if r.Timeout > 0 {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, r.Timeout)
			defer cancel()
		}
		a, e := c.send(ctx, r)
		if e == nil && (!a.isJSON() || tooDeep(a.Body) || decode(a.Body) != nil) {
			e = c.notJSON(a)
		}
		if e != nil {
			e.Method, e.Path = r.Method, r.String()
			e.fewRetries = r.Heavy && e.Status == http.StatusGatewayTimeout
			if r.Once && !e.unheard() {
				e.Final, e.Unsure = true, true
			}
		}
		return e
	})
}

// Check returns the error of a request that is not sent: one with an impossible path, any in offline mode, and any during an
// outage that nobody waits for ([LeaveOutage]).
func (c *Client) Check(r Request) error {
	if err := r.check(); err != nil {
		return r.Fail(CodeBadRequest, err.Error())
	}
	if c.opts.Offline {
		return r.Fail(CodeOffline, "nothing is asked of "+c.service.Name+" in offline mode")
	}
	if lost := c.outage.lost(); lost != nil {
		e := r.Fail(CodeUnreachable, "")
		e.Err = lost
		return e
	}
	return nil
}

// send sends r once and returns a good answer.
func (c *Client) send(ctx context.Context, r Request) (Answer, *Error) {
	req, err := c.newRequest(ctx, r)
	if err != nil {
		return Answer{}, &Error{Code: CodeBadRequest, Err: err}
	}
	c.sent.Add(1)
	if r.Sent != nil {
		*r.Sent++
	}
	return c.receive(c.api, req, r.success(), maxAnswer)
}

// newRequest is the one place where the token is put into a request.
func (c *Client) newRequest(ctx context.Context, r Request) (*http.Request, error) {
	u := c.base.String() + r.String()
	if len(r.Query) > 0 {
		u += "?" + r.Query.Encode()
	}
	var body io.Reader
	if r.Body != nil {
		b, err := json.Marshal(r.Body)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, r.Method, u, body)
	if err != nil {
		return nil, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	maps.Copy(req.Header, r.Header)
	req.Header.Set("User-Agent", c.opts.UserAgent)
	req.Header.Set("Authorization", "Bearer "+c.opts.Token)
	return req, nil
}

const maxRedirects = 5

// redirectError says why a redirect is not followed.
type redirectError string

func (e redirectError) Error() string { return string(e) }

var errRedirects error = redirectError("the service redirects again and again")

// checkRedirect follows redirects within the service's hosts alone. net/http takes the token off
// when the host changes, so the twin is given it again.
func (c *Client) checkRedirect(req *http.Request, via []*http.Request) error {
	host := canonicalHost(req.URL)
	same := host == c.base.Host && req.URL.Scheme == c.base.Scheme
	twin := slices.Contains(c.service.Hosts, c.base.Host) && slices.Contains(c.service.Hosts, host) && req.URL.Scheme == "https"
	switch {
	case !same && !twin:
		return redirectError("the service redirects to another host; the token is not sent there")
	case len(via) > maxRedirects:
		return errRedirects
	}
	req.Header.Set("Authorization", via[0].Header.Get("Authorization"))
	return nil
}
