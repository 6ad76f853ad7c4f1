package coda

import (
	"sync"
	"time"
)

// stopwatch measures the time during which it is started at least once more than stopped:
// of several waits at a time it counts one.
type stopwatch struct {
	mu      sync.Mutex // guards all below
	running int
	since   time.Time // of the first start
	total   time.Duration
}

func (s *stopwatch) start() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running == 0 {
		s.since = time.Now()
	}
	s.running++
}

func (s *stopwatch) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running--; s.running == 0 {
		s.total += time.Since(s.since)
	}
}

// elapsed is the time so far, with that of a run that has not ended.
func (s *stopwatch) elapsed() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running > 0 {
		return s.total + time.Since(s.since)
	}
	return s.total
}

func (s *stopwatch) runs() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.running > 0
}

// reset begins anew: at zero, and still running if it ran.
func (s *stopwatch) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.total, s.since = 0, time.Now()
}
