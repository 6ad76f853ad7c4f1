package remote

import (
	"context"
	"errors"
	"io"
	iofs "io/fs"
	"time"

	"github.com/codafs/codafs/fs"
)

// Renew implements [fs.Renewable].
func (f *File) Renew(ctx context.Context, before time.Time) error {
	v, err := f.Version(ctx)
	if err != nil || v.Computed == fs.ComputedNot {
		return err
	}
	s := f.loadSeen(ctx, v)
	if v = s.version(v.OfStamps()); s.SHA256 == "" && !f.AtHand(v) || !f.fetchedAt(v).Before(before) {
		return nil
	}
	err = f.fetchAnew(ctx, v)
	if err != nil {
		if f.u.t.src.Class(err) != ClassOffline && !errors.Is(err, fs.ErrStale) {
			f.u.t.Failed(ctx, err, f.ofKind(), f.path())
		}
	}
	return err
}

// RenewIfOld implements [fs.Renewable].
func (f *File) RenewIfOld(ctx context.Context) error {
	t := f.u.t
	if f.Reload != nil {
		f.Reload()
	}
	v, err := f.Version(ctx)
	if err != nil || v.Computed != fs.ComputedVolatile || t.IsDown() || f.loadSeen(ctx, v).SHA256 == "" {
		return err // never fetched: Open will fetch it
	}
	before := t.opts.Now().Add(-t.opts.Refresh)
	if last := f.State.last.Load(); !f.fetchedAt(v).Before(before) || last != nil && last.key == f.seenKey(v.SettledStamps()) && t.opts.Now().Sub(last.at) < errLife {
		return nil
	}
	defer f.opened(false)()
	err = f.Renew(ctx, before)
	switch {
	case err == nil, errors.Is(err, fs.ErrStale): // ErrStale: the stamps moved, so there is another version
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	f.State.last.Store(&failedMake{f.seenKey(v.SettledStamps()), err, t.opts.Now()})
	if t.Passing(err) {
		return nil
	}
	return err
}

// fetchAnew fetches the bytes under the stamps of v, even if some are at hand.
func (f *File) fetchAnew(ctx context.Context, v fs.Version) error {
	got, next, err := f.renewed(ctx, v)
	if err != nil {
		return err
	}
	defer got.Close()
	return f.keepAs(ctx, next.version(v.OfStamps()), got, next)
}

// fetchAgain fetches the bytes of v, if other bytes may have been seen under its stamps before. If different bytes
// come, it keeps them for the version that they belong to, and returns ErrStale.
func (f *File) fetchAgain(ctx context.Context, v fs.Version) (fs.Content, error) {
	if f.loadSeen(ctx, v).version(v.OfStamps()).Key != v.Key {
		return nil, fs.ErrStale // these bytes cannot be fetched any more
	}
	return f.u.t.store.Get(ctx, f.key(v), func(ctx context.Context, w io.Writer) error {
		got, next, err := f.renewed(ctx, v)
		if err != nil {
			return err
		}
		defer got.Close()
		if now := next.version(v.OfStamps()); now.Key != v.Key {
			if err := f.keepAs(ctx, now, got, next); err != nil {
				return err
			}
			return fs.ErrStale
		}
		if err := f.remember(ctx, v, next); err != nil {
			return err
		}
		return fs.CopyTo(w, got)
	})
}

// renewed fetches the bytes under the stamps of v, and returns them with what is then known of them.
func (f *File) renewed(ctx context.Context, v fs.Version) (fs.Content, *seen, error) {
	first := v.OfStamps()
	next := &seen{stamps: v.SettledStamps(), FetchedAt: f.u.t.opts.Now()}
	got, err := f.fill(ctx, f.u.t.store.Put, f.u.Key("renewed-"+string(f.kind), f.obj.ID, first.Key), first)
	if err != nil {
		return nil, nil, err
	}
	if next.SHA256, err = fs.SumOf(got); err != nil {
		got.Close()
		return nil, nil, err
	}
	if last := f.lastSeen(ctx, first); last.SHA256 != "" {
		was := fs.Seen{SHA256: last.SHA256, ModTime: last.version(first).ModTime, Since: last.Since}
		next.Since = was.Next(next.SHA256, first.ModTime, true, next.FetchedAt).Since
	}
	return got, next, nil
}

// keepAs stores bytes as those of v.
func (f *File) keepAs(ctx context.Context, v fs.Version, got fs.Content, s *seen) error {
	c, err := f.u.t.store.Put(ctx, f.key(v), func(_ context.Context, w io.Writer) error { return fs.CopyTo(w, got) })
	if err != nil {
		return err
	}
	c.Close()
	return f.remember(ctx, v, s)
}

// remember stores what is known of the bytes of v, unless the Store knows all of it anyway.
func (f *File) remember(ctx context.Context, v fs.Version, s *seen) error {
	if v.Computed != fs.ComputedVolatile && s.Since.IsZero() {
		return nil
	}
	return f.keepSeen(ctx, s)
}

// OpenSince opens the file at a path from the root. Computed bytes (see [fs.Computed]) were fetched no earlier than since.
func (t *Tree) OpenSince(ctx context.Context, path string, since time.Time) (io.ReadCloser, error) {
	n, err := fs.Walk(ctx, t.Root(), path)
	if err != nil {
		return nil, err
	}
	f, ok := n.(*File)
	if !ok {
		return nil, &iofs.PathError{Op: "open", Path: path, Err: iofs.ErrInvalid}
	}
	c, v, err := f.OpenSince(ctx, since)
	if err != nil {
		return nil, &iofs.PathError{Op: "open", Path: path, Err: err}
	}
	return fs.Opened(f, c, v), nil
}

// OpenSince implements [control.File]: it fetches computed bytes again if they are older than since, and opens the current version.
func (f *File) OpenSince(ctx context.Context, since time.Time) (fs.Content, fs.Version, error) {
	// If the stamps move meanwhile there is another version, which was never fetched.
	if err := f.Renew(ctx, since); err != nil && !errors.Is(err, fs.ErrStale) {
		return nil, fs.Version{}, err
	}
	return fs.OpenCurrent(ctx, f)
}
