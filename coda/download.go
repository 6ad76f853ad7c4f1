package coda

import (
	"context"
	"errors"
	"net/http"
	"net/url"
)

var (
	// errLinkExpired marks a download whose link is no longer good.
	errLinkExpired = errors.New("the download link has expired")
	// errWrongFile marks a download that cannot be the page; another export may bring it.
	errWrongFile = errors.New("that cannot be the page")
)

// download fetches an exported file. It goes without the token: the link is another host's. The error is one
// of errLinkExpired, or of errWrongFile for what cannot be the page.
func (c *Client) download(ctx context.Context, poll request, link string, f Format) (a answer, err error) {
	u, err := url.Parse(link)
	if err != nil || u.Host == "" || !c.mayDownload(u) {
		return answer{}, poll.fail(CodeBadAnswer, "the export's download link is not an https address")
	}
	err = c.retry(ctx, "", func(context.Context) *Error {
		var e *Error
		if a, e = c.fetchInTurn(ctx, u); e == nil {
			e = a.never(f)
		}
		if e != nil {
			e.Method, e.Path = http.MethodGet, poll.String()+" (download)"
		}
		return e
	})
	return a, err
}

// fetchInTurn is fetch when there is a place: a page is whole in memory while it is downloaded, so that few
// may be. Who waits to try again has none. Waiting for one is not the time that an attempt may take.
func (c *Client) fetchInTurn(ctx context.Context, link *url.URL) (a answer, e *Error) {
	select {
	case c.downloads <- struct{}{}:
	case <-ctx.Done():
		return answer{}, c.transportError(ctx.Err())
	}
	defer func() { <-c.downloads }()
	e = within(ctx, tryTimeout, func(ctx context.Context) *Error {
		a, e = c.fetch(ctx, link)
		return e
	})
	return a, e
}

// fetch tries to download a file once.
func (c *Client) fetch(ctx context.Context, link *url.URL) (answer, *Error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, link.String(), nil)
	if err != nil {
		return answer{}, &Error{Code: CodeBadAnswer, Err: c.scrubError(err)}
	}
	req.Header.Set("User-Agent", c.opts.UserAgent)
	c.sent.Add(1)
	a, e := c.receive(c.files, req, http.StatusOK, maxExport)
	if e == nil || e.Status == 0 || e.Code == CodeTooLarge {
		return a, e
	}
	switch rule := ruleOf(e.Status).download; {
	case e.Code == CodeBadAnswer && rule != final:
		e.last, e.Err = true, errWrongFile
	case rule == expired:
		e.Code, e.Err = CodeExportFailed, errLinkExpired
	default:
		e.last = rule == final
	}
	return a, e
}

// mayDownload reports whether a link may be followed: https, or http where the API itself is
// on this machine too.
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
