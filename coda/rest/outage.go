package rest

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"time"
)

// Outage says what becomes of requests that find no way to the service: no DNS, a refused connection, nobody there.
type Outage int

const (
	// RetryOutage has them sent again as often as after any other failure.
	RetryOutage Outage = iota
	// WaitOutage has them wait, also for a connection that broke or an answer that does not come, as long as the
	// service answers nobody. It is for callers that know when to give up: see [Client.AwaitSilence]. An
	// Options.MaxRetries below its default limits that waiting too.
	WaitOutage
	// LeaveOutage has them fail within [leaveWithin], and all later ones at once: somebody looks on.
	LeaveOutage
)

// leaveWithin is how long an outage may last with LeaveOutage.
const leaveWithin = 5 * time.Second

// outage is the time in which no request was answered, if one was sent.
type outage struct {
	mu    sync.Mutex // guards all below
	since time.Time  // when the first request was sent that met it; zero if there is none
	why   *Error     // of the last that met it
	told  bool       // in the log
	left  bool       // nobody waits for its end
}

// met records a request that was not answered, and returns the time since when none was.
func (o *outage) met(sent time.Time, e *Error) (since time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.since.IsZero() {
		o.since = sent
	}
	o.why = e
	return o.since
}

// tell reports whether the outage is still to be logged, and counts it as logged.
func (o *outage) tell() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	told := o.told
	o.told = true
	return !told
}

// leave gives up on the service until something is answered after all.
func (o *outage) leave() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.left = true
}

// lost is why nothing is sent any more, nil if something is.
func (o *outage) lost() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.left {
		return nil
	}
	return o.why.Err
}

// Away returns since when no request was answered, and why the last was not; nil if the last one was.
func (c *Client) Away() (since time.Time, why error) {
	c.outage.mu.Lock()
	defer c.outage.mu.Unlock()
	if c.outage.why == nil {
		return time.Time{}, nil
	}
	return c.outage.since, c.outage.why
}

// answered ends an outage and a silence.
func (c *Client) answered() {
	c.unanswered.Reset()
	c.outage.mu.Lock()
	since, told := c.outage.since, c.outage.told
	c.outage.since, c.outage.why, c.outage.told, c.outage.left = time.Time{}, nil, false, false
	c.outage.mu.Unlock()
	if told {
		c.opts.Log.Log(context.Background(), c.outageLevel(), c.service.Name+" answers again", "after", time.Since(since).Round(time.Second))
	}
}

// outageLevel is the log's level for messages about an outage.
func (c *Client) outageLevel() slog.Level {
	if c.opts.ShowsOutages {
		return slog.LevelInfo
	}
	return slog.LevelWarn
}

// goOn reports whether a request that failed is to be sent again, after a wait. It was sent at a time and is one of the
// API's, or a download.
func (c *Client) goOn(ctx context.Context, e *Error, sent time.Time, wait time.Duration, download bool) bool {
	if e.Code != CodeUnreachable {
		return e.retryable(c.opts.MaxRetries)
	}
	since := c.outage.met(sent, e)
	if e.noWay && c.opts.Outage == LeaveOutage && time.Since(since)+wait+time.Since(sent) > leaveWithin {
		if !download {
			c.outage.leave()
		}
		return false
	}
	return e.retryable(c.opts.MaxRetries) || !e.Final && c.IsAway(ctx)
}

// tellOf logs a failure after which the request is sent again. Somebody may be waiting, and wonder: of an outage
// they hear once, and soon.
func (c *Client) tellOf(ctx context.Context, e *Error, sent time.Time, wait time.Duration) {
	level := slog.LevelDebug
	told := e.Attempts == tellAfter || wait > maxBackoff
	switch {
	case e.Code != CodeUnreachable && told:
		level = slog.LevelWarn
	case e.Code == CodeUnreachable && (told || time.Since(sent) > tellWithin) && c.outage.tell():
		level = c.outageLevel()
	}
	about := []any{"method", e.Method, "path", e.Path, "code", e.Code}
	if e.Status != 0 {
		about = append(about, "status", e.Status)
	}
	if e.Err != nil {
		about = append(about, "error", e.Err)
	}
	c.opts.Log.Log(ctx, level, "no good answer, will send again", append(about, "in", wait.Round(time.Second))...)
}

const (
	// tellAfter is the number of the failed attempt that is logged.
	tellAfter = 2
	// tellWithin is how long a failed attempt may have taken before it is logged at once.
	tellWithin = 2 * time.Second
)

// IsAway reports whether a caller that got no answer should wait for the service, because nobody gets one. One object that
// never answers must not make a whole run wait, so another request is sent first ([Service.Probe]). With options other than
// [WaitOutage] nobody waits.
func (c *Client) IsAway(ctx context.Context) bool {
	if c.opts.Outage != WaitOutage || c.opts.MaxRetries < DefaultRetries {
		return false
	}
	ask := c.service.Probe
	if c.limits.Wait(ctx, ask.Class) != nil {
		return true // the caller left, and will see that
	}
	c.unanswered.Start()
	defer c.unanswered.Stop()
	e := within(ctx, tryTimeout, func(ctx context.Context) *Error {
		_, e := c.send(ctx, ask)
		return e
	})
	return e != nil && e.Code == CodeUnreachable
}

// foundNoWay reports whether a request got no connection at all.
func foundNoWay(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return ok && (op.Op == "dial" || op.Op == "proxyconnect")
}
