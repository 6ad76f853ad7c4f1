package coda

import (
	"context"
	"slices"
	"sync"
	"time"
)

const (
	firstPoll   = time.Second // before any export of this run was seen to end
	pollSamples = 128
	minPollGap  = 20 * time.Millisecond
	maxPollGap  = 10 * time.Second
)

// pollTimes learns how long exports take, so that few polls are wasted: each costs a request
// of the read bucket, and an early one brings nothing.
type pollTimes struct {
	first time.Duration // before anything is known

	mu   sync.Mutex // guards took
	took []span
}

// span is when an export ended, counted from its start: after the last poll that saw it
// running, at the latest at the one that saw its end.
type span struct{ after, by time.Duration }

// done records how long an export took. The times are those at which the polls were due:
// with those of the answers, each poll would push the next a little further out.
func (p *pollTimes) done(s span) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.took) == pollSamples {
		p.took = p.took[1:]
	}
	p.took = append(p.took, s)
}

// next is how long after the export's start to poll, given when the last poll was (0: none).
// The first poll of background work comes when nearly all exports were done, so that one is
// enough; of an interactive read at the median, since somebody waits. Later ones are further
// and further apart.
func (p *pollTimes) next(ctx context.Context, last time.Duration) time.Duration {
	behind := ctx.Value(background{}) != nil
	switch {
	case last == 0 && behind:
		return p.quantile(0.98, func(s span) time.Duration { return s.by })
	case last == 0:
		return p.quantile(0.5, func(s span) time.Duration { return (s.after + s.by) / 2 })
	case behind:
		return last + min(max(last/2, minPollGap), maxPollGap)
	default:
		return last + min(max(last/4, minPollGap), maxPollGap)
	}
}

func (p *pollTimes) quantile(q float64, of func(span) time.Duration) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.took) == 0 {
		return p.first
	}
	all := make([]time.Duration, len(p.took))
	for i, s := range p.took {
		all[i] = of(s)
	}
	slices.Sort(all)
	return max(all[int(q*float64(len(all)-1)+0.5)], minPollGap)
}
