package remote

import (
	"context"
	"io"
	"sync/atomic"
	"time"

	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/render"
)

// shownRenderer makes a file whose bytes come with the lists. Its version is a hash of the bytes.
type shownRenderer struct {
	f *File
	// now returns the file's bytes and their stamp.
	now ShownNow
}

// ShownNow returns the bytes that a file shows now, and their stamp.
type ShownNow func(ctx context.Context) (*Shown, time.Time, error)

// Shown has bytes that a file shows, such as a list. They never change. Their last version is kept beside them: each
// lookup needs it, and hashing a list of 1,000 pages takes milliseconds.
type Shown struct {
	Bytes []byte
	last  atomic.Pointer[fs.Version]
}

// Version returns the version of the bytes under a stamp.
func (s *Shown) Version(stamp time.Time) fs.Version {
	if v := s.last.Load(); v != nil && v.ModTime.Equal(stamp) {
		return *v
	}
	v := fs.BytesVersion(s.Bytes, stamp)
	s.last.Store(&v)
	return v
}

// NewShownFile is [Unit.NewFile] for bytes that come with the unit's lists.
func (u *Unit) NewShownFile(name, rel string, obj fs.Object, now ShownNow) *File {
	f := u.NewFile(name, rel, obj, nil)
	f.renderer = &shownRenderer{f, now}
	return f
}

// NewShown are bytes that a file shows. Nobody may change them from then on.
func NewShown(b []byte) *Shown { return &Shown{Bytes: b} }

// at returns the current version and its bytes.
func (m *shownRenderer) at(ctx context.Context) (fs.Version, []byte, error) {
	s, stamp, err := m.now(ctx)
	if err != nil {
		return fs.Version{}, nil, err
	}
	v, err := m.f.versionSeen(ctx, s, stamp)
	return v, s.Bytes, err
}

// Version also stores the bytes, so that Size knows them before the first Open.
func (m *shownRenderer) Version(ctx context.Context) (fs.Version, error) {
	v, b, err := m.at(ctx)
	if err != nil {
		return fs.Version{}, err
	}
	if _, known := m.f.Size(v); !known {
		// The bytes are at hand. If they are stored now, their size is exact from the start.
		c, err := m.f.u.t.store.Get(ctx, m.f.key(v), func(_ context.Context, w io.Writer) error { return render.Write(w, b) })
		if err != nil {
			return fs.Version{}, err
		}
		c.Close()
	}
	return v, nil
}

// Render writes the bytes if they are still those of v.
func (m *shownRenderer) Render(ctx context.Context, v fs.Version, w io.Writer, _ *Try) error {
	now, b, err := m.at(ctx)
	if err != nil {
		return err
	}
	if now.Key != v.Key {
		return fs.ErrStale
	}
	return render.Write(w, b)
}

// memo has the version of a file by its stamp alone, and the version as it was seen.
type memo struct{ stamped, is fs.Version }

// versionSeen returns the version of bytes that are at hand. The Store remembers what was seen, for all processes.
func (f *File) versionSeen(ctx context.Context, now *Shown, stamp time.Time) (fs.Version, error) {
	stamped := now.Version(stamp)
	f.u.seenMu.Lock() // held during Store calls: if two find the same change, it must get one time
	defer f.u.seenMu.Unlock()
	if m, ok := f.u.seen[f.sizeKey()]; ok && m.stamped == stamped {
		return m.is, nil
	}
	store, key := f.u.t.store, f.u.Key("first-seen-"+string(f.obj.Kind), f.obj.ID, "")
	last, found := fs.LookupJSON[fs.Seen](ctx, store, key)
	if at, ok := store.Filled(key); ok && !found {
		last.ModTime = at // evicted: a needless new time is better than a change that nobody sees
	}
	next := last.Next(fs.BytesVersion(now.Bytes, time.Time{}).Key, stamp, f.Reload != nil, f.u.t.opts.Now())
	if next != last {
		if err := fs.PutJSON(ctx, store, key, next); err != nil {
			return fs.Version{}, err
		}
	}
	is := stamped
	if !next.ModTime.Equal(stamp) {
		is = fs.BytesVersion(now.Bytes, next.ModTime)
	}
	is.Since = next.Since
	if f.u.seen == nil {
		f.u.seen = map[string]memo{}
	}
	f.u.seen[f.sizeKey()] = memo{stamped, is}
	return is, nil
}
