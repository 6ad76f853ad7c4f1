package coda_test

import (
	"context"
	"errors"
	iofs "io/fs"
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

// statusOf gives the status of a class.
func statusOf(t *testing.T, all []rate.Status, class rate.Class) rate.Status {
	t.Helper()
	i := slices.IndexFunc(all, func(b rate.Status) bool { return b.Class == class })
	if i < 0 {
		t.Fatalf("no status of %s in %+v", class, all)
	}
	b := all[i]
	for _, at := range []*time.Time{&b.PausedUntil, &b.FreeAt, &b.DoneAt} {
		*at = at.Round(0) // without the monotonic clock, to be compared
		if !at.IsZero() {
			*at = at.UTC()
		}
	}
	return b
}

func same(a, b rate.Status) bool {
	pids := slices.Equal(a.Processes, b.Processes)
	times := a.PausedUntil.Equal(b.PausedUntil) && a.FreeAt.Equal(b.FreeAt) && a.DoneAt.Equal(b.DoneAt)
	return pids && times && a.Class == b.Class && a.Rate == b.Rate && a.Used == b.Used && a.Interactive == b.Interactive &&
		a.Background == b.Background && a.Left == b.Left && a.Margin == b.Margin
}

// What a client says of itself, and what others say of it who know only the file.
func TestStatusTellsWhatWaitsAndWhenItIsDone(t *testing.T) {
	limit := rate.Rate{N: 4, Per: 6 * time.Second}
	for _, shared := range []bool{false, true} {
		o := coda.Options{Rates: map[rate.Class]rate.Rate{coda.ClassRead: limit}}
		if shared {
			o.StateFile = filepath.Join(t.TempDir(), "rates.json")
		}
		synctest.Test(t, func(t *testing.T) {
			c, s := limited(t, o)
			check := func(when string, want rate.Status) {
				t.Helper()
				want.Class, want.Rate = coda.ClassRead, limit
				if got := statusOf(t, c.Limits(), coda.ClassRead); !same(got, want) {
					t.Errorf("%s (shared %v) the client says\n%+v, want\n%+v", when, shared, got, want)
				}
				if !shared {
					return
				}
				if got := statusOf(t, must[[]rate.Status](t)(coda.ReadLimits(o.StateFile)), coda.ClassRead); !same(got, want) {
					t.Errorf("%s the file says\n%+v, want\n%+v", when, got, want)
				}
			}
			start, length := time.Now(), limit.Per+margin
			_ = one(t.Context(), c, coda.ClassRead)
			time.Sleep(time.Second)
			check("after one send", rate.Status{Used: 1, Margin: margin, FreeAt: time.Now()})

			c.Plan(coda.ClassRead, 12)
			me := []int{os.Getpid()}
			check("with a plan", rate.Status{Used: 1, Left: 12, Margin: margin, FreeAt: time.Now(), Processes: me,
				DoneAt: start.Add(3 * length)}) // 3 now, 1 a length after the first, and so on twice
			var wg sync.WaitGroup
			for i := range 7 {
				ctx := t.Context()
				if i >= 5 {
					ctx = rate.Background(ctx)
				}
				wg.Go(func() { _ = one(ctx, c, coda.ClassRead) })
				synctest.Wait()
			}
			done := statusOf(t, c.Limits(), coda.ClassRead).DoneAt
			check("with 4 that wait", rate.Status{Used: 4, Interactive: 2, Background: 2, Left: 9, Margin: margin,
				FreeAt: start.Add(length), Processes: me, DoneAt: start.Add(3 * length)})
			wg.Wait()
			for range 5 {
				_ = one(t.Context(), c, coda.ClassRead)
			}
			at := s.at[coda.ClassRead]
			if last := at[len(at)-1]; len(at) != 13 || !last.Equal(done) {
				t.Errorf("%d sends, the last at %v; it was foretold for %v", len(at), last, done)
			}
			check("in the end", rate.Status{Used: 4, Margin: margin, FreeAt: start.Add(time.Second + 3*length)})

			time.Sleep(time.Minute)
			s.refusing("30", 1)
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_ = one(ctx, c, coda.ClassRead)
			until := time.Now().Add(29 * time.Second)
			check("after a 429", rate.Status{Used: 1, Margin: 2 * margin, FreeAt: until, PausedUntil: until})
		})
	}
}

func TestStatusOfAFullWindowAndOfNone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rates.json")
	if b, err := coda.ReadLimits(path); !errors.Is(err, iofs.ErrNotExist) || b != nil {
		t.Errorf("of a file that is not there: %v, %v", b, err)
	}
	if b := newClient(t, coda.Options{Unlimited: true, StateFile: path}).Limits(); b != nil {
		t.Errorf("of an unlimited client: %v", b)
	}
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	all := must[[]rate.Status](t)(coda.ReadLimits(path))
	if len(all) != len(coda.DefaultRates) {
		t.Errorf("%d classes, want all", len(all))
	}
	for _, b := range all {
		if b.Used != coda.DefaultRates[b.Class].N || b.Rate != coda.DefaultRates[b.Class] {
			t.Errorf("a damaged file gives %+v, want a full window", b)
		}
	}
}

// Looking at the file while others write it shows no damage.
func TestStatusIsReadBesideWriters(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rates.json")
	c, _ := limited(t, coda.Options{StateFile: path, Rates: map[rate.Class]rate.Rate{coda.ClassRead: {N: 1000, Per: time.Hour}}})
	_ = one(t.Context(), c, coda.ClassRead)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 500 {
			_ = one(t.Context(), c, coda.ClassRead)
		}
	}()
	for looks, running := 0, true; running; looks++ {
		select {
		case <-done:
			running = false
		default:
		}
		if b := statusOf(t, must[[]rate.Status](t)(coda.ReadLimits(path)), coda.ClassRead); b.Used > 501 {
			t.Fatalf("look %d: %+v", looks, b)
		}
	}
}
