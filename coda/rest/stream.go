package rest

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"slices"
	"sync/atomic"
	"time"
)

// silentFor is how long a host may send nothing of a file. Files may be large, so that the time of a whole one has no bound.
const silentFor = time.Minute

// Stream is an answer whose body is read bit by bit. It must be closed.
type Stream struct {
	Status int
	Header http.Header
	// Length is the body's, -1 if it is not known.
	Length int64

	c      *Client
	body   io.ReadCloser
	cancel context.CancelFunc
	timer  *time.Timer // ends the request when nothing comes; runs while something is waited for
	silent *atomic.Bool
}

// Retry calls try until it succeeds or the retries are used up, and waits in between, as for a request of the API. It is for
// files of other hosts, which have no rate class; path names the file in errors, since its address is a secret.
func (c *Client) Retry(ctx context.Context, path []string, try func() *Error) error {
	r := Request{Method: http.MethodGet, Path: path}
	if err := c.Check(r); err != nil {
		return err
	}
	return c.retry(ctx, "", func(context.Context) *Error {
		e := try()
		if e != nil {
			e.Method, e.Path = r.Method, r.String()
		}
		return e
	})
}

// Open asks another host for a file, once, without the token and without cookies, and not compressed. may says which addresses may be asked,
// the first one and those that redirects lead to: the error for others is one of [CodeRedirect]. An answer whose status is
// not among want is an error of that status.
func (c *Client) Open(ctx context.Context, u *url.URL, header http.Header, may func(*url.URL) bool, want ...int) (*Stream, *Error) {
	if !may(u) {
		return nil, &Error{Code: CodeRedirect, Message: "the address is not one that may be asked"}
	}
	ctx, cancel := context.WithCancel(ctx)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		cancel()
		return nil, &Error{Code: CodeBadAnswer, Err: c.scrubError(err), Final: true}
	}
	if header != nil {
		req.Header = header.Clone()
	}
	req.Header.Set("User-Agent", c.opts.UserAgent)
	req.Header.Set("Accept-Encoding", "identity") // a part of a compressed file is of no use
	c.sent.Add(1)
	s := &Stream{c: c, cancel: cancel, silent: new(atomic.Bool)}
	s.timer = time.AfterFunc(silentFor, func() { s.silent.Store(true); cancel() })
	client := http.Client{Transport: c.opts.Transport, CheckRedirect: onlyTo(may)}
	resp, err := client.Do(req)
	s.timer.Stop()
	if err != nil {
		cancel()
		return nil, s.failed(err)
	}
	c.answered()
	s.Status, s.Header, s.Length, s.body = resp.StatusCode, resp.Header, resp.ContentLength, resp.Body
	if !slices.Contains(want, resp.StatusCode) {
		defer s.Close()
		return nil, c.statusError(resp, nil) // the host is another one: its words are not the service's
	}
	return s, nil
}

// onlyTo follows redirects to addresses that may be asked. It also removes the Referer that net/http adds: it is the address before.
func onlyTo(may func(*url.URL) bool) func(*http.Request, []*http.Request) error {
	return func(req *http.Request, via []*http.Request) error {
		switch {
		case !may(req.URL):
			return redirectError("it is redirected to an address that may not be asked")
		case len(via) > maxRedirects:
			return errRedirects
		}
		req.Header.Del("Referer")
		return nil
	}
}

// Read reads on. At the end of the body it returns [io.EOF], and otherwise an [*Error], also where nothing comes for too long. What comes
// counts as an answer of the service.
func (s *Stream) Read(p []byte) (int, error) {
	s.timer.Reset(silentFor)
	n, err := s.body.Read(p)
	s.timer.Stop()
	if n > 0 {
		s.c.answered()
	}
	if err != nil && err != io.EOF {
		return n, s.failed(err)
	}
	return n, err
}

// failed is the error for an answer that broke off.
func (s *Stream) failed(err error) *Error {
	if s.silent.Load() {
		return &Error{Code: CodeUnreachable, Err: errSilent}
	}
	return s.c.transportError(err)
}

// Close ends the request, if it runs.
func (s *Stream) Close() error {
	s.timer.Stop()
	s.cancel()
	return s.body.Close()
}
