package fs

import (
	"context"
	"io"
	"time"
)

// jsonMaker makes a file whose bytes come with the listings: its version is their hash.
type jsonMaker struct {
	f *file
	// bytes gives the file's bytes and their stamp.
	bytes func(ctx context.Context) ([]byte, time.Time, error)
}

// newJSON makes a file of a doc from bytes that come with its listings; rel is its folder's
// path below the doc's.
func newJSON(d *doc, name, rel string, obj Object, bytes func(context.Context) ([]byte, time.Time, error)) *file {
	f := &file{d: d, name: name, rel: rel + name, obj: obj}
	f.make = &jsonMaker{f, bytes}
	return f
}

// at is the file as of now.
func (m *jsonMaker) at(ctx context.Context) (Version, []byte, error) {
	b, stamp, err := m.bytes(ctx)
	if err != nil {
		return Version{}, nil, err
	}
	v, err := m.f.versionSeen(ctx, b, stamp)
	return v, b, err
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
