package coda

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	iofs "io/fs"
	"net/http"
	"regexp"
	"slices"
	"time"

	"github.com/codafs/codafs/coda/rate"
	"github.com/codafs/codafs/coda/rest"
)

// Format is a form in which Coda exports a page.
type Format string

// The formats that Coda knows (Coda API 1.5.0, PageContentOutputFormat). Both are UTF-8.
const (
	Markdown Format = "markdown" // a .md file
	HTML     Format = "html"     // a .html file
)

// exportStarts is how often an export is begun, each one but the first since the one before brought nothing:
// its link died twice, or its file was not, or hardly, the page.
const exportStarts = 3

// exportStatus is Coda's word on a running export (Coda API 1.5.0, getPageContentExportStatus).
// The status field is free text in practice: a link or an error is what counts.
type exportStatus struct {
	ID           string `json:"id"`
	Status       string `json:"status"`
	DownloadLink string `json:"downloadLink"`
	Error        string `json:"error"`
}

// ExportPage returns a page's text, as Coda writes it: without subpages, and with the rows that
// the tables on it show (Coda API 1.5.0, beginPageContentExport). It starts the export, waits
// for its end and downloads the file. Exports of one page go one after the other, in all processes
// that share a state file: the service keeps them under one name.
func (c *Client) ExportPage(ctx context.Context, docID, pageID string, f Format) ([]byte, error) {
	r := request{Request: rest.Request{Class: ClassExport, Method: http.MethodPost, Path: []string{"docs", docID, "pages", pageID, "export"},
		Body: map[string]Format{"outputFormat": f}, Want: http.StatusAccepted}}
	if err := c.Check(r.Request); err != nil {
		return nil, err
	}
	unlock, err := c.pages.lock(ctx, docID+"/"+pageID)
	if errors.Is(err, errPageTaken) {
		return nil, r.Fail(CodeExportTimeout, err.Error())
	}
	if err != nil {
		return nil, err
	}
	defer unlock()
	return c.exportAgain(ctx, r, f)
}

// exportAgain begins an export until one brings the page. One that hardly looks like it is taken when
// another brings the same bytes.
func (c *Client) exportAgain(ctx context.Context, r request, f Format) ([]byte, error) {
	var doubted *[sha256.Size]byte
	for n := 1; ; n++ {
		got, err := c.export(ctx, r, f)
		if err == nil {
			why, sum := got.doubt(f), sha256.Sum256(got.Body)
			switch {
			case why == "":
				return got.Body, nil
			case doubted != nil && *doubted == sum:
				c.takeDoubtful(ctx, r, why)
				return got.Body, nil
			}
			doubted = &sum
			err = &rest.Error{Code: rest.CodeBadAnswer, Method: r.Method, Path: r.String(), Status: got.Status, Err: errWrongFile,
				Message: "what was downloaded is hardly the page (" + why + "), and each export brings something else"}
		}
		expired, wrong := errors.Is(err, errLinkExpired), errors.Is(err, errWrongFile)
		if !expired && !wrong || n == exportStarts {
			if e, ok := errors.AsType[*rest.Error](err); ok && wrong {
				e.Attempts = n
			}
			return nil, err
		}
		if wrong {
			if err := rest.Sleep(ctx, rest.Backoff(n)); err != nil {
				return nil, err
			}
		}
	}
}

// takeDoubtful reports a page that was taken although it hardly looks like one.
func (c *Client) takeDoubtful(ctx context.Context, r request, why string) {
	text := "the page's text is hardly one (" + why + "); two exports brought the same, so it was taken"
	c.opts.Log.Warn(text, "method", r.Method, "path", r.String())
	if told, ok := ctx.Value(doubtfulExport{}).(func(string)); ok {
		told(text)
	}
}

type doubtfulExport struct{}

// OnDoubtfulExport has told called where an export under the returned context brings a page that hardly looks
// like one, with the reason in one line.
func OnDoubtfulExport(ctx context.Context, told func(text string)) context.Context {
	return context.WithValue(ctx, doubtfulExport{}, told)
}

type exportStart struct{}

// OnExportStart has started called for each export under the returned context as soon as the service
// has taken it on: a read-only token does not get there. The export's end is seconds away.
func OnExportStart(ctx context.Context, started func()) context.Context {
	return context.WithValue(ctx, exportStart{}, started)
}

// exportID matches what may be an export's id: it becomes a part of the path of the next request.
var exportID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}$`)

// export runs one export from start to download.
func (c *Client) export(ctx context.Context, r request, f Format) (got file, err error) {
	begun, err := c.exportStatus(ctx, r, exportID.MatchString)
	if e, ok := errors.AsType[*rest.Error](err); ok && e.Status == http.StatusForbidden {
		e.Code, e.Sentinel = CodeExportRefused, iofs.ErrPermission
	}
	if err != nil {
		return got, err
	}
	if started, ok := ctx.Value(exportStart{}).(func()); ok {
		started()
	}
	poll := get(slices.Concat(r.Path, []string{begun.ID})...)
	link, err := c.await(ctx, poll, begun, time.Now())
	for rest.CodeOf(err) == CodeExportTimeout && c.IsAway(ctx) {
		link, err = c.await(ctx, poll, begun, time.Now())
	}
	if err != nil {
		return got, err
	}
	got, expired := c.download(ctx, poll, link, f)
	if !errors.Is(expired, errLinkExpired) {
		return got, expired
	}
	s, err := c.exportStatus(ctx, poll, begun.is) // each answer brings a new link
	switch code := rest.CodeOf(err); {
	case code == rest.CodeNotFound, code == rest.CodeGone, err == nil && s.DownloadLink == "":
		return got, expired // the file is no longer kept
	case err != nil:
		return got, err
	}
	return c.download(ctx, poll, s.DownloadLink, f)
}

// exportStatus asks for the status of an export, whose id it must have.
func (c *Client) exportStatus(ctx context.Context, r request, is func(id string) bool) (s exportStatus, err error) {
	err = c.do(ctx, r, func(b []byte) error {
		s = exportStatus{}
		if err := json.Unmarshal(b, &s); err != nil {
			return err
		}
		if !is(s.ID) {
			return errNotAPI
		}
		return nil
	})
	return s, err
}

func (s exportStatus) is(id string) bool { return s.ID == id }

// await asks for the export's status until there is a link. At the export's timeout that ends, whatever
// a poll then waits for.
func (c *Client) await(ctx context.Context, poll request, begun exportStatus, started time.Time) (string, error) {
	limit := c.opts.ExportTimeout
	timeout := poll.Fail(CodeExportTimeout, "the export was not done after "+limit.String())
	poll.Sent = &timeout.Attempts
	poll.Timeout = limit / 4 * 3 // one answer that never comes is no reason to lose the export
	ctx, cancel := context.WithDeadlineCause(ctx, started.Add(limit), timeout)
	defer cancel()
	last := limit - min(maxDelay, limit/4) // leaves time for an answer
	u := rate.UrgencyOf(ctx)
	leads := c.polls.lead(u)
	if leads {
		defer c.polls.follow(u)
	}
	due, err := c.awaitFirst(ctx, u, leads, started, last)
	for n, missing := 1, 0; err == nil; n++ {
		var s exportStatus
		next := nextPoll(ctx, due)
		s, err = c.exportStatus(ctx, poll, begun.is)
		failed, _ := errors.AsType[*rest.Error](err)
		switch {
		case failed != nil && failed.Final && failed.Status == http.StatusNotFound:
			if missing++; missing > c.opts.MaxRetries {
				return "", lostExport(err)
			}
			next = due + rest.Backoff(missing) // the id has not reached the server that was asked
		case err != nil:
			return "", err
		case s.DownloadLink != "":
			c.polls.done(ctx, started, n, due)
			return s.DownloadLink, nil
		case s.Error != "" || s.Status == "failed":
			return "", poll.Fail(CodeExportFailed, c.Scrub(s.Error))
		default:
			c.polls.early(ctx, started, n, due, next)
		}
		if due == last {
			<-ctx.Done()
			return "", context.Cause(ctx)
		}
		due = min(next, last)
		err = rest.Sleep(ctx, time.Until(started.Add(due)))
	}
	return "", err
}

// awaitFirst waits until the first poll of an export is due, which it may later be than was known
// when the export started. It is not due after last.
func (c *Client) awaitFirst(ctx context.Context, u rate.Urgency, leads bool, started time.Time, last time.Duration) (due time.Duration, err error) {
	for err == nil {
		first, news := c.polls.start(u, leads)
		if due = min(first, last); time.Since(started) >= due {
			break
		}
		err = sleepUntil(ctx, started.Add(due), news)
	}
	return due, err
}

// lostExport is the error for an export that began and is not known afterwards: the page is
// there, so this must not be taken for a page that is not.
func lostExport(err error) error {
	if e, ok := errors.AsType[*rest.Error](err); ok {
		e.Code = CodeExportFailed
	}
	return err
}
