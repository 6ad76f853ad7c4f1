package rate

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/codafs/codafs/cache/filelock"
)

// bucket admits sends of one class as its window allows. If processes share their buckets,
// a send must fit into two windows: that of the file, and this process's own, which the wall
// clock's jumps don't reach and which remains when the file cannot be used.
type bucket struct {
	class   Class
	rate    Rate
	file    *stateFile // nil if this process is alone
	waits   *Stopwatch
	service string // what it is called in the log
	log     *slog.Logger

	mu      sync.Mutex // guards all below; never held while waiting
	own     window
	left    int                        // sends to come, by Limiter.Plan
	waiting [Urgencies][]chan struct{} // closed on admission; each in order of arrival
	timer   *time.Timer
	told    time.Time // the end of the pause that was logged last
}

const (
	// lockRetry is how soon a lock is tried again that another process has.
	lockRetry = 2 * time.Millisecond
	// yieldRetry is how soon background work looks again that lets another process go first.
	yieldRetry = 20 * time.Millisecond
	// heartbeat is how often a process that waits tells the others.
	heartbeat = time.Second
)

// wait returns when a request may be sent, and counts it as sent then.
func (b *bucket) wait(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	queue := UrgencyOf(ctx)
	admitted := b.enter(queue)
	select {
	case <-admitted:
		return nil
	default:
	}
	b.waits.Start()
	defer b.waits.Stop()
	b.tell()
	var sooner <-chan struct{}
	if queue == InBackground {
		sooner = wanted(ctx)
	}
	for {
		select {
		case <-admitted:
			return nil
		case <-sooner:
			b.promote(admitted)
			queue, sooner = Interactive, nil
		case <-ctx.Done():
			b.leave(queue, admitted)
			return context.Cause(ctx)
		}
	}
}

func (b *bucket) enter(queue Urgency) (admitted chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	admitted = make(chan struct{})
	b.waiting[queue] = append(b.waiting[queue], admitted)
	b.admit()
	return admitted
}

func (b *bucket) leave(queue Urgency, admitted chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if i := slices.Index(b.waiting[queue], admitted); i >= 0 {
		b.waiting[queue] = slices.Delete(b.waiting[queue], i, i+1)
		b.admit() // tells other processes
	}
}

// promote has background work wait with those that somebody waits for.
func (b *bucket) promote(admitted chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if i := slices.Index(b.waiting[InBackground], admitted); i >= 0 {
		b.waiting[InBackground] = slices.Delete(b.waiting[InBackground], i, i+1)
		b.waiting[Interactive] = append(b.waiting[Interactive], admitted)
		b.admit() // tells other processes
	}
}

// plan reports how many sends are to come.
func (b *bucket) plan(sends int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.left = max(sends, 0)
	b.admit() // tells other processes
}

// admit lets in as many waiters as the windows hold, and sets the timer for the next. b.mu is held.
func (b *bucket) admit() {
	admitted, next := b.decide()
	for _, c := range admitted {
		close(c)
	}
	if !next.IsZero() {
		b.wake(time.Until(next))
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

// decide takes those out of the queues that may send now, and returns the time to look again,
// zero if nobody waits. b.mu is held.
func (b *bucket) decide() (admitted []chan struct{}, next time.Time) {
	if b.file != nil {
		err := b.file.update(func(s *state, now time.Time) { admitted, next = b.share(s, now) })
		switch {
		case err == nil:
			return admitted, next
		case errors.Is(err, filelock.ErrBusy):
			return nil, time.Now().Add(lockRetry/2 + rand.N(lockRetry))
		}
	}
	now := time.Now()
	b.own.forget(now)
	alone, next := b.take(now, &window{}, false)
	return append(admitted, alone...), next
}

// share is take with what all processes know. b.mu is held.
func (b *bucket) share(s *state, now time.Time) (admitted []chan struct{}, next time.Time) {
	w, rate := s.window(b.class, b.rate)
	w.learn(&b.own)
	w.forget(now)
	b.own.learn(w)
	b.own.forget(now)
	w.drop(now, rate.Per)
	if len(w.sent) == 0 {
		rate = b.rate
	}
	admitted, next = b.take(now, w, s.urgentElsewhere(b.class, b.file.id, now))
	s.keep(b.class, rate, w)
	s.note(b.file.id, b.class, now, b.counts(), b.left)
	if beat := now.Add(heartbeat); next.After(beat) {
		next = beat
	}
	return admitted, next
}

// counts is how many wait. b.mu is held.
func (b *bucket) counts() (n [Urgencies]int) {
	for q := range b.waiting {
		n[q] = len(b.waiting[q])
	}
	return n
}

// take takes those out of the queues that fit into both windows; yield has background work
// wait. b.mu is held.
func (b *bucket) take(now time.Time, shared *window, yield bool) (admitted []chan struct{}, next time.Time) {
	b.own.drop(now, b.rate.Per)
	for q := range b.waiting {
		for len(b.waiting[q]) > 0 {
			if free := later(b.own.at(b.rate, 0, now), shared.at(b.rate, 0, now)); free.After(now) {
				return admitted, free
			}
			if yield && Urgency(q) == InBackground {
				return admitted, now.Add(yieldRetry)
			}
			admitted = append(admitted, b.waiting[q][0])
			b.waiting[q] = b.waiting[q][1:]
			b.own.add(now)
			shared.add(now)
			b.left = max(b.left-1, 0)
		}
	}
	return admitted, time.Time{}
}
