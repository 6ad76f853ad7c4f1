package coda

import (
	"context"
	"sync"
	"time"
)

const (
	firstPoll  = time.Second // before any export of this run was seen to end
	minPollGap = 20 * time.Millisecond
	maxPollGap = 10 * time.Second
)

// pollTimes learns how long exports take, so that few polls are wasted: each costs a request
// of the read bucket, and an early one brings nothing.
//
// It keeps no history, but moves the time of the first poll: a little down where that poll found
// the export done, up where it came too early. The moves cancel out where a share q of the exports
// is done at the first poll. (A quantile of past exports would not come down again after one slow
// one: a poll that finds an export done tells only that it took no longer.)
type pollTimes struct {
	mu sync.Mutex // guards all below
	by [urgencies]pollTime
}

// pollTime is the time of the first poll for one urgency.
type pollTime struct {
	first time.Duration
	// moved is when first moved. Of exports that run together, the first to tell moves it: what
	// the others have to say is of the time before.
	moved time.Time
	known bool // an export was seen to end
	fine  bool // a poll was too early since: first is about right
}

// doneShare is q: background work polls when nearly all exports are done, so that one poll is
// enough; an interactive read at the median, since somebody waits.
var doneShare = [urgencies]float64{interactive: 0.5, behind: 0.98}

// maxDelay is how late a poll may be answered, beyond a quarter of its time, and still be on time.
const maxDelay = time.Second

// pollStep is how far a poll time moves, as a share of itself, before q divides it; coarseStep how
// far at least it comes down as long as it may be much too late.
const (
	pollStep   = 0.25
	coarseStep = 0.1
)

func newPollTimes(first time.Duration) *pollTimes {
	p := &pollTimes{}
	for u := range p.by {
		p.by[u].first = first
	}
	return p
}

// start is how long after an export's start to poll first.
func (p *pollTimes) start(ctx context.Context) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.by[urgencyOf(ctx)].first
}

// early learns from an export that was still running at its n-th poll, due so long after its start;
// the next is due at next.
func (p *pollTimes) early(ctx context.Context, started time.Time, n int, due, next time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	u := urgencyOf(ctx)
	t := &p.by[u]
	switch {
	case !t.known:
		t.first = max(t.first, next) // no other need ask before
	case n == 1 && !started.Before(t.moved):
		t.first, t.moved, t.fine = max(t.first, due+share(due, pollStep*doneShare[u])), time.Now(), true
	}
}

// done learns from an export that was found done by its n-th poll, due so long after its start. A
// poll that had to wait for its rate limit tells little.
func (p *pollTimes) done(ctx context.Context, started time.Time, n int, due time.Duration) {
	age := time.Since(started)
	p.mu.Lock()
	defer p.mu.Unlock()
	u := urgencyOf(ctx)
	t := &p.by[u]
	down := pollStep * (1 - doneShare[u])
	if !t.fine {
		down = max(down, coarseStep)
	}
	switch {
	case !t.known:
		t.first, t.moved, t.known = age, time.Now(), true
	case n == 1 && !started.Before(t.moved) && age < due+due/4+maxDelay:
		t.first, t.moved = max(t.first-share(t.first, down), minPollGap), time.Now()
	}
}

func share(d time.Duration, of float64) time.Duration { return time.Duration(float64(d) * of) }

// again is when to poll after a poll that came too early: later and later, and more patiently
// where nobody waits.
func again(ctx context.Context, last time.Duration) time.Duration {
	gap := last / 4
	if urgencyOf(ctx) == behind {
		gap = last / 2
	}
	return last + min(max(gap, minPollGap), maxPollGap)
}
