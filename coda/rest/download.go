package rest

import (
	"context"
	"errors"
	"net/http"
	"net/url"
)

// maxDownloads is how many downloads run at once: each is whole in memory.
const maxDownloads = 4

// ErrBadLink is the error of [Client.Download] for a link that is not followed.
var ErrBadLink = errors.New("the download link is not an https address")

// Download fetches a file of at most limit bytes, without the token: the link may be another host's. It must be https, or
// http if the service itself is on this machine. what names the file in errors, since the link is a secret. A failure is the
// link's or the network's, and an answer that is wrong is not asked for again; accept may refuse one.
func (c *Client) Download(ctx context.Context, link, what string, limit int64, accept func(Answer) *Error) (a Answer, err error) {
	u, err := url.Parse(link)
	if err != nil || u.Host == "" || !c.mayDownload(u) {
		return Answer{}, ErrBadLink
	}
	err = c.retry(ctx, "", func(context.Context) *Error {
		var e *Error
		if a, e = c.fetchInTurn(ctx, u, limit); e == nil {
			e = accept(a)
		}
		if e != nil {
			e.Method, e.Path = http.MethodGet, what
		}
		return e
	})
	return a, err
}

// fetchInTurn is fetch when there is a place: a file is whole in memory while it is downloaded, so that few
// may be. Who waits to try again has none. Waiting for one is not the time that an attempt may take.
func (c *Client) fetchInTurn(ctx context.Context, link *url.URL, limit int64) (a Answer, e *Error) {
	select {
	case c.downloads <- struct{}{}:
	case <-ctx.Done():
		return Answer{}, c.transportError(ctx.Err())
	}
	defer func() { <-c.downloads }()
	e = within(ctx, tryTimeout, func(ctx context.Context) *Error {
		a, e = c.fetch(ctx, link, limit)
		return e
	})
	return a, e
}

// fetch tries to download a file once.
func (c *Client) fetch(ctx context.Context, link *url.URL, limit int64) (Answer, *Error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, link.String(), nil)
	if err != nil {
		return Answer{}, &Error{Code: CodeBadAnswer, Err: c.scrubError(err)}
	}
	req.Header.Set("User-Agent", c.opts.UserAgent)
	c.sent.Add(1)
	a, e := c.receive(c.files, req, http.StatusOK, limit)
	if e != nil && e.Code == CodeBadAnswer {
		e.Final = true
	}
	return a, e
}

// mayDownload reports whether a link may be followed.
func (c *Client) mayDownload(u *url.URL) bool {
	return u.Scheme == "https" || safeScheme(u) && loopback(c.base.Hostname())
}

// checkDownloadRedirect also removes the Referer that net/http adds: it is the link.
func (c *Client) checkDownloadRedirect(req *http.Request, via []*http.Request) error {
	switch {
	case !c.mayDownload(req.URL):
		return redirectError("the download is redirected to an address that is not https")
	case len(via) > maxRedirects:
		return errRedirects
	}
	req.Header.Del("Referer")
	return nil
}
