package coda

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"time"
)

// Format is a form in which Coda exports a page.
type Format string

const (
	Markdown Format = "markdown"
	HTML     Format = "html"
)

// exportStarts is how often an export is begun, each one but the first after the link of the
// one before died twice.
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
		if data, err = c.export(ctx, r, f); !errors.Is(err, errLinkExpired) {
			return data, err
		}
	}
	return nil, err
}

type exportStart struct{}

// OnExportStart has started called for each export under the returned context as soon as the service
// has taken it on: a token that may only read does not get there. The export's end is seconds away.
func OnExportStart(ctx context.Context, started func()) context.Context {
	return context.WithValue(ctx, exportStart{}, started)
}

var exportID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}$`)

// export runs one export from start to download.
func (c *Client) export(ctx context.Context, r request, f Format) ([]byte, error) {
	begun, err := c.exportStatus(ctx, r)
	if e, ok := errors.AsType[*Error](err); ok && e.Code == CodeForbidden {
		e.Code = CodeExportRefused
	}
	if err != nil {
		return nil, err
	}
	if !exportID.MatchString(begun.ID) {
		return nil, r.fail(CodeBadAnswer, "the export has no usable id")
	}
	if started, ok := ctx.Value(exportStart{}).(func()); ok {
		started()
	}
	poll := get(slices.Concat(r.path, []string{begun.ID})...)
	link, err := c.await(ctx, poll, time.Now())
	for CodeOf(err) == CodeExportTimeout && c.isAway(ctx) {
		link, err = c.await(ctx, poll, time.Now())
	}
	if err != nil {
		return nil, err
	}
	data, expired := c.download(ctx, poll, link, f)
	if !errors.Is(expired, errLinkExpired) {
		return data, expired
	}
	s, err := c.exportStatus(ctx, poll) // each answer brings a new link
	switch code := CodeOf(err); {
	case code == CodeNotFound, code == CodeGone, err == nil && s.DownloadLink == "":
		return nil, expired // the file is no longer kept
	case err != nil:
		return nil, err
	}
	return c.download(ctx, poll, s.DownloadLink, f)
}

func (c *Client) exportStatus(ctx context.Context, r request) (s exportStatus, err error) {
	err = c.do(ctx, r, func(b []byte) error {
		s, err = decodeExportStatus(b)
		return err
	})
	return s, err
}

func decodeExportStatus(b []byte) (s exportStatus, err error) {
	if err := json.Unmarshal(b, &s); err != nil {
		return exportStatus{}, err
	}
	if s == (exportStatus{}) {
		return s, errNotAPI
	}
	return s, nil
}

// await asks for the export's status until there is a link. At the export's timeout that ends, whatever
// a poll then waits for.
func (c *Client) await(ctx context.Context, poll request, started time.Time) (string, error) {
	limit := c.opts.ExportTimeout
	timeout := poll.fail(CodeExportTimeout, "the export was not done after "+limit.String())
	poll.sent = &timeout.Attempts
	poll.patience = limit / 4 * 3 // one answer that never comes is no reason to lose the export
	ctx, cancel := context.WithDeadlineCause(ctx, started.Add(limit), timeout)
	defer cancel()
	last := limit - min(maxDelay, limit/4) // leaves time for an answer
	u := urgencyOf(ctx)
	leads := c.polls.lead(u)
	if leads {
		defer c.polls.follow(u)
	}
	due, err := c.awaitFirst(ctx, u, leads, started, last)
	for n, missing := 1, 0; err == nil; n++ {
		var s exportStatus
		next := nextPoll(ctx, due)
		s, err = c.exportStatus(ctx, poll)
		failed, _ := errors.AsType[*Error](err)
		switch {
		case failed != nil && failed.last && failed.Status != 0 && ruleOf(failed.Status).poll == passing:
			if missing++; missing > c.opts.MaxRetries {
				return "", lostExport(err)
			}
			next = due + backoff(missing) // the id has not reached the server that was asked
		case err != nil:
			return "", err
		case s.DownloadLink != "":
			c.polls.done(ctx, started, n, due)
			return s.DownloadLink, nil
		case s.Error != "" || s.Status == "failed":
			return "", poll.fail(CodeExportFailed, c.scrub(s.Error))
		default:
			c.polls.early(ctx, started, n, due, next)
		}
		if due == last {
			<-ctx.Done()
			return "", context.Cause(ctx)
		}
		due = min(next, last)
		err = sleep(ctx, time.Until(started.Add(due)))
	}
	return "", err
}

// awaitFirst waits until the first poll of an export is due, which it may later be than was known
// when the export started. It is not due after last.
func (c *Client) awaitFirst(ctx context.Context, u urgency, leads bool, started time.Time, last time.Duration) (due time.Duration, err error) {
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
	if e, ok := errors.AsType[*Error](err); ok {
		e.Code = CodeExportFailed
	}
	return err
}
