package coda

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Class is a rate class: each has a bucket of its own.
type Class string

const (
	ClassList    Class = "list"    // listing docs
	ClassRead    Class = "read"    // all other GETs
	ClassWrite   Class = "write"   // writes other than a doc's content
	ClassContent Class = "content" // writes to a doc's content
	ClassExport  Class = "export"  // starts of page exports
)

// Rate is N requests in each window of length Per.
type Rate struct {
	N   int
	Per time.Duration
}

// DefaultRates are the limits that Coda publishes (API 1.5.0). The class of export starts is
// not published; they were seen not to count as content writes, so the write rate is assumed.
var DefaultRates = map[Class]Rate{
	ClassList:    {4, 6 * time.Second},
	ClassRead:    {100, 6 * time.Second},
	ClassWrite:   {10, 6 * time.Second},
	ClassContent: {5, 10 * time.Second},
	ClassExport:  {10, 6 * time.Second},
}

// ParseRate reads "export=30/6s".
func ParseRate(s string) (Class, Rate, error) {
	class, rest, _ := strings.Cut(s, "=")
	n, per, _ := strings.Cut(rest, "/")
	if _, ok := DefaultRates[Class(class)]; !ok {
		return "", Rate{}, fmt.Errorf("rate %q: want CLASS=N/TIME with a class of list, read, write, content, export", s)
	}
	num, err1 := strconv.Atoi(n)
	d, err2 := time.ParseDuration(per)
	if err1 != nil || err2 != nil || num < 1 || d <= 0 {
		return "", Rate{}, fmt.Errorf("rate %q: want a count and a time, such as %s=30/6s", s, class)
	}
	return Class(class), Rate{num, d}, nil
}

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

// bucket admits sends so that no window of length Per plus margin holds more than N of them.
// It remembers the last N sends: a token bucket would let up to 2N through in one window.
type bucket struct {
	rate Rate

	mu       sync.Mutex // guards all below; never held while waiting
	sent     []time.Time
	next     int // sent[next] is the oldest of the last N sends, or zero
	paused   time.Time
	margin   int // index in margins
	widened  time.Time
	waiting  [2][]*waiter // interactive, background; each in order of arrival
	timer    *time.Timer
	throttle time.Duration
}

// waiter is a request that waits for its turn. admitted is closed when it comes.
type waiter struct{ admitted chan struct{} }

func newBucket(r Rate) *bucket { return &bucket{rate: r, sent: make([]time.Time, r.N)} }

// wait returns when a request may be sent, and counts it as sent then.
func (b *bucket) wait(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	queue := 0
	if ctx.Value(background{}) != nil {
		queue = 1
	}
	w := &waiter{make(chan struct{})}
	start := time.Now()
	b.mu.Lock()
	b.waiting[queue] = append(b.waiting[queue], w)
	b.admit()
	b.mu.Unlock()
	select {
	case <-w.admitted:
		b.count(time.Since(start))
		return nil
	case <-ctx.Done():
		b.leave(queue, w)
		return context.Cause(ctx)
	}
}

func (b *bucket) count(waited time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.throttle += waited
}

func (b *bucket) leave(queue int, w *waiter) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, v := range b.waiting[queue] {
		if v == w {
			b.waiting[queue] = append(b.waiting[queue][:i:i], b.waiting[queue][i+1:]...)
			return
		}
	}
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
			close(b.waiting[q][0].admitted)
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

// refused tells the bucket of a 429: nothing goes for d, and the margin grows. Refusals of
// requests that were under way together count as one.
func (b *bucket) refused(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	if now.After(b.paused) {
		b.margin = min(b.margin+1, len(margins)-1)
		b.widened = now
	}
	if until := now.Add(d); until.After(b.paused) {
		b.paused = until
	}
}
