package coda

import (
	"context"
	"sync"
	"time"

	"github.com/codafs/codafs/coda/rate"
)

const (
	firstPoll  = time.Second // before any export of this run was seen to end
	minPollGap = 20 * time.Millisecond
	maxPollGap = 10 * time.Second
)

// pollTimes learns how long exports take, so that few polls are wasted: each costs a request
// of the read bucket, and an early one brings nothing.
//
// It keeps no history, but moves the time of the first poll: a little down if that poll found
// the export done, up if it came too early. The moves cancel out when a share q of the exports
// is done at the first poll. (A quantile of past exports would not come down again after one slow
// one: a poll that finds an export done shows only that it took no longer.)
//
// Until the time is about right, one export at a time leads, and tries whether an earlier poll does.
// Others that run beside it wait for what it finds: they would all be too early together.
type pollTimes struct {
	mu sync.Mutex // guards all below
	by [rate.Urgencies]pollTime
}

// pollTime is the time of the first poll for one urgency.
type pollTime struct {
	first time.Duration
	// moved is when first moved. Of exports that run together, the first to tell moves it: what
	// the others have to say is of the time before.
	moved time.Time
	known bool // an export was seen to end
	fine  bool // a poll was too early since: first is about right
	// led reports that an export leads. The others are polled at safe, when an export was found done; before
	// any was, they wait for news, which is then closed.
	led  bool
	safe time.Duration
	news chan struct{}
}

// patience is the extra delay of followers until an export has ended, as a share of the first poll time. mostPatience
// limits the whole delay: the leader may be the slow one.
const (
	patience     = 0.25
	mostPatience = 10 * time.Second
)

// doneShare is q: background work polls when nearly all exports are done, so that one poll is
// enough; an interactive read at the median, since somebody waits.
var doneShare = [rate.Urgencies]float64{rate.Interactive: 0.5, rate.InBackground: 0.98}

// maxDelay is how late a poll may be answered, beyond a quarter of its time, and still be on time.
const maxDelay = time.Second

// pollStep is how far a poll time moves, as a share of itself, before q divides it; coarseStep how
// far at least it comes down as long as it may be much too late.
const (
	pollStep   = 0.25
	coarseStep = 0.1
)

// newPollTimes begins at first, the same for background and interactive exports; each learns for itself.
func newPollTimes(first time.Duration) *pollTimes {
	p := &pollTimes{}
	for u := range p.by {
		p.by[u].first, p.by[u].news = first, make(chan struct{})
	}
	return p
}

// lead makes an export the leader, unless another one leads. The leader ends with follow.
func (p *pollTimes) lead(u rate.Urgency) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	leads := !p.by[u].led
	p.by[u].led = true
	return leads
}

// follow ends the lead of an export, so that the next one may lead.
func (p *pollTimes) follow(u rate.Urgency) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.by[u].led = false
}

// start is how long after an export's start to poll first. It may change when news is closed.
func (p *pollTimes) start(u rate.Urgency, leads bool) (first time.Duration, news <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch t := &p.by[u]; {
	case leads || t.fine:
		return t.first, nil
	case t.known:
		return t.safe, nil
	default:
		return min(t.first+share(t.first, patience), mostPatience), t.news
	}
}

// early learns from an export that was still running at its n-th poll, due so long after its start;
// the next is due at next.
func (p *pollTimes) early(ctx context.Context, started time.Time, n int, due, next time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	u := rate.UrgencyOf(ctx)
	t := &p.by[u]
	switch {
	case !t.known:
		t.first = max(t.first, next) // no other need ask before
	case n == 1 && !started.Before(t.moved):
		t.first, t.moved, t.fine = max(t.first, due+share(due, pollStep*doneShare[u])), time.Now(), true
	}
}

// done learns from an export that was found done by its n-th poll, due so long after its start. A
// poll that had to wait for its rate limit says little.
func (p *pollTimes) done(ctx context.Context, started time.Time, n int, due time.Duration) {
	age := time.Since(started)
	p.mu.Lock()
	defer p.mu.Unlock()
	u := rate.UrgencyOf(ctx)
	t := &p.by[u]
	down := pollStep * (1 - doneShare[u])
	if !t.fine {
		down = max(down, coarseStep)
	}
	switch {
	case !t.known:
		t.first, t.safe, t.moved, t.known = age, age, time.Now(), true
		close(t.news)
	case n == 1 && !started.Before(t.moved) && (t.fine || due <= t.first) && age < due+due/4+maxDelay:
		t.safe = t.first
		t.first, t.moved = max(t.first-share(t.first, down), minPollGap), time.Now()
	}
}

// sleepUntil waits until a time, or until there is news.
func sleepUntil(ctx context.Context, at time.Time, news <-chan struct{}) error {
	t := time.NewTimer(time.Until(at))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-news:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func share(d time.Duration, of float64) time.Duration { return time.Duration(float64(d) * of) }

// nextPoll is when to poll after a poll that came too early: later and later, and more patiently
// if nobody waits.
func nextPoll(ctx context.Context, last time.Duration) time.Duration {
	gap := last / 4
	if rate.UrgencyOf(ctx) == rate.InBackground {
		gap = last / 2
	}
	return last + min(max(gap, minPollGap), maxPollGap)
}
