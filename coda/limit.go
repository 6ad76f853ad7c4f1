package coda

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"
)

// margins are added to a window's length. 429s were seen slightly below the published rate,
// so it starts above zero and grows with each 429, for marginLife.
var margins = []time.Duration{250 * time.Millisecond, 500 * time.Millisecond, time.Second}

const marginLife = 24 * time.Hour

type background struct{}

// Background marks requests under the returned context as work that nobody waits for: in
// each bucket they go after all others.
func Background(ctx context.Context) context.Context {
	return context.WithValue(ctx, background{}, true)
}

// urgency tells interactive from background work. It is an index.
type urgency int

const (
	interactive urgency = iota
	behind
	urgencies
)

func urgencyOf(ctx context.Context) urgency {
	if ctx.Value(background{}) != nil {
		return behind
	}
	return interactive
}

// bucket admits sends so that no window of length Per plus margin holds more than N of them.
// It remembers the last N sends: a token bucket would let up to 2N through in one window.
type bucket struct {
	rate Rate

	mu      sync.Mutex // guards all below; never held while waiting
	sent    []time.Time
	next    int // sent[next] is the oldest of the last N sends, or zero
	paused  time.Time
	margin  int // index in margins
	widened time.Time
	waiting [urgencies][]chan struct{} // closed on admission; each in order of arrival
	timer   *time.Timer
	waited  time.Duration
}

// newBuckets makes a bucket for each class; rates replaces entries of [DefaultRates].
func newBuckets(rates map[Class]Rate) (map[Class]*bucket, error) {
	all := maps.Clone(DefaultRates)
	maps.Copy(all, rates)
	buckets := make(map[Class]*bucket, len(all))
	for class, r := range all {
		if !r.valid() {
			return nil, fmt.Errorf("rate of class %s: want a count (1 to %d) and a time above 0", class, maxRate)
		}
		buckets[class] = &bucket{rate: r, sent: make([]time.Time, r.N)}
	}
	return buckets, nil
}

// wait returns when a request may be sent, and counts it as sent then.
func (b *bucket) wait(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	start, queue := time.Now(), urgencyOf(ctx)
	admitted := b.enter(queue)
	select {
	case <-admitted:
		b.count(time.Since(start))
		return nil
	case <-ctx.Done():
		b.leave(queue, admitted)
		return context.Cause(ctx)
	}
}

func (b *bucket) enter(queue urgency) (admitted chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	admitted = make(chan struct{})
	b.waiting[queue] = append(b.waiting[queue], admitted)
	b.admit()
	return admitted
}

func (b *bucket) leave(queue urgency, admitted chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if i := slices.Index(b.waiting[queue], admitted); i >= 0 {
		b.waiting[queue] = slices.Delete(b.waiting[queue], i, i+1)
	}
}

func (b *bucket) count(waited time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.waited += waited
}

// throttled is how long all requests waited here, added up.
func (b *bucket) throttled() time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.waited
}

// admit lets in as many waiters as the window holds, and sets the timer for the next. b.mu is held.
func (b *bucket) admit() {
	for q := range b.waiting {
		for len(b.waiting[q]) > 0 {
			now := time.Now()
			if d := b.free(now).Sub(now); d > 0 {
				b.wake(d)
				return
			}
			b.sent[b.next] = now
			b.next = (b.next + 1) % len(b.sent)
			close(b.waiting[q][0])
			b.waiting[q] = b.waiting[q][1:]
		}
	}
}

// wake calls admit in d. b.mu is held.
func (b *bucket) wake(d time.Duration) {
	if b.timer != nil {
		b.timer.Stop()
	}
	b.timer = time.AfterFunc(d, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.admit()
	})
}

// free is when the next request may go. b.mu is held.
func (b *bucket) free(now time.Time) time.Time {
	if b.margin > 0 && now.Sub(b.widened) > marginLife {
		b.margin = 0
	}
	at := b.paused
	if oldest := b.sent[b.next]; !oldest.IsZero() {
		if t := oldest.Add(b.rate.Per + margins[b.margin]); t.After(at) {
			at = t
		}
	}
	return at
}

// refused tells the bucket of a 429 for a request sent at a time: nothing goes for d, and the
// margin grows. Of requests that were under way together the first refusal alone counts: the
// others were sent at the old margin and say nothing about the new one.
func (b *bucket) refused(sent time.Time, d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	if sent.After(b.widened) {
		b.margin = min(b.margin+1, len(margins)-1)
		b.widened = now
	}
	if until := now.Add(d); until.After(b.paused) {
		b.paused = until
	}
}
