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
// It keeps no history, but moves the time of the first poll after each export: a little down
// where that poll found the export done, up where it came too early. The moves cancel out
// where a share q of the exports is done at the first poll. (A quantile of past exports would
// not come down again after one slow one: a poll that finds an export done tells only that
// it took no longer.)
type pollTimes struct {
	mu    sync.Mutex // guards first
	first [urgencies]time.Duration
}

// doneShare is q: background work polls when nearly all exports are done, so that one poll is
// enough; an interactive read at the median, since somebody waits.
var doneShare = [urgencies]float64{interactive: 0.5, behind: 0.98}

// pollStep is how far a poll time moves, as a share of itself, before q divides it.
const pollStep = 0.25

func newPollTimes(first time.Duration) *pollTimes {
	return &pollTimes{first: [urgencies]time.Duration{first, first}}
}

// start is how long after an export's start to poll first.
func (p *pollTimes) start(ctx context.Context) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.first[urgencyOf(ctx)]
}

// done learns from an export that was found done by its n-th poll, due so long after its start.
func (p *pollTimes) done(ctx context.Context, n int, due time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	u := urgencyOf(ctx)
	first, q := p.first[u], doneShare[u]
	if n == 1 {
		p.first[u] = max(first-share(first, pollStep*(1-q)), minPollGap)
	} else { // not beyond due: of many that ran at once, the first few have moved it already
		p.first[u] = max(first, min(first+share(first, pollStep*q), due))
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
