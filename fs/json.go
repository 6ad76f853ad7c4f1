package fs

import (
	"context"
	"io"
	"sync/atomic"
	"time"
)

// jsonMaker makes a file whose bytes come with the lists. Its version is a hash of the bytes.
type jsonMaker struct {
	f *file
	// now returns the file's bytes and their stamp.
	now shownNow
}

// shownNow returns the bytes that a file shows now, and their stamp.
type shownNow func(ctx context.Context) (*shown, time.Time, error)

// shown has bytes that a file shows, such as a list. They never change. Their last version is kept beside them: each
// lookup needs it, and hashing a list of 1,000 pages takes milliseconds.
type shown struct {
	bytes []byte
	last  atomic.Pointer[Version]
}

// version returns the version of the bytes under a stamp.
func (s *shown) version(stamp time.Time) Version {
	if v := s.last.Load(); v != nil && v.ModTime.Equal(stamp) {
		return *v
	}
	v := bytesVersion(s.bytes, stamp)
	s.last.Store(&v)
	return v
}

// newJSON makes a file of a unit from bytes that come with its lists; rel is the path of its folder, below the unit's.
func newJSON(u *unit, name, rel string, obj Object, now shownNow) *file {
	f := &file{u: u, name: name, rel: rel + name, obj: obj}
	f.make = &jsonMaker{f, now}
	return f
}

// at returns the current version and its bytes.
func (m *jsonMaker) at(ctx context.Context) (Version, []byte, error) {
	s, stamp, err := m.now(ctx)
	if err != nil {
		return Version{}, nil, err
	}
	v, err := m.f.versionSeen(ctx, s, stamp)
	return v, s.bytes, err
}

// version also stores the bytes, so that Size knows them before the first Open.
func (m *jsonMaker) version(ctx context.Context) (Version, error) {
	v, b, err := m.at(ctx)
	if err != nil {
		return Version{}, err
	}
	if _, known := m.f.Size(v); !known {
		// The bytes are at hand. If they are stored now, their size is exact from the start.
		c, err := m.f.u.t.store.Get(ctx, m.f.key(v), func(_ context.Context, w io.Writer) error { return writeAll(w, b) })
		if err != nil {
			return Version{}, err
		}
		c.Close()
	}
	return v, nil
}

// make writes the bytes if they are still those of v.
func (m *jsonMaker) make(ctx context.Context, v Version, w io.Writer, _ *try) error {
	now, b, err := m.at(ctx)
	if err != nil {
		return err
	}
	if now.Key != v.Key {
		return ErrStale
	}
	return writeAll(w, b)
}

func writeAll(w io.Writer, b []byte) error {
	_, err := w.Write(b)
	return err
}
