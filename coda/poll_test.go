package coda_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/coda/rate"
)

// pollsOf exports a page n times and counts the polls of each.
func pollsOf(t *testing.T, ctx context.Context, s *service, n int) (polls []int) {
	t.Helper()
	before := s.api.Count(nil)
	for range n {
		if _, err := s.ExportPage(ctx, doc, page, coda.Markdown); err != nil {
			t.Fatal(err)
		}
		now := s.api.Count(nil)
		polls = append(polls, now-before-2)
		before = now
	}
	return polls
}

func sum(ns []int) (total int) {
	for _, n := range ns {
		total += n
	}
	return total
}

func TestBackgroundExportsLearnToNeedOnePoll(t *testing.T) {
	for _, takes := range []time.Duration{100 * time.Millisecond, 3 * time.Second, 20 * time.Second} {
		t.Run(takes.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := serve(t, small(), codatest.Options{ExportTime: takes}, coda.Options{})
				ctx := rate.Background(t.Context())
				pollsOf(t, ctx, s, 15) // it learns
				polls := pollsOf(t, ctx, s, 200)
				if sum(polls) > 208 || slices.Max(polls) > 2 {
					t.Errorf("after learning, 200 exports took %d polls, want one each, and two for 1 in 25 at most: %v", sum(polls), polls)
				}
			})
		})
	}
}

func TestInteractiveExportsAreSeenSoon(t *testing.T) {
	for _, takes := range []time.Duration{3 * time.Second, 20 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			s := serve(t, small(), codatest.Options{ExportTime: takes}, coda.Options{})
			pollsOf(t, t.Context(), s, 20)
			start := time.Now()
			polls := pollsOf(t, t.Context(), s, 50)
			if late := time.Since(start)/50 - takes; late > takes/4 || sum(polls) > 100 {
				t.Errorf("exports of %v were seen %v late on average, with %d polls for 50", takes, late, sum(polls))
			}
		})
	}
}

// replaceable is a transport that can be replaced.
type replaceable struct {
	now atomic.Pointer[http.RoundTripper]
}

func (r *replaceable) RoundTrip(req *http.Request) (*http.Response, error) {
	return (*r.now.Load()).RoundTrip(req)
}

// A few slow exports must not make all later ones wait as long.
func TestPollsComeSoonerWhenExportsGetFaster(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var transport replaceable
		use := func(takes time.Duration) {
			rt := codatest.New(small(), codatest.Options{ExportTime: takes}).RoundTripper()
			transport.now.Store(&rt)
		}
		c := newClient(t, coda.Options{Transport: &transport, Unlimited: true})
		run := func(n int) time.Duration {
			start := time.Now()
			for range n {
				if err := calls["export"](rate.Background(t.Context()), c); err != nil {
					t.Fatal(err)
				}
			}
			return time.Since(start) / time.Duration(n)
		}
		use(time.Second)
		before := run(50)
		use(30 * time.Second)
		run(1)
		use(time.Second)
		if after := run(50); after > 2*before {
			t.Errorf("an export took %v before a slow one and %v after it", before, after)
		}
		use(30 * time.Second)
		run(30)
		use(time.Second)
		run(800)
		if after := run(50); after > 2*before {
			t.Errorf("an export took %v before 30 slow ones and %v long after them", before, after)
		}
	})
}

func TestManyExportsAtOnceLearnLikeOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := codatest.Generate(3, 1, 60, 0, 0)
		high := rate.Rate{N: 1000, Per: time.Second}
		s := serve(t, w, codatest.Options{ExportTime: 3 * time.Second},
			coda.Options{Rates: map[rate.Class]rate.Rate{coda.ClassExport: high, coda.ClassRead: high}})
		ctx := rate.Background(t.Context())
		var wg sync.WaitGroup
		pages := make(chan string)
		for range 8 {
			wg.Go(func() {
				for p := range pages {
					if _, err := s.ExportPage(ctx, w.Docs[0].ID, p, coda.Markdown); err != nil {
						t.Error(err)
					}
				}
			})
		}
		start := time.Now()
		for _, p := range w.Docs[0].Pages {
			pages <- p.ID
		}
		close(pages)
		wg.Wait()
		polls := strings.Count(steps(s.api.Requests()), "P")
		if took := time.Since(start); polls > 100 || took > 34*time.Second {
			t.Errorf("60 exports of 3s took %d polls and %v with 8 at a time", polls, took)
		}
	})
}
