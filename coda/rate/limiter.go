package rate

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"
)

// Options say what a [Limiter] keeps to.
type Options struct {
	// Rates are those of all classes.
	Rates map[Class]Rate
	// StateFile is the path of a small file through which the processes of one account on one machine share their
	// buckets; a lock file lies beside it. Empty: this process is alone.
	StateFile string
	// Service is what the service is called in the log.
	Service string
	Log     *slog.Logger
}

// Limiter admits the requests of a client, each as the rate of its class allows. It is safe for concurrent use. A nil one
// admits all at once. It has no goroutine, and nothing to close: a timer runs while somebody waits.
type Limiter struct {
	buckets map[Class]*bucket
	file    *stateFile // nil if this process is alone
	waits   Stopwatch  // runs while any request waits for its bucket
}

// New makes a limiter with a bucket for each class.
func New(o Options) (*Limiter, error) {
	l := &Limiter{buckets: make(map[Class]*bucket, len(o.Rates))}
	if o.StateFile != "" {
		l.file = newStateFile(o.StateFile, o.Log)
	}
	for class, r := range o.Rates {
		if !r.Valid() {
			return nil, fmt.Errorf("rate of class %s: want a count (1 to %d) and a time above 0", class, MaxN)
		}
		l.buckets[class] = &bucket{class: class, rate: r, file: l.file, waits: &l.waits, service: o.Service, log: o.Log}
	}
	return l, nil
}

// bucket is that of a class, nil for one that has no limit.
func (l *Limiter) bucket(class Class) *bucket {
	if l == nil {
		return nil
	}
	return l.buckets[class]
}

// Limits reports whether requests of a class have a limit.
func (l *Limiter) Limits(class Class) bool { return l.bucket(class) != nil }

// Wait returns when a request may be sent, and counts it as sent then; a caller that does not send it after all has used up
// its place. Those who wait go in the order of their calls, but background work after all others. The error is the cause of
// the context's end.
func (l *Limiter) Wait(ctx context.Context, class Class) error {
	if b := l.bucket(class); b != nil {
		return b.wait(ctx)
	}
	return nil
}

// Refused takes in a 429 for a request sent at a time: nothing of its class goes for d, at most [MaxPause]. more says that
// the service asked for a longer wait: after d one request goes first, as a probe.
func (l *Limiter) Refused(class Class, sent time.Time, d time.Duration, more bool) {
	if b := l.bucket(class); b != nil {
		b.refused(sent, d, more)
	}
}

// Accepted takes in an answer other than a 429 to a request sent at a time. It matters only after a 429 that asked for
// a longer pause than MaxPause; callers report each answer all the same.
func (l *Limiter) Accepted(class Class, sent time.Time) {
	if b := l.bucket(class); b != nil {
		b.accepted(sent)
	}
}

// Plan takes in how many sends of a class are still to come, those that wait already among
// them, for [Limiter.Status] and [ReadStatus] to say when they will be done. Each send counts
// the number down.
func (l *Limiter) Plan(class Class, sends int) {
	if b := l.bucket(class); b != nil {
		b.plan(sends)
	}
}

// Queued is how many requests of a class wait in this process.
func (l *Limiter) Queued(class Class) (n int) {
	if b := l.bucket(class); b != nil {
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, in := range b.counts() {
			n += in
		}
	}
	return n
}

// Throttled is the time during which at least one request waited for its bucket. Several at a time
// count once, so it is never more than the time that a run took.
func (l *Limiter) Throttled() time.Duration {
	if l == nil {
		return 0
	}
	return l.waits.Elapsed()
}

// Status reports how the classes are used now, in the order of their names: by all processes that
// share the state file, or by this one if the file cannot be read. It takes no lock of another process.
func (l *Limiter) Status() []Status {
	if l == nil {
		return nil
	}
	s := &state{}
	if l.file != nil {
		if shared, err := peek(l.file.path); err == nil {
			s = shared
		}
	}
	now := time.Now()
	var out []Status
	for _, class := range slices.Sorted(maps.Keys(l.buckets)) {
		out = append(out, l.buckets[class].status(s, now))
	}
	return out
}
