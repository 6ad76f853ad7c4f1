package rest

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/codafs/codafs/coda/rate"
)

// maxBackoff bounds a single wait between two attempts.
const maxBackoff = 30 * time.Second

// badAnswerRetries is how often an answer that is not the service's (a proxy's page, cut JSON) is
// asked for again. It is small: a captive portal stays, and its user waits for the word.
const badAnswerRetries = 2

// heavyRetries is how often a request is sent again that was answered by a 504 and can be split ([Request.Heavy]).
const heavyRetries = 1

// retry calls try, each time in its turn in the rate bucket, until it succeeds or the retries are used up.
// Class "" has no bucket. The end of the caller's context is never the service's failure.
func (c *Client) retry(ctx context.Context, class rate.Class, try func(context.Context) *Error) error {
	for attempts := 1; ; attempts++ {
		if err := c.limits.Wait(ctx, class); err != nil {
			return err
		}
		if again, err := c.attempt(ctx, class, attempts, try); !again {
			return err
		}
	}
}

// attempt calls try once. If that failed and may succeed later, it waits until then.
func (c *Client) attempt(ctx context.Context, class rate.Class, attempts int, try func(context.Context) *Error) (again bool, err error) {
	sent := time.Now()
	c.unanswered.Start()
	e := within(ctx, tryTimeout, try)
	if e != nil && e.Code == CodeUnreachable {
		defer c.unanswered.Stop() // after the wait
	} else {
		c.unanswered.Stop()
	}
	if e == nil || e.Status != 0 && e.Code != CodeRateLimited {
		c.limits.Accepted(class, sent)
	}
	if e == nil {
		return false, nil
	}
	if ctx.Err() != nil {
		return false, context.Cause(ctx)
	}
	e.Attempts = attempts
	d := e.delay()
	bucketWaits := c.limits.Limits(class) && e.Code == CodeRateLimited
	if bucketWaits {
		c.limits.Refused(class, sent, d, e.RetryAfter > maxRetryAfter) // also if this request is not sent again: others follow
	}
	if !c.goOn(ctx, e, sent, d, class == "") {
		return false, e
	}
	c.tellOf(ctx, e, sent, d)
	if bucketWaits {
		return true, nil
	}
	c.delays.add(e, time.Now().Add(d))
	defer c.delays.remove(e)
	if err := Sleep(ctx, d); err != nil {
		return false, err
	}
	return true, nil
}

// within calls try under a context that ends after d. It bounds one attempt; the waits between attempts are ctx's alone.
func within(ctx context.Context, d time.Duration, try func(context.Context) *Error) *Error {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	return try(ctx)
}

// Backoff is the wait before attempt n+1, n from 1: 1, 2, 4 … seconds, less up to a quarter
// at random, so that many clients that failed together do not return together.
func Backoff(n int) time.Duration {
	d := min(time.Second<<min(n-1, 10), maxBackoff)
	return d - rand.N(d/4)
}

// retryable reports whether sending the same request again may help, after so many attempts. Of an
// answer's status, statusRules say.
func (e *Error) retryable(maxRetries int) bool {
	if e.Final {
		return false
	}
	switch e.Code {
	case CodeRateLimited, CodeServerError, CodeUnreachable:
		if e.fewRetries {
			maxRetries = min(maxRetries, heavyRetries)
		}
		return e.Attempts <= maxRetries
	case CodeBadAnswer:
		return e.Attempts <= min(maxRetries, badAnswerRetries)
	}
	return false
}

// delay is how long to wait before the next attempt.
func (e *Error) delay() time.Duration {
	if e.RetryAfter > 0 {
		return min(e.RetryAfter, maxRetryAfter)
	}
	return Backoff(e.Attempts)
}

// Sleep waits for d, or for the context's end: then it returns its cause.
func Sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
