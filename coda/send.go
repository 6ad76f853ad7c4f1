package coda

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// maxAnswer bounds the body of an answer of the API, in bytes after gzip is undone.
const maxAnswer = 64 << 20

// tryTimeout bounds one attempt, from the first byte sent to the last one read.
const tryTimeout = 2 * time.Minute

// request is one call of the API.
type request struct {
	class  Class
	method string
	path   []string // segments below the base address, not escaped
	query  url.Values
	body   any // sent as JSON, if not nil
}

func get(path ...string) request {
	return request{class: ClassRead, method: http.MethodGet, path: path}
}

func (r request) String() string { return "/" + strings.Join(r.path, "/") }

// do sends r until it is answered or there is no more hope, and has decode read the answer.
func (c *Client) do(ctx context.Context, r request, decode func([]byte) error) error {
	return c.retry(ctx, r.class, func(ctx context.Context) *Error {
		body, e := c.send(ctx, r)
		if e == nil && decode(body) != nil {
			e = &Error{Code: CodeBadAnswer, Status: http.StatusOK, Message: "the answer is not the JSON that the API sends"}
		}
		if e != nil {
			e.Method, e.Path = r.method, r.String()
		}
		return e
	})
}

// retry calls try, in its turn in the bucket, until it succeeds or there is no more hope.
func (c *Client) retry(ctx context.Context, class Class, try func(context.Context) *Error) error {
	for attempts := 1; ; attempts++ {
		if err := c.admit(ctx, class); err != nil {
			return err
		}
		tctx, cancel := context.WithTimeout(ctx, tryTimeout)
		e := try(tctx)
		cancel()
		if e == nil {
			return nil
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		e.Attempts = attempts
		if !e.retryable(c.opts.MaxRetries) {
			return e
		}
		d := e.wait()
		c.opts.Log.Debug("will send again", "method", e.Method, "path", e.Path, "code", e.Code, "status", e.Status, "in", d)
		if b := c.buckets[class]; b != nil && e.Code == CodeRateLimited {
			b.refused(d)
			continue // the bucket makes us wait
		}
		if err := sleep(ctx, d); err != nil {
			return err
		}
	}
}

// admit waits for the request's turn. Class "" has no bucket.
func (c *Client) admit(ctx context.Context, class Class) error {
	if b := c.buckets[class]; b != nil {
		return b.wait(ctx)
	}
	return nil
}

// send sends r once and gives the body of a good answer.
func (c *Client) send(ctx context.Context, r request) ([]byte, *Error) {
	req, err := c.newRequest(ctx, r)
	if err != nil {
		return nil, &Error{Code: CodeBadRequest, Err: err}
	}
	c.sent.Add(1)
	return receive(c.api, req, maxAnswer)
}

// newRequest is the one place where the token is put into a request.
func (c *Client) newRequest(ctx context.Context, r request) (*http.Request, error) {
	var path strings.Builder
	for _, s := range r.path {
		if s == "" || s == "." || s == ".." {
			return nil, fmt.Errorf("%q is no id", s)
		}
		path.WriteString("/" + url.PathEscape(s))
	}
	u := c.base.String() + path.String()
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
	if c.opts.StrictLatest && len(r.path) > 1 && r.path[0] == "docs" {
		req.Header.Set("X-Coda-Doc-Version", "latest")
	}
	req.Header.Set("User-Agent", c.opts.UserAgent)
	req.Header.Set("Authorization", "Bearer "+c.opts.Token)
	return req, nil
}

var errRedirect = errors.New("redirected")

// checkRedirect follows redirects within the API's hosts alone. net/http takes the token off
// when the host changes, so the twin is given it again.
func (c *Client) checkRedirect(req *http.Request, via []*http.Request) error {
	same := req.URL.Host == c.base.Host && req.URL.Scheme == c.base.Scheme
	twin := twins[c.base.Host] && twins[req.URL.Host] && req.URL.Scheme == "https"
	if !same && !twin || len(via) > 5 {
		return errRedirect
	}
	req.Header.Set("Authorization", via[0].Header.Get("Authorization"))
	return nil
}

// receive sends req and reads the answer, at most limit bytes of it, into memory.
func receive(h *http.Client, req *http.Request, limit int64) ([]byte, *Error) {
	resp, err := h.Do(req)
	if err != nil {
		return nil, transportError(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	switch {
	case err != nil:
		return nil, transportError(err)
	case int64(len(body)) > limit:
		return nil, &Error{Code: CodeTooLarge, Message: fmt.Sprintf("the answer is larger than %d MiB", limit>>20)}
	case resp.StatusCode/100 != 2:
		return nil, statusError(resp, body)
	}
	return body, nil
}

// transportError is the error for a request that got no whole answer. The URL that net/http
// puts into its errors is dropped: it may be a download link.
func transportError(err error) *Error {
	if errors.Is(err, errRedirect) {
		return &Error{Code: CodeRedirect, Message: "the service redirects to another host; the token is not sent there"}
	}
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	return &Error{Code: CodeUnreachable, Err: err}
}

// statusError is the error for an answer that is none. Its message is the API's envelope's,
// and nothing where the body is somebody else's.
func statusError(resp *http.Response, body []byte) *Error {
	var envelope struct {
		Message string `json:"message"`
	}
	_ = json.Unmarshal(body, &envelope) // an answer of a proxy has none
	return &Error{
		Code:       codeOfStatus(resp.StatusCode),
		Status:     resp.StatusCode,
		Message:    envelope.Message,
		RetryAfter: retryAfter(resp.Header.Get("Retry-After")),
	}
}

// retryAfter reads the header's two forms, seconds and a date; 0 if it says nothing usable.
func retryAfter(s string) time.Duration {
	if n, err := strconv.Atoi(s); err == nil && n > 0 {
		return time.Duration(n) * time.Second
	}
	if at, err := http.ParseTime(s); err == nil {
		return max(time.Until(at), 0)
	}
	return 0
}
