package coda_test

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/rest"
)

// asking begins reads of two processes and waits for them.
func (f *fleet) asking(reads int) {
	var all sync.WaitGroup
	for i := range reads {
		all.Go(func() { f.read(i % 2) })
	}
	all.Wait()
}

// seconds are when reads were sent after a time, in whole seconds.
func (s *sends) seconds(start time.Time) (all []int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, at := range s.at[coda.ClassRead] {
		all = append(all, int(at.Sub(start)/time.Second))
	}
	return all
}

// slowly has each answer take a time.
func (s *sends) slowly(d time.Duration) {
	answer := s.answer
	s.answer = func(r *http.Request) (*http.Response, error) {
		time.Sleep(d)
		return answer(r)
	}
}

// A 429 may ask for a day. Two minutes are kept, then one request of all processes of the account tries, and the others go
// when it was accepted.
func TestAPauseThatIsTooLongIsTriedByOneRequest(t *testing.T) {
	path := stateFile(t)
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 2, coda.Options{StateFile: path})
		f.s.refusing("86400", 1, 2, 3)
		f.s.slowly(time.Second)
		start := time.Now()
		f.s.at[coda.ClassRead] = nil
		var first sync.WaitGroup
		first.Go(func() { f.read(0) })
		time.Sleep(10 * time.Second)
		f.asking(20)
		first.Wait()
		sent := f.s.seconds(start)
		// Each pause is counted from its 429, which comes after a second. The other process looks once a second.
		if len(sent) != 3+21 || !slices.Equal(sent[:4], []int{0, 121, 242, 363}) || sent[4] < 364 || sent[23] > 365 {
			t.Errorf("sent after %v", sent)
		}
		for i := range 2 {
			if took := f.read(i); took != time.Second {
				t.Errorf("later a read took %v", took)
			}
		}
	})
}

// A new process knows, and keeps no pause that an earlier release wrote down for an hour.
func TestATooLongPauseOutlivesNoRestartForLong(t *testing.T) {
	path := stateFile(t)
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 2, coda.Options{StateFile: path, MaxRetries: rest.NoRetries})
		f.s.refusing("86400", 1)
		start := time.Now()
		f.read(0)
		f.restart(0)
		f.s.slowly(time.Second)
		f.asking(4)
		if sent := f.s.seconds(start); !slices.Equal(sent[:3], []int{0, 120, 121}) || len(sent) != 5 || sent[4] > 122 {
			t.Errorf("sent after %v", sent)
		}
	})
}

// What became of a probe that was never answered nobody knows: another one goes.
func TestAProbeThatIsNotAnsweredIsFollowedByAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 2, coda.Options{MaxRetries: rest.NoRetries})
		f.clients[1] = f.clients[0]
		f.s.refusing("86400", 1)
		start := time.Now()
		f.read(0)
		refuse := f.s.answer
		var hung atomic.Bool
		f.s.answer = func(r *http.Request) (*http.Response, error) {
			if hung.CompareAndSwap(false, true) {
				<-r.Context().Done()
				return nil, r.Context().Err()
			}
			return refuse(r)
		}
		f.asking(3)
		if sent := f.s.seconds(start); !slices.Equal(sent, []int{0, 120, 150, 150}) {
			t.Errorf("sent after %v", sent)
		}
	})
}

// A shorter pause is kept as it is asked for, and nothing is tried.
func TestAShorterPauseIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 2, coda.Options{MaxRetries: rest.NoRetries})
		f.clients[1] = f.clients[0]
		f.s.refusing("120", 1)
		start := time.Now()
		f.read(0)
		f.s.slowly(time.Second)
		f.asking(3)
		if sent := f.s.seconds(start); !slices.Equal(sent, []int{0, 120, 120, 120}) {
			t.Errorf("sent after %v", sent)
		}
	})
}

// The process that was refused says so; another one that has to wait says so too, once.
func TestOtherProcessesTellOfALongPause(t *testing.T) {
	path := stateFile(t)
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		f := newFleet(t, 1, coda.Options{StateFile: path, MaxRetries: rest.NoRetries})
		f.s.refusing("90", 1)
		f.read(0)
		c, err := coda.New(coda.Options{Token: secret, StateFile: path, Transport: f.s, Log: slog.New(slog.NewTextHandler(&log, nil))})
		if err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		for range 5 {
			all.Go(func() { _ = one(t.Context(), c, coda.ClassRead) })
		}
		time.Sleep(2 * time.Second)
		w := c.Waiting()
		if w.For != rest.ForPause || time.Until(w.Until).Round(time.Second) != 88*time.Second || w.Limit.Class != coda.ClassRead {
			t.Errorf("waits for %+v", w)
		}
		all.Wait()
		if text := log.String(); strings.Count(text, "\n") != 1 || !strings.Contains(text, "Coda asked for a pause") {
			t.Errorf("told: %s", text)
		}
	})
}

func TestWaitingTellsWhatHoldsTheRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s := limited(t, coda.Options{Rates: oneASecond})
		wants := func(want rest.WaitFor, until time.Duration, why string) {
			t.Helper()
			w := c.Waiting()
			got := time.Duration(0)
			if !w.Until.IsZero() {
				got = time.Until(w.Until)
			}
			if w.For != want || got > until || got < until*3/4 || why != "" && (w.Why == nil || !strings.Contains(w.Why.Error(), why)) {
				t.Errorf("waits for %+v (%v), want %q, %v, %q", w, got, want, until, why)
			}
		}
		wants(rest.ForNothing, 0, "")
		s.answer = func(*http.Request) (*http.Response, error) { time.Sleep(time.Minute); return reply(403, `{}`) }
		var all sync.WaitGroup
		all.Go(func() { _ = one(t.Context(), c, coda.ClassRead) })
		synctest.Wait()
		wants(rest.ForAnswer, 0, "")
		all.Go(func() { _ = one(t.Context(), c, coda.ClassRead) })
		synctest.Wait()
		wants(rest.ForTurn, time.Second+margin, "")
		all.Wait()
		wants(rest.ForNothing, 0, "")
		failed := false
		s.answer = func(*http.Request) (*http.Response, error) {
			if !failed {
				failed = true
				return nil, errors.New("no route to host")
			}
			return reply(403, `{}`)
		}
		all.Go(func() { _ = one(t.Context(), c, coda.ClassRead) })
		synctest.Wait()
		wants(rest.ForRetry, time.Second, "no route to host")
		all.Wait()
		wants(rest.ForNothing, 0, "")
	})
}
