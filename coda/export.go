package coda

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"time"
)

// Format is a form in which Coda exports a page.
type Format string

const (
	Markdown Format = "markdown"
	HTML     Format = "html"
)

// maxExport bounds an exported page. Docs over 125 MB have no API at all.
const maxExport = 256 << 20

// exportStarts is how often an export is begun anew after its link died twice.
const exportStarts = 3

// exportStatus is Coda's word on a running export (Coda API 1.5.0, getPageContentExportStatus).
// The status field is free text in practice: a link or an error is what counts.
type exportStatus struct {
	ID           string `json:"id"`
	Status       string `json:"status"`
	DownloadLink string `json:"downloadLink"`
	Error        string `json:"error"`
}

// ExportPage gives a page's text, as Coda writes it: without subpages, and with the rows that
// the tables on it show (Coda API 1.5.0, beginPageContentExport). It starts the export, waits
// for its end and downloads the file. Exports of one page go one after the other: the service
// keeps them under one name.
func (c *Client) ExportPage(ctx context.Context, docID, pageID string, f Format) ([]byte, error) {
	unlock, err := c.running.lock(ctx, docID+"/"+pageID)
	if err != nil {
		return nil, err
	}
	defer unlock()
	r := request{class: ClassExport, method: http.MethodPost, path: []string{"docs", docID, "pages", pageID, "export"},
		body: map[string]Format{"outputFormat": f}}
	for range exportStarts {
		var data []byte
		if data, err = c.export(ctx, r); !errors.Is(err, errLinkExpired) {
			return data, err
		}
	}
	return nil, err
}

var exportID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}$`)

// export runs one export from start to download.
func (c *Client) export(ctx context.Context, r request) ([]byte, error) {
	begun, err := c.exportStatus(ctx, r)
	if err != nil {
		return nil, err
	}
	if !exportID.MatchString(begun.ID) {
		return nil, &Error{Code: CodeBadAnswer, Method: r.method, Path: r.String(), Message: "the export has no usable id"}
	}
	poll := get(append(r.path, begun.ID)...)
	link, err := c.await(ctx, poll, time.Now())
	if err != nil {
		return nil, err
	}
	data, err := c.download(ctx, poll, link)
	if !errors.Is(err, errLinkExpired) {
		return data, err
	}
	again, err := c.exportStatus(ctx, poll) // each answer brings a new link
	if err != nil {
		return nil, err
	}
	return c.download(ctx, poll, again.DownloadLink)
}

func (c *Client) exportStatus(ctx context.Context, r request) (s exportStatus, err error) {
	err = c.do(ctx, r, func(b []byte) error {
		s = exportStatus{}
		return json.Unmarshal(b, &s)
	})
	return s, err
}

// await asks for the export's status until there is a link.
func (c *Client) await(ctx context.Context, poll request, started time.Time) (string, error) {
	limit := c.opts.ExportTimeout
	missing := 0
	var seen span // when it was last seen running, and when the next poll is due
	for {
		seen.by = min(c.polls.next(ctx, seen.after), limit)
		if err := sleep(ctx, time.Until(started.Add(seen.by))); err != nil {
			return "", err
		}
		s, err := c.exportStatus(ctx, poll)
		switch {
		case CodeOf(err) == CodeNotFound && missing < c.opts.MaxRetries:
			missing++ // the id has not reached the server that was asked
			if err := sleep(ctx, backoff(missing)); err != nil {
				return "", err
			}
		case err != nil:
			return "", err
		case s.DownloadLink != "":
			c.polls.done(seen)
			return s.DownloadLink, nil
		case s.Error != "" || s.Status == "failed":
			return "", &Error{Code: CodeExportFailed, Method: poll.method, Path: poll.String(), Message: s.Error}
		}
		if time.Since(started) >= limit {
			return "", &Error{Code: CodeExportTimeout, Method: poll.method, Path: poll.String(),
				Message: "the export was not done after " + limit.String()}
		}
		seen.after = seen.by
	}
}

// errLinkExpired marks a download whose link is no longer good.
var errLinkExpired = errors.New("the download link has expired")

// download fetches an exported file. It goes without the token: the link is another host's.
func (c *Client) download(ctx context.Context, poll request, link string) ([]byte, error) {
	u, err := url.Parse(link)
	if err != nil || !c.mayDownload(u) {
		return nil, &Error{Code: CodeBadAnswer, Method: poll.method, Path: poll.String(),
			Message: "the export's download link is not an https address"}
	}
	var data []byte
	err = c.retry(ctx, "", func(ctx context.Context) *Error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, link, nil)
		if err != nil {
			return &Error{Code: CodeBadAnswer, Method: http.MethodGet, Path: poll.String() + " (download)"}
		}
		req.Header.Set("User-Agent", c.opts.UserAgent)
		c.sent.Add(1)
		var e *Error
		data, e = receive(c.files, req, maxExport)
		switch {
		case e == nil && isStorageError(data):
			e = &Error{Code: CodeExportFailed, Err: errLinkExpired}
		case e != nil && (e.Status == http.StatusForbidden || e.Status == http.StatusNotFound):
			e.Code, e.Err = CodeExportFailed, errLinkExpired
		}
		if e != nil {
			e.Method, e.Path = http.MethodGet, poll.String()+" (download)"
		}
		return e
	})
	if err != nil {
		return nil, err
	}
	return data, nil
}

// isStorageError tells whether a file is really the storage's word that there is none: a dead
// link was once seen to be answered by that with status 200.
func isStorageError(b []byte) bool {
	return len(b) < 2048 && bytes.HasPrefix(b, []byte("<?xml")) && bytes.Contains(b, []byte("<Error><Code>"))
}

// mayDownload tells whether a link may be followed: https, or http where the API itself is
// on this machine too.
func (c *Client) mayDownload(u *url.URL) bool {
	return u.Scheme == "https" || safeScheme(u) && loopback(c.base.Hostname())
}

func (c *Client) checkDownloadRedirect(req *http.Request, via []*http.Request) error {
	if !c.mayDownload(req.URL) || len(via) > 5 {
		return errRedirect
	}
	return nil
}

// lock waits until nobody else holds key.
func (k *keyed) lock(ctx context.Context, key string) (unlock func(), err error) {
	mine := make(chan struct{})
	for {
		k.mu.Lock()
		theirs, held := k.busy[key]
		if !held {
			k.busy[key] = mine
		}
		k.mu.Unlock()
		if !held {
			return func() {
				k.mu.Lock()
				defer k.mu.Unlock()
				delete(k.busy, key)
				close(mine)
			}, nil
		}
		select {
		case <-theirs:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}
