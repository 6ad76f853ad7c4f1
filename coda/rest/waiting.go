package rest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/codafs/codafs/coda/rate"
)

// WaitFor is what a request can wait for.
type WaitFor string

// What a request can wait for.
const (
	// ForNothing is that no request waits.
	ForNothing WaitFor = ""
	// ForPause is the end of a pause that a 429 brought.
	ForPause WaitFor = "pause"
	// ForTurn is a place in the rate's window.
	ForTurn WaitFor = "turn"
	// ForRetry is the time of the next try, after one that failed.
	ForRetry WaitFor = "retry"
	// ForAnswer is the answer to a request that was sent.
	ForAnswer WaitFor = "answer"
)

// Waiting is what the requests of a client wait for at a moment: what holds them longest, of that which is known.
type Waiting struct {
	For WaitFor
	// Until is when it ends, zero if nobody knows.
	Until time.Time
	// Limit is the rate class, for ForPause and ForTurn: its Processes are all that have something to send.
	Limit rate.Status
	// Why is what failed, for ForRetry.
	Why error
}

// Waiting reports what the client's requests wait for now.
func (c *Client) Waiting() (w Waiting) {
	for _, b := range c.Limits() {
		if c.limits.Queued(b.Class) == 0 || !b.FreeAt.After(w.Until) {
			continue
		}
		w = Waiting{For: ForTurn, Until: b.FreeAt, Limit: b}
		if !b.PausedUntil.IsZero() {
			w.For = ForPause
		}
	}
	if w.For != ForNothing && w.Until.After(time.Now()) {
		return w
	}
	if first, ok := c.delays.first(); ok {
		return Waiting{For: ForRetry, Until: first.until, Why: first.why}
	}
	if c.unanswered.Runs() {
		return Waiting{For: ForAnswer}
	}
	return Waiting{}
}

// delays are the failed requests that wait to be sent again.
type delays struct {
	mu  sync.Mutex // guards all
	all []delay
}

// delay is one of them: why it failed, which also tells it from the others, and when it is sent again.
type delay struct {
	why   *Error
	until time.Time
}

func (d *delays) add(why *Error, until time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.all = append(d.all, delay{why, until})
}

func (d *delays) remove(why *Error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.all = slices.DeleteFunc(d.all, func(one delay) bool { return one.why == why })
}

// first is the one that is sent first.
func (d *delays) first() (first delay, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, one := range d.all {
		if !ok || one.until.Before(first.until) {
			first, ok = one, true
		}
	}
	return first, ok
}

// SilenceError says that the service was asked and answered nothing.
type SilenceError struct {
	// Service is its name.
	Service string
	// For is how long no request was answered.
	For time.Duration
}

// Error says who did not answer, and for how long.
func (e *SilenceError) Error() string {
	return fmt.Sprintf("%s has answered nothing for %v", e.Service, e.For)
}

// Silence is for how long the service has answered nothing though it was asked: see [Client.AwaitSilence].
func (c *Client) Silence() time.Duration { return c.unanswered.Elapsed() }

// silenceLook is how often at the most a silence is looked at.
const silenceLook = time.Second

// AwaitSilence returns when the service has answered nothing for limit, with a [*SilenceError], or
// at the end of ctx, with its cause.
//
// Any answer to any request ends a silence, be it a 429, a 503 or a proxy's page; a connection that
// is refused, breaks or times out does not. What counts is the time in which something is asked: a
// request is on its way, or met no answer and is soon to be sent again. Waits for a rate limit do
// not count, nor do those that the service asked for, nor time in which there is nothing to ask. Time
// is that of Go's monotonic clock, which on most systems stands still while the machine sleeps.
func (c *Client) AwaitSilence(ctx context.Context, limit time.Duration) error {
	for {
		left := limit - c.unanswered.Elapsed()
		if left <= 0 {
			return &SilenceError{c.service.Name, limit}
		}
		if err := Sleep(ctx, max(left, silenceLook)); err != nil {
			return err
		}
	}
}
