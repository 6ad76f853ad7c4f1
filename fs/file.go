package fs

import (
	"context"
	"io"
	"time"
)

// file is a file of the tree. What differs from kind to kind is in its maker.
type file struct {
	d    *doc
	name string
	rel  string // its path below the doc's folder
	obj  Object
	make maker
}

// maker makes the bytes of one kind of file.
type maker interface {
	// version is the version that make would give now.
	version(ctx context.Context) (Version, error)
	// make writes the bytes of v, or fails with ErrStale where they can no longer be had.
	make(ctx context.Context, v Version, w io.Writer) error
}

func (f *file) Name() string   { return f.name }
func (f *file) Object() Object { return f.obj }
func (f *file) path() string   { return f.d.path() + "/" + f.rel }

func (f *file) key(v Version) string { return f.d.key(string(f.obj.Kind), f.obj.ID, v.Key) }

func (f *file) Size(v Version) (int64, bool) { return f.d.t.store.Size(f.key(v)) }

func (f *file) Version(ctx context.Context) (Version, error) {
	v, err := f.make.version(ctx)
	if err != nil {
		f.d.t.failed(ctx, err, f.obj, f.path())
	}
	return v, err
}

func (f *file) Open(ctx context.Context, v Version) (Content, error) {
	store, key := f.d.t.store, f.key(v)
	if c, ok := store.Lookup(ctx, key); ok {
		return c, nil
	}
	now, err := f.Version(ctx)
	if err != nil {
		return nil, err
	}
	if now.Key != v.Key {
		return nil, ErrStale
	}
	c, err := store.Get(ctx, key, func(ctx context.Context, w io.Writer) error { return f.make.make(ctx, v, w) })
	if err != nil {
		f.d.t.failed(ctx, err, f.obj, f.path())
	}
	return c, err
}

// failed notes why something could not be had. A caller that gave up is no failure.
func (t *Tree) failed(ctx context.Context, err error, obj Object, path string) {
	if ctx.Err() == nil {
		t.failures.add(FailureOf(err, obj, path), t.opts.Now())
	}
}

// jsonMaker makes a file whose bytes come with the listings: its version is their hash.
type jsonMaker struct {
	f     *file
	bytes func(ctx context.Context) ([]byte, time.Time, error)
}

func (m *jsonMaker) version(ctx context.Context) (Version, error) {
	b, modTime, err := m.bytes(ctx)
	if err != nil {
		return Version{}, err
	}
	v := bytesVersion(b, modTime)
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

func (m *jsonMaker) make(ctx context.Context, v Version, w io.Writer) error {
	b, modTime, err := m.bytes(ctx)
	if err != nil {
		return err
	}
	if bytesVersion(b, modTime).Key != v.Key {
		return ErrStale
	}
	return writeAll(w, b)
}

func writeAll(w io.Writer, b []byte) error {
	_, err := w.Write(b)
	return err
}

// newJSON makes a file of a doc from bytes that come with its listings.
func newJSON(d *doc, name, rel string, obj Object, bytes func(context.Context) ([]byte, time.Time, error)) *file {
	f := &file{d: d, name: name, rel: rel + name, obj: obj}
	f.make = &jsonMaker{f, bytes}
	return f
}
