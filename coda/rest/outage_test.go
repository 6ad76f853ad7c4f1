package rest_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/codafs/codafs/coda/rest"
)

// A machine boots, or wakes: the first request finds no service.
func TestAnOutageFromTheFirstRequestOnIsWaitedOut(t *testing.T) {
	for _, hang := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			l := &line{down: downFor(silent / 2), hang: hang}
			c := newClient(t, rest.Options{Transport: l, Outage: rest.WaitOutage})
			took := heard(t, c, func(ctx context.Context) {
				if err := ask(ctx, c); err != nil {
					t.Errorf("hang %v: %v", hang, err)
				}
			})
			if took != 0 {
				t.Errorf("hang %v: given up after %v", hang, took)
			}
		})
		synctest.Test(t, func(t *testing.T) {
			c := newClient(t, rest.Options{Transport: &line{down: always, hang: hang}, Outage: rest.WaitOutage})
			if took := heard(t, c, askOnce(c)); took < silent || took > silent+10*time.Second {
				t.Errorf("hang %v: given up after %v", hang, took)
			}
		})
	}
}

func TestFewerRetriesThanUsualLimitTheWaitForTheService(t *testing.T) {
	for retries, want := range map[int]int{-1: 1, 1: 2, 5: 6} {
		synctest.Test(t, func(t *testing.T) {
			c := newClient(t, rest.Options{Transport: &line{down: always}, Outage: rest.WaitOutage, MaxRetries: retries})
			if e := fails(t, ask(t.Context(), c), rest.CodeUnreachable); e.Attempts != want {
				t.Errorf("MaxRetries %d: %d attempts, want %d", retries, e.Attempts, want)
			}
		})
	}
}

// nowhere is a way that ends at no service, after a time.
type nowhere struct {
	op    string
	after time.Duration
	sent  int
}

func (n *nowhere) RoundTrip(*http.Request) (*http.Response, error) {
	n.sent++
	time.Sleep(n.after)
	err := errors.New("nobody is there")
	if n.after > 0 { // as where no name server answers
		err = &net.DNSError{Err: "nobody is there", Name: "shelf.example", IsTimeout: true, UnwrapErr: context.DeadlineExceeded}
	}
	return nil, &net.OpError{Op: n.op, Net: "tcp", Err: err}
}

func TestWhoLooksOnHearsOfAnOutageWithinFiveSeconds(t *testing.T) {
	for _, op := range []string{"dial", "proxyconnect"} {
		for after, tries := range map[time.Duration]int{0: 3, time.Second: 2, 4 * time.Second: 1} { // an address is looked for for 4 s
			synctest.Test(t, func(t *testing.T) {
				way := &nowhere{op: op, after: after}
				c := newClient(t, rest.Options{Transport: way, Outage: rest.LeaveOutage})
				start := time.Now()
				for range 3 { // what comes later is not waited for at all
					if e := fails(t, ask(t.Context(), c), rest.CodeUnreachable); !strings.Contains(e.Error(), "nobody is there") || errors.Is(e, context.DeadlineExceeded) {
						t.Errorf("no reason, or that of the caller's context: %v", e)
					}
				}
				if took := time.Since(start); took > 5*time.Second || way.sent != tries {
					t.Errorf("%s after %v: %d tries in %v, want %d in 5s", op, after, way.sent, took, tries)
				}
			})
		}
	}
}

// A connection that was there and broke is another matter.
func TestABrokenConnectionIsNoOutageToLeaveFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		left := 5
		c := newClient(t, rest.Options{Outage: rest.LeaveOutage, Transport: transportFunc(func(*http.Request) (*http.Response, error) {
			if left--; left >= 0 {
				return nil, &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
			}
			return reply(200, `{"id": "1"}`)
		})})
		if err := ask(t.Context(), c); err != nil {
			t.Error(err)
		}
	})
}

// lockedLog is a log that is read while others write to it.
type lockedLog struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// All that wait hear of an outage once, with its reason, and of its end.
func TestAnOutageIsToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log lockedLog
		down := downFor(time.Minute)
		way := transportFunc(func(*http.Request) (*http.Response, error) {
			if down() {
				return nil, errors.New("connection refused")
			}
			return reply(200, `{"id": "1"}`)
		})
		c, err := rest.New(shelf, rest.Options{Token: secret, Transport: way, MaxRetries: 20, Log: slog.New(slog.NewTextHandler(&log, nil))})
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() { askOnce(c)(t.Context()) })
		}
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if text := log.String(); strings.Count(text, "\n") != 1 || !strings.Contains(text, "level=WARN") || !strings.Contains(text, "connection refused") {
			t.Errorf("told within 5 s: %s", text)
		}
		if since, why := c.Away(); !since.Equal(start) || why == nil {
			t.Errorf("away since %v: %v", since, why)
		}
		early := len(log.String())
		all.Wait()
		if text := log.String()[early:]; strings.Count(text, "\n") != 1 || !strings.Contains(text, "Shelf answers again") {
			t.Errorf("told later: %s", text)
		}
		if _, why := c.Away(); why != nil {
			t.Errorf("still away: %v", why)
		}
	})
}
