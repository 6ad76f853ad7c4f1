package coda

import (
	"context"
	"fmt"
	"time"
)

// SilenceError says that the service was asked and answered nothing.
type SilenceError struct {
	// For is how long it was asked in vain.
	For time.Duration
}

func (e *SilenceError) Error() string { return fmt.Sprintf("Coda has answered nothing for %v", e.For) }

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
			return &SilenceError{limit}
		}
		if err := sleep(ctx, max(left, silenceLook)); err != nil {
			return err
		}
	}
}
