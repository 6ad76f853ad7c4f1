package coda

import (
	"slices"
	"sync"
	"time"

	"github.com/codafs/codafs/coda/rate"
)

// WaitFor is what a request can wait for.
type WaitFor string

const (
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
