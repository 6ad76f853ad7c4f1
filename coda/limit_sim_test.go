package coda_test

import (
	"context"
	"errors"
	"fmt"
	iofs "io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/rate"
)

// soak has the simulations send a million requests, which takes minutes; else a tenth of it.
var soak = os.Getenv("CODAFS_SOAK") == "1"

// fleet are clients of one account. Each may be restarted: what it remembers is then lost, but
// for what the state file holds.
type fleet struct {
	t *testing.T
	o coda.Options
	s *sends

	mu      sync.Mutex
	clients []*life
}

// life is one client until its restart.
type life struct {
	*coda.Client
	ctx context.Context
	end context.CancelFunc
}

// newFleet gives n clients of the same account, which share their buckets if o has a state file.
func newFleet(t *testing.T, n int, o coda.Options) *fleet {
	f := &fleet{t: t, o: o, s: &sends{at: map[rate.Class][]time.Time{}}, clients: make([]*life, n)}
	f.o.Transport = f.s
	for i := range n {
		f.restart(i)
	}
	return f
}

func (f *fleet) restart(i int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.clients[i] != nil {
		f.clients[i].end()
	}
	l := &life{Client: newClient(f.t, f.o)}
	l.ctx, l.end = context.WithCancel(f.t.Context())
	f.clients[i] = l
}

func (f *fleet) client(i int) *life {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.clients[i]
}

// arrivals are patterns in which requests come: how long after the one before each does.
var arrivals = map[string]func(r *rand.Rand, i int) time.Duration{
	"all at once": func(*rand.Rand, int) time.Duration { return 0 },
	"in bursts": func(r *rand.Rand, i int) time.Duration {
		if i%37 != 0 {
			return 0
		}
		return time.Duration(r.Int64N(int64(20 * time.Second)))
	},
	"evenly, too fast": func(*rand.Rand, int) time.Duration { return 20 * time.Millisecond },
	"at random": func(r *rand.Rand, _ int) time.Duration {
		return time.Duration(r.ExpFloat64() * float64(200*time.Millisecond))
	},
	"just below a window's length": func(r *rand.Rand, i int) time.Duration {
		if i%4 != 0 {
			return 0
		}
		return 6*time.Second + time.Duration(r.Int64N(int64(300*time.Millisecond)))
	},
}

// fleets are the ways in which an account's requests are spread over processes.
var fleets = []struct {
	name     string
	clients  int
	shared   bool
	restarts bool
	// rounds is how many windows each run has work for, and runs how many there are of each pattern.
	rounds, runs int
}{
	{name: "alone", clients: 1, rounds: 52, runs: 3},
	{name: "restarted", clients: 1, shared: true, restarts: true, rounds: 5, runs: 2},
	{name: "two", clients: 2, shared: true, rounds: 5, runs: 2},
	{name: "three, restarted", clients: 3, shared: true, restarts: true, rounds: 5, runs: 2},
}

func TestNoWindowHoldsMoreSendsThanItsRate(t *testing.T) {
	rates := maps.Clone(coda.DefaultRates)
	rates[coda.ClassExport] = rate.Rate{N: 5, Per: 10 * time.Second}
	total, want := 0, 100_000
	for _, f := range fleets {
		switch {
		case soak:
			f.runs *= 10
			want = 1_000_000
		case raced:
			f.runs, f.rounds = 1, max(3, f.rounds/3)
			want = 10_000
		}
		for _, pattern := range slices.Sorted(maps.Keys(arrivals)) {
			for seed := range uint64(f.runs) {
				t.Run(fmt.Sprint(f.name, " ", pattern, " ", seed), func(t *testing.T) {
					o := coda.Options{Rates: map[rate.Class]rate.Rate{coda.ClassExport: rates[coda.ClassExport]}}
					if f.shared {
						o.StateFile = filepath.Join(t.TempDir(), "rates.json")
					}
					synctest.Test(t, func(t *testing.T) {
						fleet := newFleet(t, f.clients, o)
						classes := []rate.Class{coda.ClassList, coda.ClassRead, coda.ClassExport}
						var wg sync.WaitGroup
						for n, class := range classes {
							r := rand.New(rand.NewPCG(seed, uint64(n)))
							wg.Go(func() { fleet.arrive(class, arrivals[pattern], r, f.rounds*rates[class].N) })
						}
						if f.restarts {
							done := make(chan struct{})
							go fleet.churn(rand.New(rand.NewPCG(seed, 99)), done)
							defer close(done)
						}
						wg.Wait()
						for _, class := range classes {
							sent, asked := len(fleet.s.at[class]), f.rounds*rates[class].N
							if sent == 0 || sent > asked {
								t.Errorf("%s: %d sends, want 1 to %d", class, sent, asked)
							}
							inWindow(t, fleet.s.at[class], rates[class], margin)
							total += asked
						}
					})
				})
			}
		}
	}
	if t.Logf("%d requests", total); total < want {
		t.Errorf("%d requests were simulated, want %d", total, want)
	}
}

// arrive makes n calls in a pattern. A tenth of them leave before their turn, or try to.
func (f *fleet) arrive(class rate.Class, gap func(*rand.Rand, int) time.Duration, r *rand.Rand, n int) {
	var wg sync.WaitGroup
	defer wg.Wait()
	for i := range n {
		time.Sleep(gap(r, i))
		nth := r.IntN(len(f.clients))
		ctx, leave := context.WithCancel(f.t.Context())
		if r.IntN(10) == 0 {
			time.AfterFunc(time.Duration(r.Int64N(int64(time.Minute))), leave)
		}
		if r.IntN(2) == 0 {
			ctx = rate.Background(ctx)
		}
		wg.Go(func() {
			defer leave()
			f.call(ctx, nth, class)
		})
	}
}

// call has the nth client send a request, again after each of its restarts.
func (f *fleet) call(ctx context.Context, nth int, class rate.Class) {
	for ctx.Err() == nil {
		c := f.client(nth)
		while, stop := context.WithCancel(ctx)
		detach := context.AfterFunc(c.ctx, stop)
		err := one(while, c.Client, class)
		detach()
		stop()
		switch {
		case errors.Is(err, iofs.ErrPermission):
			return
		case ctx.Err() == nil && c.ctx.Err() == nil:
			f.t.Error(err)
			return
		}
	}
}

// churn restarts clients, in the middle of their windows, until done is closed.
func (f *fleet) churn(r *rand.Rand, done <-chan struct{}) {
	for {
		select {
		case <-time.After(time.Duration(r.Int64N(int64(20 * time.Second)))):
			f.restart(r.IntN(len(f.clients)))
		case <-done:
			return
		}
	}
}

func TestOverALongRunTheRateIsUsed(t *testing.T) {
	for _, test := range []struct {
		class           rate.Class
		clients, shared int
		long            time.Duration
	}{
		{coda.ClassList, 1, 0, time.Hour},
		{coda.ClassRead, 1, 0, 20 * time.Minute},
		{coda.ClassExport, 1, 0, time.Hour},
		{coda.ClassList, 1, 1, time.Hour},
		{coda.ClassList, 2, 1, time.Hour},
		{coda.ClassRead, 2, 1, 2 * time.Minute},
		{coda.ClassExport, 2, 1, 10 * time.Minute},
	} {
		t.Run(fmt.Sprint(test.class, ", clients ", test.clients, ", files ", test.shared), func(t *testing.T) {
			var o coda.Options
			if test.shared > 0 {
				o.StateFile = filepath.Join(t.TempDir(), "rates.json")
			}
			if soak {
				test.long = time.Hour
			}
			synctest.Test(t, func(t *testing.T) {
				f := newFleet(t, test.clients, o)
				limit := coda.DefaultRates[test.class]
				ctx, cancel := context.WithTimeout(t.Context(), test.long)
				defer cancel()
				var wg sync.WaitGroup
				for i := range 2 * limit.N {
					wg.Go(func() {
						for !errors.Is(one(ctx, f.client(i%test.clients).Client, test.class), context.DeadlineExceeded) {
						}
					})
				}
				wg.Wait()
				sent := f.s.at[test.class]
				most := float64(limit.N) * float64(test.long) / float64(limit.Per)
				if share := float64(len(sent)) / most; share < 0.95 || share > 1 {
					t.Errorf("%d sends in %v are %.1f %% of the rate, want 95 at least", len(sent), test.long, 100*share)
				}
				inWindow(t, sent, limit, margin)
			})
		})
	}
}
