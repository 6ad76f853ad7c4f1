package coda

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
)

// errLinkExpired marks a download whose link is no longer good.
var errLinkExpired = errors.New("the download link has expired")

// download fetches an exported file. It goes without the token: the link is another host's.
func (c *Client) download(ctx context.Context, poll request, link string, f Format) ([]byte, error) {
	u, err := url.Parse(link)
	if err != nil || u.Host == "" || !c.mayDownload(u) {
		return nil, poll.fail(CodeBadAnswer, "the export's download link is not an https address")
	}
	var a answer
	err = c.retry(ctx, "", func(context.Context) *Error {
		var e *Error
		if a, e = c.fetchInTurn(ctx, u); e == nil && f == Markdown && a.isWebPage() {
			// A proxy's or a sign-in page's, which would pass for the page's text.
			e = &Error{Code: CodeBadAnswer, Status: a.status, Message: "the download is a web page, not the page's Markdown"}
		}
		if e != nil {
			e.Method, e.Path = http.MethodGet, poll.String()+" (download)"
		}
		return e
	})
	return a.body, err
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
	a, e := c.receive(c.files, req, maxExport)
	switch {
	case e == nil && isStorageError(a.body):
		return answer{}, &Error{Code: CodeExportFailed, Status: a.status, Err: errLinkExpired}
	case e != nil && e.Status != 0:
		rule := ruleOf(e.Status).download
		if e.last = rule == final; rule == expired {
			e.Code, e.Err = CodeExportFailed, errLinkExpired
		}
	}
	return a, e
}

var storageError = regexp.MustCompile(`^\s*(<\?xml[^>]*>\s*)?<Error>\s*<Code>`)

// isStorageError tells whether a file is really the storage's word that there is none: a dead
// link was once seen to be answered by that with status 200.
func isStorageError(b []byte) bool {
	return len(b) < 4096 && storageError.Match(b)
}

// mayDownload tells whether a link may be followed: https, or http where the API itself is
// on this machine too.
func (c *Client) mayDownload(u *url.URL) bool {
	return u.Scheme == "https" || safeScheme(u) && loopback(c.base.Hostname())
}

// checkDownloadRedirect also takes away the Referer that net/http adds: it is the link.
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
