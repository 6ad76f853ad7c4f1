package fs

import (
	"context"
	"io"
	"sync/atomic"
	"time"
)

// jsonMaker makes a file whose bytes come with the listings: its version is their hash.
type jsonMaker struct {
	f *file
	// now gives the file's bytes and their stamp.
	now shownNow
}

// shownNow gives the bytes that a file shows as of now, and their stamp.
type shownNow func(ctx context.Context) (*shown, time.Time, error)

// shown is bytes that a file shows, such as a list. The version that they had last is kept beside them: each lookup
// asks for it, and to hash a list of 1,000 pages takes milliseconds. The bytes never change.
type shown struct {
	bytes []byte
	last  atomic.Pointer[Version]
}

// version is the version of the bytes under a stamp.
func (s *shown) version(stamp time.Time) Version {
	if v := s.last.Load(); v != nil && v.ModTime.Equal(stamp) {
		return *v
	}
	v := bytesVersion(s.bytes, stamp)
	s.last.Store(&v)
	return v
}

// newJSON makes a file of a doc from bytes that come with its listings; rel is its folder's
// path below the doc's.
func newJSON(d *doc, name, rel string, obj Object, now shownNow) *file {
	f := &file{d: d, name: name, rel: rel + name, obj: obj}
	f.make = &jsonMaker{f, now}
	return f
}

// at is the file as of now.
func (m *jsonMaker) at(ctx context.Context) (Version, []byte, error) {
	s, stamp, err := m.now(ctx)
	if err != nil {
		return Version{}, nil, err
	}
	v, err := m.f.versionSeen(ctx, s, stamp)
	return v, s.bytes, err
}

func (m *jsonMaker) version(ctx context.Context) (Version, error) {
	v, b, err := m.at(ctx)
	if err != nil {
		return Version{}, err
	}
	if _, known := m.f.Size(v); !known {
		// The bytes are at hand: stored now, their size is exact from the start.
		c, err := m.f.d.t.store.Get(ctx, m.f.key(v), func(_ context.Context, w io.Writer) error { return writeAll(w, b) })
		if err != nil {
			return Version{}, err
		}
		c.Close()
	}
	return v, nil
}

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
