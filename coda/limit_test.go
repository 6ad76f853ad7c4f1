package coda_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/rate"
	"github.com/codafs/codafs/coda/rest"
)

const margin = 250 * time.Millisecond

// sends notes when requests of each class were sent. It answers 403: one request a call.
type sends struct {
	mu     sync.Mutex
	at     map[rate.Class][]time.Time
	names  []string
	answer func(*http.Request) (*http.Response, error) // nil: 403
}

func (s *sends) RoundTrip(r *http.Request) (*http.Response, error) {
	class := coda.ClassRead
	switch {
	case r.Method == http.MethodPost:
		class = coda.ClassExport
	case strings.HasSuffix(r.URL.Path, "/docs"):
		class = coda.ClassList
	}
	s.mu.Lock()
	s.at[class] = append(s.at[class], time.Now())
	s.names = append(s.names, r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:])
	s.mu.Unlock()
	if s.answer != nil {
		return s.answer(r)
	}
	return reply(403, `{}`)
}

// limited gives a client whose requests are noted.
func limited(t *testing.T, o coda.Options) (*coda.Client, *sends) {
	t.Helper()
	s := &sends{at: map[rate.Class][]time.Time{}}
	o.Transport = s
	return newClient(t, o), s
}

// one sends one request of a class.
func one(ctx context.Context, c *coda.Client, class rate.Class) error {
	return map[rate.Class]func(context.Context, *coda.Client) error{
		coda.ClassList: calls["docs"], coda.ClassRead: calls["whoami"], coda.ClassExport: calls["export"],
	}[class](ctx, c)
}

// inWindow asserts that no window of a rate's length and margin holds more sends than allowed.
func inWindow(t *testing.T, sent []time.Time, r rate.Rate, margin time.Duration) {
	t.Helper()
	for i := r.N; i < len(sent); i++ {
		if d := sent[i].Sub(sent[i-r.N]); d < r.Per+margin {
			t.Fatalf("sends %d to %d lie within %v, want %v at least", i-r.N, i, d, r.Per+margin)
		}
	}
}

// queue sends calls one after the other that all wait for the bucket.
func queue(t *testing.T, wg *sync.WaitGroup, c *coda.Client, ctxs map[string]context.Context, names ...string) {
	for _, name := range names {
		wg.Go(func() { _, _ = c.Doc(ctxs[name], name) })
		synctest.Wait()
	}
}

func TestInteractiveRequestsGoFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s := limited(t, coda.Options{Rates: map[rate.Class]rate.Rate{coda.ClassRead: {N: 1, Per: time.Second}}})
		behind := rate.Background(t.Context())
		ctxs := map[string]context.Context{"b1": behind, "b2": behind, "b3": behind, "b4": behind, "i1": t.Context(), "i2": t.Context(), "i3": t.Context()}
		var wg sync.WaitGroup
		queue(t, &wg, c, ctxs, "b1", "b2", "b3", "b4", "i1", "i2", "i3")
		wg.Wait()
		if want := "b1 i1 i2 i3 b2 b3 b4"; strings.Join(s.names, " ") != want {
			t.Errorf("the order was %v, want %s", s.names, want)
		}
	})
}

func TestAWaiterThatLeavesTakesNoPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limit := rate.Rate{N: 1, Per: time.Second}
		c, s := limited(t, coda.Options{Rates: map[rate.Class]rate.Rate{coda.ClassRead: limit}})
		leaving, leave := context.WithCancel(t.Context())
		ctxs := map[string]context.Context{"1": t.Context(), "2": leaving, "3": rate.Background(leaving), "4": t.Context(), "5": rate.Background(t.Context())}
		var wg sync.WaitGroup
		queue(t, &wg, c, ctxs, "1", "2", "3", "4", "5")
		leave()
		wg.Wait()
		if want := "1 4 5"; strings.Join(s.names, " ") != want {
			t.Errorf("sent were %v, want %s", s.names, want)
		}
		at := s.at[coda.ClassRead]
		if took := at[2].Sub(at[0]); took != 2*(limit.Per+margin) {
			t.Errorf("the third send came after %v, want %v", took, 2*(limit.Per+margin))
		}
	})
}

func TestUsageCountsRequestsAndWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := limited(t, coda.Options{Rates: map[rate.Class]rate.Rate{coda.ClassRead: {N: 1, Per: time.Second}}})
		for range 3 {
			_ = one(t.Context(), c, coda.ClassRead)
		}
		_ = one(t.Context(), c, coda.ClassList)
		if got, want := c.Usage(), (rest.Usage{Requests: 4, Throttled: 2 * (time.Second + margin)}); got != want {
			t.Errorf("usage is %+v, want %+v", got, want)
		}
	})
}

// Waits side by side are one wait.
func TestThrottledIsTheTimeInWhichAnybodyWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rates := map[rate.Class]rate.Rate{coda.ClassRead: {N: 8, Per: 6*time.Second - margin}, coda.ClassList: {N: 1, Per: 9*time.Second - margin}}
		c, _ := limited(t, coda.Options{Rates: rates})
		var wg sync.WaitGroup
		for range 16 {
			wg.Go(func() { _ = one(t.Context(), c, coda.ClassRead) })
		}
		time.Sleep(time.Second)
		for range 2 {
			wg.Go(func() { _ = one(t.Context(), c, coda.ClassList) })
		}
		time.Sleep(time.Second)
		if got := c.Usage().Throttled; got != 2*time.Second {
			t.Errorf("in the middle of a wait: %v, want 2s", got)
		}
		wg.Wait()
		time.Sleep(time.Minute)
		if got := c.Usage().Throttled; got != 10*time.Second {
			t.Errorf("8 waited for 6s, and one, from a second later on, for 9s: %v, want 10s", got)
		}
	})
}

func TestUnlimitedNeverWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s := limited(t, coda.Options{Unlimited: true})
		start := time.Now()
		for range 1000 {
			_ = one(t.Context(), c, coda.ClassList)
		}
		if took := time.Since(start); took != 0 || len(s.names) != 1000 || c.Usage().Throttled != 0 {
			t.Errorf("%d requests took %v, throttled for %v", len(s.names), took, c.Usage().Throttled)
		}
	})
}

// refusing answers 429 to the sends with the given numbers, from 1.
func (s *sends) refusing(wait string, numbers ...int) {
	n := 0
	s.answer = func(*http.Request) (*http.Response, error) {
		s.mu.Lock()
		n++
		now := n
		s.mu.Unlock()
		if slices.Contains(numbers, now) {
			return reply(429, `{}`, "Retry-After", wait)
		}
		return reply(403, `{}`)
	}
}

func TestA429PausesItsWholeBucketAndNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s := limited(t, coda.Options{})
		s.refusing("20", 1)
		start := time.Now()
		var wg sync.WaitGroup
		for i := range 10 {
			wg.Go(func() {
				time.Sleep(time.Duration(i) * time.Second)
				_ = one(t.Context(), c, coda.ClassRead)
				_ = one(t.Context(), c, coda.ClassExport)
			})
		}
		wg.Go(func() { time.Sleep(time.Second); _ = one(t.Context(), c, coda.ClassList) })
		wg.Wait()
		for i, at := range s.at[coda.ClassRead] {
			if want := 20 * time.Second; i > 0 && at.Sub(start) != want {
				t.Errorf("send %d came after %v, want %v", i+1, at.Sub(start), want)
			}
		}
		if got := s.at[coda.ClassList][0].Sub(start); len(s.at[coda.ClassRead]) != 11 || got != time.Second {
			t.Errorf("%d sends; the other bucket's came after %v, want 11 and 1s", len(s.at[coda.ClassRead]), got)
		}
	})
}

// Also a request that is not sent again tells its bucket of the refusal.
func TestA429WithoutRetriesPausesTheBucket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s := limited(t, coda.Options{MaxRetries: rest.NoRetries})
		s.refusing("20", 1, 2)
		start := time.Now()
		fails(t, one(t.Context(), c, coda.ClassRead), rest.CodeRateLimited)
		fails(t, one(t.Context(), c, coda.ClassRead), rest.CodeRateLimited)
		fails(t, one(t.Context(), c, coda.ClassRead), rest.CodeForbidden)
		for i, at := range s.at[coda.ClassRead] {
			if want := time.Duration(i) * 20 * time.Second; at.Sub(start) != want {
				t.Errorf("send %d came after %v, want %v", i+1, at.Sub(start), want)
			}
		}
	})
}

func TestEach429WidensTheMarginForADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limit := rate.Rate{N: 1, Per: 6 * time.Second}
		c, s := limited(t, coda.Options{Rates: map[rate.Class]rate.Rate{coda.ClassRead: limit}})
		s.refusing("", 3, 5, 7)
		send := func(n int) {
			for range n {
				_ = one(t.Context(), c, coda.ClassRead)
			}
		}
		send(6) // 9 sends with those that are repeated
		time.Sleep(24 * time.Hour)
		send(2)
		var got []time.Duration
		at := s.at[coda.ClassRead]
		for i := 1; i < len(at); i++ {
			got = append(got, at[i].Sub(at[i-1])-limit.Per)
		}
		const ms = time.Millisecond
		want := []time.Duration{250 * ms, 250 * ms, 500 * ms, 500 * ms, time.Second, time.Second, time.Second, time.Second, 24*time.Hour - limit.Per, 250 * ms}
		if !slices.Equal(got, want) {
			t.Errorf("margins were\n%v, want\n%v", got, want)
		}
	})
}

// Requests that were under way together may be refused one after the other.
func TestRefusalsOfOneBurstWidenTheMarginOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limit := rate.Rate{N: 4, Per: 6 * time.Second}
		c, s := limited(t, coda.Options{Rates: map[rate.Class]rate.Rate{coda.ClassRead: limit}})
		start := time.Now()
		s.refusing("", 1, 2, 3, 4)
		refuse := s.answer
		s.answer = func(r *http.Request) (*http.Response, error) {
			resp, err := refuse(r)
			if resp.StatusCode == 429 {
				nth := r.URL.Path[len(r.URL.Path)-1] - '0'
				time.Sleep(time.Duration(1+nth) * 1300 * time.Millisecond) // apart by more than the pause
			}
			return resp, err
		}
		var wg sync.WaitGroup
		for i := range 4 {
			wg.Go(func() { _, _ = c.Doc(t.Context(), fmt.Sprint("doc", i)) })
		}
		wg.Wait()
		if last := s.at[coda.ClassRead][7].Sub(start); last != limit.Per+500*time.Millisecond {
			t.Errorf("the last send came after %v, want %v", last, limit.Per+500*time.Millisecond)
		}
	})
}

func TestParseRate(t *testing.T) {
	for s, want := range map[string]rate.Rate{
		"export=30/6s":      {N: 30, Per: 6 * time.Second},
		"read=100/1m30s":    {N: 100, Per: 90 * time.Second},
		"list=1/500ms":      {N: 1, Per: 500 * time.Millisecond},
		"content=5/10s":     {N: 5, Per: 10 * time.Second},
		"write=1000000/1ns": {N: 1000000, Per: 1},
	} {
		class, got, err := coda.ParseRate(s)
		if err != nil || got != want || !strings.HasPrefix(s, string(class)+"=") {
			t.Errorf("ParseRate(%q) = %q, %v, %v, want %v", s, class, got, err, want)
		}
	}
	for _, s := range []string{
		"", "=", "export", "export=", "export=30", "export=30/", "export=/6s", "export=0/6s", "export=-1/6s", "export=30/0s",
		"export=30/-6s", "export=30/6", "export=3.5/6s", "export=30/6s ", " export=30/6s", "Export=30/6s", "other=30/6s",
		"export=30/6s/7s", "read=1000001/6s", "read=99999999999999999999/6s",
	} {
		if class, r, err := coda.ParseRate(s); err == nil || class != "" || r != (rate.Rate{}) || !strings.Contains(err.Error(), fmt.Sprintf("%q", s)) {
			t.Errorf("ParseRate(%q) = %q, %v, %v, want an error that names it", s, class, r, err)
		}
	}
}

func TestNewRefusesRatesThatLetNothingThrough(t *testing.T) {
	for _, r := range []rate.Rate{{}, {N: 5}, {Per: time.Second}, {N: -1, Per: time.Second}, {N: 1 << 40, Per: time.Second}} {
		if _, err := coda.New(coda.Options{Rates: map[rate.Class]rate.Rate{coda.ClassRead: r}}); err == nil {
			t.Errorf("New took %+v", r)
		}
	}
}
