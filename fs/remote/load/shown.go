package load

import (
	"context"
	"sync"
	"time"

	"github.com/codafs/codafs/fs"
)

// Shown has bytes that a file shows, such as a list. They never change. The bytes of a large list are not held ([NewKept]): their
// hash stays, and they are read from where they are kept when somebody needs them. It may be used by many goroutines.
type Shown struct {
	held []byte
	// again reads bytes that are not held, of which it gets the Sum; nil if they are held.
	again func(ctx context.Context, sum string) ([]byte, error)

	mu   sync.Mutex // guards all below; not held while bytes are read
	sum  string     // "" until it is first asked for; always set if again is
	last fs.Version // the last version; each lookup needs it, and hashing a list of 1,000 pages takes milliseconds
}

// NewShown are bytes that are held. Nobody may change them from then on.
func NewShown(b []byte) *Shown { return &Shown{held: b} }

// NewKept are bytes that are not held: again reads those with a [Sum], or fails with [fs.ErrStale] if they are gone. stamp is the one
// that they will most likely be shown under.
func NewKept(b []byte, stamp time.Time, again func(ctx context.Context, sum string) ([]byte, error)) *Shown {
	return &Shown{again: again, sum: Sum(b), last: fs.BytesVersion(b, stamp)}
}

// Sum is a hash of bytes: the key of their version without a stamp.
func Sum(b []byte) string { return fs.BytesVersion(b, time.Time{}).Key }

// Bytes returns the bytes, which nobody may change.
func (s *Shown) Bytes(ctx context.Context) ([]byte, error) {
	if s.again == nil {
		return s.held, nil
	}
	return s.again(ctx, s.sum)
}

// Sum is that of the bytes.
func (s *Shown) Sum() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sum == "" {
		s.sum = Sum(s.held)
	}
	return s.sum
}

// Version returns the version of the bytes under a stamp. It reads bytes that are not held if the stamp is another than the last one.
func (s *Shown) Version(ctx context.Context, stamp time.Time) (fs.Version, error) {
	s.mu.Lock()
	last := s.last
	s.mu.Unlock()
	if last.Key != "" && last.ModTime.Equal(stamp) {
		return last, nil
	}
	b, err := s.Bytes(ctx)
	if err != nil {
		return fs.Version{}, err
	}
	last = fs.BytesVersion(b, stamp)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = last
	return last, nil
}
