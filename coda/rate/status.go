package rate

import (
	"maps"
	"slices"
	"time"
)

// Status reports how a rate class is used, by all processes that share its bucket.
type Status struct {
	Class Class
	Rate  Rate
	// Used is how many of the Rate.N sends of the current window are used up.
	Used int
	// Interactive and Background are how many requests wait.
	Interactive, Background int
	// Left is how many sends are planned ([Limiter.Plan]), with those that wait already.
	Left int
	// Processes are the ids of the processes that have something to send.
	Processes []int
	// PausedUntil is when the pause ends that a 429 brought, zero if there is none.
	PausedUntil time.Time
	// Margin is added to Rate.Per. Each 429 widens it for a day.
	Margin time.Duration
	// FreeAt is when the next request may be sent: now, or later.
	FreeAt time.Time
	// DoneAt is when all that waits or is planned can have been sent, zero if nothing is.
	DoneAt time.Time
}

// status reports how the bucket is used, by this process as it is now and by others as s says.
func (b *bucket) status(s *state, now time.Time) Status {
	b.mu.Lock()
	defer b.mu.Unlock()
	id := ""
	if b.file != nil {
		id = b.file.id
	}
	s.note(id, b.class, now, b.counts(), b.left)
	w, _ := s.window(b.class, b.rate)
	w.learn(&b.own)
	w.drop(now, b.rate.Per)
	b.own.drop(now, b.rate.Per)
	if len(b.own.sent) > len(w.sent) { // the file is not in use
		w.sent = b.own.sent
	}
	return s.status(b.class, b.rate, w, now)
}

// ReadStatus reports how the processes that share a state file ([Options.StateFile]) use the
// classes now, in the order of their names; rates are for those that have not been used. If no
// process has ever run, the error is one for [io/fs.ErrNotExist].
func ReadStatus(stateFile string, rates map[Class]Rate) ([]Status, error) {
	s, err := peek(stateFile)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	var out []Status
	for _, class := range slices.Sorted(maps.Keys(rates)) {
		r := rates[class]
		if b := (Rate{s.Buckets[class].N, s.Buckets[class].Per}); b.Valid() {
			r = b
		}
		w, _ := s.window(class, r)
		out = append(out, s.status(class, r, w, now))
	}
	return out, nil
}

func (s *state) status(class Class, r Rate, w *window, now time.Time) Status {
	w.forget(now)
	b := Status{Class: class, Rate: r, Used: w.used(r, now), Margin: margins[w.margin], FreeAt: w.at(r, 0, now)}
	if held := w.heldUntil(); held.After(now) {
		b.PausedUntil = held
	}
	work := 0
	for _, p := range s.Processes {
		waiting := p.Waiting[class]
		todo := max(waiting[Interactive]+waiting[InBackground], p.Left[class])
		if todo == 0 {
			continue
		}
		work += todo
		b.Interactive += waiting[Interactive]
		b.Background += waiting[InBackground]
		b.Left += p.Left[class]
		b.Processes = append(b.Processes, p.PID)
	}
	slices.Sort(b.Processes)
	if work > 0 {
		b.DoneAt = w.at(r, work-1, now)
	}
	return b
}
