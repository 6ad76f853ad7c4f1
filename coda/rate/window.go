package rate

import (
	"slices"
	"time"
)

// margins are added to a window's length. 429s were seen slightly below the published rate,
// so it starts above zero and grows with each 429, for marginLife.
var margins = []time.Duration{250 * time.Millisecond, 500 * time.Millisecond, time.Second}

// marginLife is how long a margin that a 429 widened stays so. For good it would cost a tenth of all
// requests: 7 s instead of 6.25 s for each window of 6.
const marginLife = 24 * time.Hour

// widest is the longest that a send may count beyond its rate's Per.
var widest = margins[len(margins)-1]

// window keeps sends within a rate: no span of length Per plus margin holds more than N of
// them. It remembers the last sends: a token bucket would let up to 2N through in one window.
// It has no lock; that of its bucket guards it. The zero value has no sends.
type window struct {
	sent    []time.Time // in order; those that count no more are dropped
	full    time.Time   // N sends are taken to have been made then, if it is not zero
	paused  time.Time   // nothing goes before
	margin  int         // index in margins
	widened time.Time   // when margin grew last

	// A 429 that asked for a longer pause than is kept leaves a doubt. Until a send after it was accepted, one goes at a
	// time, the probe.
	doubt    time.Time // when such a 429 came last
	probe    time.Time // when a probe was sent last
	accepted time.Time // when one was sent that was accepted
}

// probeTime is how long others wait for what becomes of a probe.
const probeTime = 30 * time.Second

// doubted reports whether the next send is a probe.
func (w *window) doubted() bool { return w.doubt.After(w.accepted) }

// heldUntil is when the pause ends, or the wait for a probe; zero if there is none.
func (w *window) heldUntil() time.Time {
	if w.doubted() && !w.probe.IsZero() && w.probe.After(w.doubt) {
		return later(w.paused, w.probe.Add(probeTime))
	}
	return w.paused
}

// accept takes in an answer other than a 429 for a request sent at a time, and reports whether it ends a doubt.
func (w *window) accept(sent time.Time) (ended bool) {
	if !w.doubted() || !sent.After(w.doubt) {
		return false
	}
	w.accepted = sent
	return true
}

// at is when the i-th next send may go, from 0, if each one before it goes as soon as it may.
func (w *window) at(r Rate, i int, now time.Time) time.Time {
	length := r.Per + margins[w.margin]
	at := later(now, w.heldUntil())
	if !w.full.IsZero() {
		at = later(at, w.full.Add(length))
	}
	round, place := i/r.N, i%r.N
	if oldest := len(w.sent) - r.N + place; oldest >= 0 {
		at = later(at, w.sent[oldest].Add(length))
	}
	return at.Add(time.Duration(round) * length)
}

// used is how many sends count now.
func (w *window) used(r Rate, now time.Time) int {
	since := now.Add(-r.Per - margins[w.margin])
	if w.full.After(since) {
		return r.N
	}
	n := 0
	for n < len(w.sent) && w.sent[len(w.sent)-1-n].After(since) {
		n++
	}
	return n
}

// add counts a send.
func (w *window) add(now time.Time) {
	if n := len(w.sent); n > 0 {
		now = later(now, w.sent[n-1]) // the clock may have been set back a little
	}
	w.sent = append(w.sent, now)
	if w.doubted() {
		w.probe = now
	}
}

// drop forgets the sends that no window of length per, with any margin, holds any more.
func (w *window) drop(now time.Time, per time.Duration) {
	since := now.Add(-per - widest)
	n, _ := slices.BinarySearchFunc(w.sent, since, time.Time.Compare)
	w.sent = w.sent[n:]
}

// refused takes in a 429 for a request sent at a time: nothing goes for d, after which one goes first if the service asked
// for more, and the margin grows. Of requests that were under way together the first refusal alone counts: the others
// were sent at the old margin and say nothing about the new one.
func (w *window) refused(sent, now time.Time, d time.Duration, more bool) {
	if sent.After(w.widened) {
		w.margin = min(w.margin+1, len(margins)-1)
		w.widened = now
	}
	w.paused = later(w.paused, now.Add(d))
	if more || w.doubted() {
		w.doubt = now
	}
}

// learn takes over what 429s have told another window of the same bucket.
func (w *window) learn(from *window) {
	w.paused = later(w.paused, from.paused)
	w.margin = max(w.margin, from.margin)
	w.widened = later(w.widened, from.widened)
	w.doubt = later(w.doubt, from.doubt)
	w.probe = later(w.probe, from.probe)
	w.accepted = later(w.accepted, from.accepted)
}

// forget ends a margin's day.
func (w *window) forget(now time.Time) {
	if w.margin > 0 && now.Sub(w.widened) > marginLife {
		w.margin = 0
	}
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
