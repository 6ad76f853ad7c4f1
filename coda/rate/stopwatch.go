package rate

import (
	"sync"
	"time"
)

// Stopwatch measures the time during which it is started at least once more than stopped:
// of several waits at a time it counts one. It is safe for concurrent use.
type Stopwatch struct {
	mu      sync.Mutex // guards all below
	running int
	since   time.Time // of the first start
	total   time.Duration
}

// Start begins a wait.
func (s *Stopwatch) Start() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running == 0 {
		s.since = time.Now()
	}
	s.running++
}

// Stop ends one.
func (s *Stopwatch) Stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running--; s.running == 0 {
		s.total += time.Since(s.since)
	}
}

// Elapsed is the time so far, with that of a run that has not ended.
func (s *Stopwatch) Elapsed() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running > 0 {
		return s.total + time.Since(s.since)
	}
	return s.total
}

// Runs reports whether a wait is under way.
func (s *Stopwatch) Runs() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.running > 0
}

// Reset begins anew: at zero, and still running if it ran.
func (s *Stopwatch) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.total, s.since = 0, time.Now()
}
