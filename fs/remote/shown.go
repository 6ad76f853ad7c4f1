package remote

import (
	"context"
	"io"
	"time"

	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/remote/load"
	"github.com/codafs/codafs/fs/render"
)

// shownRenderer makes a file whose bytes come with the lists. Its version is a hash of the bytes.
type shownRenderer struct {
	f *File
	// now returns the file's bytes and their stamp.
	now ShownNow
}

// ShownNow returns the bytes that a file shows now, and their stamp.
type ShownNow func(ctx context.Context) (*load.Shown, time.Time, error)

// NewShownFile is [Unit.NewFile] for bytes that come with the unit's lists.
func (u *Unit) NewShownFile(name, rel string, obj fs.Object, now ShownNow) *File {
	f := u.NewFile(name, rel, obj, nil)
	f.renderer = &shownRenderer{f, now}
	return f
}

// at returns the current version and its bytes.
func (m *shownRenderer) at(ctx context.Context) (fs.Version, *load.Shown, error) {
	s, stamp, err := m.now(ctx)
	if err != nil {
		return fs.Version{}, nil, err
	}
	v, err := m.f.versionSeen(ctx, s, stamp)
	return v, s, err
}

// Version also stores the bytes, so that Size knows them before the first Open.
func (m *shownRenderer) Version(ctx context.Context) (fs.Version, error) {
	v, s, err := m.at(ctx)
	if err != nil {
		return fs.Version{}, err
	}
	if _, known := m.f.Size(v); !known {
		// The bytes are at hand. If they are stored now, their size is exact from the start.
		c, err := m.f.u.t.store.Get(ctx, m.f.key(v), func(ctx context.Context, w io.Writer) error { return writeShown(ctx, w, s) })
		if err != nil {
			return fs.Version{}, err
		}
		c.Close()
	}
	return v, nil
}

func writeShown(ctx context.Context, w io.Writer, s *load.Shown) error {
	b, err := s.Bytes(ctx)
	if err != nil {
		return err
	}
	return render.Write(w, b)
}

// Render writes the bytes if they are still those of v.
func (m *shownRenderer) Render(ctx context.Context, v fs.Version, w io.Writer, _ *Try) error {
	now, s, err := m.at(ctx)
	if err != nil {
		return err
	}
	if now.Key != v.Key {
		return fs.ErrStale
	}
	return writeShown(ctx, w, s)
}

// memo has the key of a file's version by its stamp alone, and the version as it was seen; nil if that is the same.
type memo struct {
	stamped string
	is      *fs.Version
}

// versionSeen returns the version of bytes that are at hand. The Store remembers what was seen, for all processes.
func (f *File) versionSeen(ctx context.Context, now *load.Shown, stamp time.Time) (fs.Version, error) {
	stamped, err := now.Version(ctx, stamp)
	if err != nil {
		return fs.Version{}, err
	}
	f.u.seenMu.Lock() // held during Store calls: if two find the same change, it must get one time
	defer f.u.seenMu.Unlock()
	if m, ok := f.u.seen[f.sizeKey()]; ok && m.stamped == stamped.Key {
		if m.is == nil {
			return stamped, nil
		}
		return *m.is, nil
	}
	store, key := f.u.t.store, f.u.Key("first-seen-"+string(f.kind), f.obj.ID, "")
	last, found := fs.LookupJSON[fs.Seen](ctx, store, key)
	if at, ok := store.Filled(key); ok && !found {
		last.ModTime = at // evicted: a needless new time is better than a change that nobody sees
	}
	next := last.Next(now.Sum(), stamp, f.Reload != nil, f.u.t.opts.Now())
	if next != last {
		if err := fs.PutJSON(ctx, store, key, next); err != nil {
			return fs.Version{}, err
		}
	}
	is := stamped
	if !next.ModTime.Equal(stamp) {
		b, err := now.Bytes(ctx)
		if err != nil {
			return fs.Version{}, err
		}
		is = fs.BytesVersion(b, next.ModTime)
	}
	is.Since = next.Since
	if f.u.seen == nil {
		f.u.seen = map[string]memo{}
	}
	m := memo{stamped: stamped.Key}
	if is != stamped {
		m.is = &is
	}
	f.u.seen[f.sizeKey()] = m
	return is, nil
}
