package rest_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/codafs/codafs/coda/rate"
	"github.com/codafs/codafs/coda/rest"
)

// line is a service that answers, or does not.
type line struct {
	down     func() bool
	hang     bool // nothing comes at all; else connections are refused
	answer   int
	after    string // Retry-After
	requests int
}

func (l *line) RoundTrip(r *http.Request) (*http.Response, error) {
	l.requests++
	if l.down() {
		if l.hang {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}
		return nil, errors.New("connection refused")
	}
	if l.answer != 0 {
		return reply(l.answer, `{"error": "no"}`, "Retry-After", l.after)
	}
	return reply(200, `{"id": "1"}`)
}

func (l *line) client(t *testing.T) *rest.Client {
	return newClient(t, rest.Options{Transport: l, MaxRetries: 1000})
}

func always() bool { return true }

func never() bool { return false }

// downFor reports whether a time after now is not over.
func downFor(d time.Duration) func() bool {
	start := time.Now()
	return func() bool { return time.Since(start) < d }
}

const silent = 5 * time.Minute

// heard runs do, and tells when a silence was noticed; 0 if do ended before one was.
func heard(t *testing.T, c *rest.Client, do func(context.Context)) time.Duration {
	t.Helper()
	start := time.Now()
	ctx, cancel := context.WithCancelCause(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); do(ctx); cancel(nil) }()
	err := c.AwaitSilence(ctx, silent)
	took := time.Since(start)
	cancel(nil)
	<-ended
	if e, ok := errors.AsType[*rest.SilenceError](err); ok {
		if want := "Shelf has answered nothing for 5m0s"; e.For != silent || e.Error() != want {
			t.Errorf("%v: silent for %v, want %v", e, e.For, silent)
		}
		return took
	}
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	return 0
}

func askOnce(c *rest.Client) func(context.Context) {
	return func(ctx context.Context) { _ = ask(ctx, c) }
}

func TestSilenceIsNoticedAfterFiveMinutesOfAsking(t *testing.T) {
	for name, l := range map[string]*line{"refused": {down: always}, "nothing comes": {down: always, hang: true}} {
		synctest.Test(t, func(t *testing.T) {
			c := l.client(t)
			took := heard(t, c, askOnce(c))
			// Between two attempts there may be a wait for the bucket, which does not count.
			if took < silent || took > silent+10*time.Second {
				t.Errorf("%s: noticed after %v (%d requests)", name, took, l.requests)
			}
		})
	}
}

func TestAnAnswerEndsASilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &line{down: downFor(silent - 30*time.Second)}
		c := l.client(t)
		took := heard(t, c, func(ctx context.Context) {
			askOnce(c)(ctx) // answered at last
			l.down = downFor(silent - 30*time.Second)
			askOnce(c)(ctx)
		})
		if took != 0 {
			t.Errorf("two outages of less than %v were taken for one, after %v", silent, took)
		}
	})
}

func TestWhoAnswersAnErrorIsNotSilent(t *testing.T) {
	for name, l := range map[string]*line{
		"429": {down: never, answer: 429}, "503": {down: never, answer: 503},
		"429, wait for 20 minutes": {down: never, answer: 429, after: "1200"}, "503, wait for 20 minutes": {down: never, answer: 503, after: "1200"},
	} {
		synctest.Test(t, func(t *testing.T) {
			c := l.client(t)
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			defer cancel()
			took := heard(t, c, func(context.Context) { askOnce(c)(ctx) })
			if took != 0 {
				t.Errorf("%s: taken for silence after %v", name, took)
			}
		})
	}
}

func TestWaitingIsNotAsking(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := &line{down: never}
		c := newClient(t, rest.Options{Transport: slow, Rates: map[rate.Class]rate.Rate{"read": {N: 1, Per: 20 * time.Minute}}})
		took := heard(t, c, func(ctx context.Context) { askOnce(c)(ctx); askOnce(c)(ctx); askOnce(c)(ctx) })
		if took != 0 {
			t.Errorf("waits for a rate limit were taken for silence after %v", took)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		idle := &line{down: always}
		c := newClient(t, rest.Options{Transport: idle, MaxRetries: 2})
		took := heard(t, c, func(ctx context.Context) { askOnce(c)(ctx); time.Sleep(time.Hour) })
		if took != 0 {
			t.Errorf("an hour without a request was taken for silence after %v", took)
		}
	})
}
