package coda_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/coda/codatest/openapitest"
	"github.com/codafs/codafs/coda/rate"
	"github.com/codafs/codafs/coda/rest"
)

// fault is something that goes wrong with an answer, and what the client makes of it.
type fault struct {
	name string
	codatest.Fault
	code    rest.Code
	retries int // with the default MaxRetries
}

var faults = []fault{
	{"429", codatest.Fault{Status: 429}, rest.CodeRateLimited, 6},
	{"429 with Retry-After", codatest.Fault{Status: 429, Header: http.Header{"Retry-After": {"9"}}}, rest.CodeRateLimited, 6},
	{"500", codatest.Fault{Status: 500}, rest.CodeServerError, 6},
	{"502", codatest.Fault{Status: 502, Body: "<html>Bad Gateway</html>"}, rest.CodeServerError, 6},
	{"503", codatest.Fault{Status: 503}, rest.CodeServerError, 6},
	{"504", codatest.Fault{Status: 504}, rest.CodeServerError, 6},
	{"520", codatest.Fault{Status: 520}, rest.CodeServerError, 6},
	{"525", codatest.Fault{Status: 525}, rest.CodeServerError, 6},
	{"408", codatest.Fault{Status: 408}, rest.CodeServerError, 6},
	{"409", codatest.Fault{Status: 409}, rest.CodeServerError, 6},
	{"421", codatest.Fault{Status: 421}, rest.CodeServerError, 6},
	{"423", codatest.Fault{Status: 423}, rest.CodeServerError, 6},
	{"425", codatest.Fault{Status: 425}, rest.CodeServerError, 6},
	{"408 with Retry-After", codatest.Fault{Status: 408, Header: http.Header{"Retry-After": {"9"}}}, rest.CodeServerError, 6},
	{"reset", codatest.Fault{Kind: codatest.Reset}, rest.CodeUnreachable, 6},
	{"reset in the body", codatest.Fault{Kind: codatest.ResetBody}, rest.CodeUnreachable, 6},
	{"truncated", codatest.Fault{Kind: codatest.Truncated}, rest.CodeUnreachable, 6},
	{"bad JSON", codatest.Fault{Kind: codatest.BadJSON}, rest.CodeBadAnswer, 2},
	{"HTML", codatest.Fault{Kind: codatest.HTML}, rest.CodeBadAnswer, 2},
	{"no JSON", codatest.Fault{Status: 204}, rest.CodeBadAnswer, 2},
	{"redirect to nowhere", codatest.Fault{Status: 304}, rest.CodeBadAnswer, 2},
	{"400", codatest.Fault{Status: 400}, rest.CodeBadRequest, 0},
	{"401", codatest.Fault{Status: 401}, rest.CodeUnauthorized, 0},
	{"403", codatest.Fault{Status: 403}, rest.CodeForbidden, 0},
	{"404", codatest.Fault{Status: 404}, rest.CodeNotFound, 0},
	{"410", codatest.Fault{Status: 410}, rest.CodeGone, 0},
	{"405", codatest.Fault{Status: 405}, rest.CodeBadRequest, 0},
	{"407", codatest.Fault{Status: 407}, rest.CodeUnreachable, 0},
	{"413", codatest.Fault{Status: 413}, rest.CodeBadRequest, 0},
	{"451", codatest.Fault{Status: 451}, rest.CodeForbidden, 0},
	{"501", codatest.Fault{Status: 501}, rest.CodeServerError, 0},
	{"505", codatest.Fault{Status: 505}, rest.CodeServerError, 0},
	{"511", codatest.Fault{Status: 511}, rest.CodeBadAnswer, 0},
	{"418", codatest.Fault{Status: 418}, rest.CodeBadRequest, 0},
}

func TestLastingFaultsEndAfterTheirRetries(t *testing.T) {
	for _, f := range faults {
		for _, maxRetries := range []int{0, 1, 9, -1} {
			synctest.Test(t, func(t *testing.T) {
				s := serve(t, small(), codatest.Options{}, coda.Options{MaxRetries: maxRetries})
				s.api.Fail(f.Fault)
				_, err := s.Doc(t.Context(), doc)
				e := fails(t, err, f.code)
				want := f.retries
				switch {
				case maxRetries < 0:
					want = 0
				case maxRetries > 0 && want == 6:
					want = maxRetries
				case maxRetries > 0:
					want = min(maxRetries, want)
				}
				if n := s.api.Count(nil); n != want+1 || e.Attempts != n {
					t.Errorf("%s, MaxRetries %d: sent %d times, want %d; Attempts is %d", f.name, maxRetries, n, want+1, e.Attempts)
				}
				if f.Status != 0 && e.Status != f.Status || e.Method != "GET" || e.Path != "/docs/"+doc {
					t.Errorf("%s: error is %+v", f.name, e)
				}
			})
		}
	}
}

func TestPassingFaultsGoUnnoticed(t *testing.T) {
	for _, f := range faults {
		if f.retries == 0 {
			continue
		}
		for name, call := range calls {
			synctest.Test(t, func(t *testing.T) {
				s := serve(t, small(), codatest.Options{}, coda.Options{})
				f.Times = 2
				s.api.Fail(f.Fault)
				if err := call(t.Context(), s.Client); err != nil {
					t.Errorf("%s, %s: %v", name, f.name, err)
				}
			})
		}
	}
}

func TestBrokenSocketsAreRetried(t *testing.T) {
	for _, f := range faults {
		if f.Kind == codatest.Status {
			continue
		}
		t.Run(f.name, func(t *testing.T) {
			t.Parallel() // each waits for a real second
			s := onSockets(t, coda.Options{Unlimited: true, MaxRetries: 1})
			f.Times = 1
			s.api.Fail(f.Fault)
			if d, err := s.Doc(t.Context(), doc); err != nil || d.Name != "Small" {
				t.Errorf("got %+v, %v", d, err)
			}
			if n := s.api.Count(nil); n != 2 {
				t.Errorf("%d requests, want 2", n)
			}
		})
	}
}

// onSockets is serve with a socket for each of the two hosts, and the client's own transport.
func onSockets(t *testing.T, co coda.Options) *service {
	t.Helper()
	files, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	api := codatest.New(small(), codatest.Options{Token: secret, Downloads: "http://" + files.Addr().String()})
	h := openapitest.Wrap(t, api)
	downloads := httptest.NewUnstartedServer(h)
	downloads.Listener.Close()
	downloads.Listener = files
	downloads.Start()
	t.Cleanup(downloads.Close)
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	co.BaseURL = server.URL + codatest.Base + "/" // the slash is not part of it
	return &service{newClient(t, co), api}
}

func TestAServerThatIsNotThereIsUnreachable(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	c := newClient(t, coda.Options{BaseURL: "http://" + l.Addr().String(), MaxRetries: rest.NoRetries})
	if e := fails(t, calls["whoami"](t.Context(), c), rest.CodeUnreachable); e.Status != 0 || e.Err == nil {
		t.Errorf("error is %+v", e)
	}
}

// gaps are the times between requests.
func gaps(rs []codatest.Request) (out []time.Duration) {
	for i := 1; i < len(rs); i++ {
		out = append(out, rs[i].Time.Sub(rs[i-1].Time))
	}
	return out
}

func TestBackoffDoublesUpToACap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, small(), codatest.Options{}, coda.Options{MaxRetries: 40})
		s.api.Fail(codatest.Fault{Status: 503})
		fails(t, calls["whoami"](t.Context(), s.Client), rest.CodeServerError)
		want, differ := time.Second, map[time.Duration]bool{}
		for i, got := range gaps(s.api.Requests()) {
			if got < want*3/4 || got > want {
				t.Errorf("wait %d is %v, want %v to %v", i+1, got, want*3/4, want)
			}
			want = min(2*want, 30*time.Second)
			differ[got] = true
		}
		if len(differ) < 30 {
			t.Errorf("only %d of 40 waits differ", len(differ))
		}
	})
}

func TestRetryAfterWins(t *testing.T) {
	for _, test := range []struct {
		header   string
		min, max time.Duration
	}{
		{"7", 7 * time.Second, 7 * time.Second},
		{"date", 90 * time.Second, 90 * time.Second},
		{"86400", 2 * time.Minute, 2 * time.Minute},
		{"999999999999", 2 * time.Minute, 2 * time.Minute},
		{"Fri, 01 Jan 2100 00:00:00 GMT", 2 * time.Minute, 2 * time.Minute},
		{"", 750 * time.Millisecond, time.Second},
		{"0", 750 * time.Millisecond, time.Second},
		{"-5", 750 * time.Millisecond, time.Second},
		{"soon", 750 * time.Millisecond, time.Second},
		{"99999999999999999999999", 750 * time.Millisecond, time.Second},
		{"Mon, 01 Jan 1990 00:00:00 GMT", 750 * time.Millisecond, time.Second},
	} {
		for _, status := range []int{429, 503} {
			synctest.Test(t, func(t *testing.T) {
				header := test.header
				if header == "date" {
					header = time.Now().Add(90 * time.Second).UTC().Format(http.TimeFormat)
				}
				s := serve(t, small(), codatest.Options{}, coda.Options{})
				s.api.Fail(codatest.Fault{Status: status, Header: http.Header{"Retry-After": {header}}, Times: 1})
				if err := calls["whoami"](t.Context(), s.Client); err != nil {
					t.Fatal(err)
				}
				if got := gaps(s.api.Requests())[0]; got < test.min || got > test.max {
					t.Errorf("%d, Retry-After %q: waited %v, want %v to %v", status, header, got, test.min, test.max)
				}
				if got := s.Usage().Throttled; (got > 0) != (status == 429) {
					t.Errorf("%d: throttled for %v; a 429 is throttling and nothing else is", status, got)
				}
			})
		}
	}
}

func TestTheErrorTellsTheRetryAfter(t *testing.T) {
	_, err := answering(t, 429, `{}`, "Retry-After", "33").WhoAmI(t.Context())
	if e := fails(t, err, rest.CodeRateLimited); e.RetryAfter != 33*time.Second {
		t.Errorf("RetryAfter is %v, want 33s", e.RetryAfter)
	}
}

func TestAWebPageIsNamedAsSuch(t *testing.T) {
	_, err := answering(t, 200, "\n<!DOCTYPE html><html>Sign in</html>").WhoAmI(t.Context())
	want := "GET /whoami: 200 OK: the answer is a web page, not the JSON that the API sends"
	if fails(t, err, rest.CodeBadAnswer).Error() != want {
		t.Errorf("error is %q, want %q", err, want)
	}
}

var errLeft = errors.New("the caller has left")

// Wherever a call waits, the end of its context ends it at once, and the error is the
// context's, not the service's.
func TestAContextThatEndsEndsEveryWait(t *testing.T) {
	never := transportFunc(func(r *http.Request) (*http.Response, error) {
		<-r.Context().Done()
		return nil, r.Context().Err()
	})
	slow := map[rate.Class]rate.Rate{coda.ClassRead: {N: 1, Per: time.Hour}}
	whoami := calls["whoami"]
	for _, test := range []struct {
		name  string
		so    codatest.Options
		co    coda.Options
		fault codatest.Fault
		call  func(context.Context, *coda.Client) error
	}{
		{name: "backoff", fault: codatest.Fault{Status: 503, Header: http.Header{"Retry-After": {"60"}}}, call: whoami},
		{name: "paused bucket", fault: codatest.Fault{Status: 429, Header: http.Header{"Retry-After": {"60"}}}, call: whoami},
		{name: "full bucket", co: coda.Options{Rates: slow}, call: func(ctx context.Context, c *coda.Client) error {
			return errors.Join(whoami(ctx, c), whoami(ctx, c))
		}},
		{name: "no answer", co: coda.Options{Transport: never}, call: whoami},
		{name: "no answer and no retries", co: coda.Options{Transport: never, MaxRetries: rest.NoRetries}, call: whoami},
		{name: "slow answer", so: codatest.Options{Latency: time.Minute}, call: whoami},
		{name: "slow body", fault: codatest.Fault{Kind: codatest.SlowBody, Delay: time.Minute}, call: whoami},
		{name: "between the pages of a list", so: codatest.Options{PageSize: 1, Latency: 3 * time.Second}, call: calls["rows"]},
		{name: "running export", so: codatest.Options{ExportTime: time.Hour}, call: calls["export"]},
		{name: "export that is not yet known", fault: codatest.Fault{Path: ".*/export/.*", Status: 404}, call: calls["export"]},
		{name: "download", fault: codatest.Fault{Path: "/DOC_EXPORT.*", Kind: codatest.SlowBody, Delay: time.Minute}, call: calls["export"]},
		{name: "another's export of the page", so: codatest.Options{ExportTime: time.Minute}, call: func(ctx context.Context, c *coda.Client) error {
			other, stop := context.WithCancel(context.WithoutCancel(ctx))
			done := make(chan struct{})
			go func() {
				defer close(done)
				_ = calls["export"](other, c)
			}()
			defer func() { stop(); <-done }()
			synctest.Wait()
			return calls["export"](ctx, c)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := serve(t, small(), test.so, test.co)
				if test.co.Transport != nil {
					s.Client = newClient(t, test.co)
				}
				if test.fault.Kind != "" || test.fault.Status != 0 {
					s.api.Fail(test.fault)
				}
				const leaves = 5 * time.Second
				for name, end := range map[string]func() (context.Context, context.CancelFunc){
					errLeft.Error(): func() (context.Context, context.CancelFunc) {
						ctx, cancel := context.WithCancelCause(t.Context())
						timer := time.AfterFunc(leaves, func() { cancel(errLeft) })
						return ctx, func() { timer.Stop(); cancel(nil) }
					},
					context.DeadlineExceeded.Error(): func() (context.Context, context.CancelFunc) {
						return context.WithTimeout(t.Context(), leaves)
					},
				} {
					ctx, stop := end()
					start := time.Now()
					err := test.call(ctx, s.Client)
					if err == nil || !strings.Contains(err.Error(), name) || rest.CodeOf(err) != "" {
						t.Errorf("error is %v (code %q), want %s", err, rest.CodeOf(err), name)
					}
					if took := time.Since(start); took != leaves {
						t.Errorf("returned after %v, want %v", took, leaves)
					}
					stop()
				}
			})
		})
	}
}

func TestAnEndedContextSendsNothing(t *testing.T) {
	s := serve(t, small(), codatest.Options{}, coda.Options{})
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errLeft)
	for name, call := range calls {
		if err := call(ctx, s.Client); !errors.Is(err, errLeft) {
			t.Errorf("%s: %v, want %v", name, err, errLeft)
		}
	}
	if n := s.api.Count(nil); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}

// A service that says nothing must not look like a caller that gave up.
func TestSilenceIsAFailureOfTheService(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, small(), codatest.Options{Latency: time.Hour}, coda.Options{MaxRetries: 2})
		err := calls["whoami"](t.Context(), s.Client)
		e := fails(t, err, rest.CodeUnreachable)
		if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) || e.Attempts != 3 {
			t.Errorf("error is %v after %d attempts", err, e.Attempts)
		}
		if want := "GET /whoami: unreachable: no answer in time (sent 3 times)"; err.Error() != want {
			t.Errorf("error is %q, want %q", err, want)
		}
	})
}

// A wait that outlasts every other is told of before it begins: a program that says nothing for an hour looks dead.
func TestLongWaitsAreToldOfAtOnce(t *testing.T) {
	for retryAfter, want := range map[string]int{"30": 0, "31": 1, "3600": 1} {
		synctest.Test(t, func(t *testing.T) {
			var log bytes.Buffer
			api := codatest.New(small(), codatest.Options{})
			api.Fail(codatest.Fault{Times: 1, Status: 429, Header: http.Header{"Retry-After": {retryAfter}}})
			c, err := coda.New(coda.Options{Token: secret, Transport: api.RoundTripper(), Log: slog.New(slog.NewTextHandler(&log, nil))})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := c.Doc(t.Context(), doc); err != nil {
				t.Fatal(err)
			}
			if n := strings.Count(log.String(), "level=WARN"); n != want {
				t.Errorf("Retry-After %s: %d warnings, want %d:\n%s", retryAfter, n, want, &log)
			}
		})
	}
}
