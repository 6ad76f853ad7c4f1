package coda_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/rate"
)

func TestWantedBackgroundWorkGoesBeforeTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s := limited(t, coda.Options{Rates: map[rate.Class]rate.Rate{coda.ClassRead: {N: 1, Per: time.Second}}})
		wanted := make(chan struct{})
		behind, until := rate.Background(t.Context()), rate.BackgroundUntil(t.Context(), wanted)
		ctxs := map[string]context.Context{"b1": behind, "b2": behind, "b3": behind, "u1": until, "u2": until, "i1": t.Context()}
		var wg sync.WaitGroup
		queue(t, &wg, c, ctxs, "b1", "b2", "u1", "b3", "i1")
		close(wanted)
		synctest.Wait()
		queue(t, &wg, c, ctxs, "u2") // from now on it is as urgent from the start
		wg.Wait()
		if want := "b1 i1 u1 u2 b2 b3"; strings.Join(s.names, " ") != want {
			t.Errorf("the order was %v, want %s", s.names, want)
		}
	})
}

func TestWantedBackgroundWorkMayLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s := limited(t, coda.Options{Rates: map[rate.Class]rate.Rate{coda.ClassRead: {N: 1, Per: time.Second}}})
		wanted := make(chan struct{})
		ctx, leave := context.WithCancel(t.Context())
		ctxs := map[string]context.Context{"i1": t.Context(), "u1": rate.BackgroundUntil(ctx, wanted), "b1": rate.Background(t.Context())}
		var wg sync.WaitGroup
		queue(t, &wg, c, ctxs, "i1", "u1", "b1")
		close(wanted)
		synctest.Wait()
		leave()
		wg.Wait()
		if want := "i1 b1"; strings.Join(s.names, " ") != want {
			t.Errorf("sent were %v, want %s", s.names, want)
		}
	})
}
