package coda

import (
	"context"
	"errors"
	"net/http"

	"github.com/codafs/codafs/coda/rest"
)

// versionHeader asks for the newest state of a doc, or a 400 if the API's copy lags behind
// (Coda API 1.5.0, 'Consistency').
const versionHeader = "X-Coda-Doc-Version"

// strict reports whether a request is sent with versionHeader.
func (c *Client) strict(r request) bool {
	return c.opts.StrictLatest && !r.anyVersion && len(r.Path) > 1 && r.Path[0] == "docs"
}

// doLatest is do for a request with versionHeader. It waits while the doc's copy lags behind,
// as long as it would wait for another failure to pass.
func (c *Client) doLatest(ctx context.Context, r request, decode func([]byte) error) error {
	sent, known := 0, false
	for attempts := 1; ; attempts++ {
		err := c.doOnce(ctx, r, decode)
		e, ok := errors.AsType[*rest.Error](err)
		if !ok || e.Status != http.StatusBadRequest {
			return err
		}
		if !known {
			if known, err = c.stale(ctx, r); err != nil {
				return err
			}
		}
		if !known {
			return e
		}
		sent += e.Attempts
		e.Code, e.Attempts = CodeStaleDoc, sent
		if attempts > c.opts.MaxRetries {
			return e
		}
		d := rest.Backoff(attempts)
		c.opts.Log.Debug("will send again", "method", e.Method, "path", e.Path, "code", e.Code, "in", d)
		if err := rest.Sleep(ctx, d); err != nil {
			return err
		}
	}
}

// stale reports whether the 400 that r was answered means that the doc's copy lags behind.
// The answer is the same as to a bad request, so another request decides: r without the header,
// which succeeds if only the header was the reason. The start of an export is not sent for that, as it
// would start one; a GET of the doc with the header takes its place, which only a lag can make fail. The
// error is the context's.
func (c *Client) stale(ctx context.Context, r request) (bool, error) {
	probe, lagging := r, rest.Code("")
	probe.anyVersion = true
	if r.Method != http.MethodGet {
		probe, lagging = get("docs", r.Path[1]), rest.CodeBadRequest
	}
	err := c.doOnce(ctx, probe, func([]byte) error { return nil })
	if ctx.Err() != nil {
		return false, context.Cause(ctx)
	}
	return rest.CodeOf(err) == lagging, nil
}
