package fs

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"time"
)

// file is a file of the tree. Its maker is what differs from kind to kind.
type file struct {
	u    *unit
	name string
	rel  string // its path below the unit's folder
	obj  Object
	make maker
	// stamps adds to obj what is not known when the file is first named; it may be nil.
	stamps func(*Object)
	// renew asks again for data that has no stamp, if it is too old. It is nil for data with stamps.
	renew func()
	// ahead says whether the bytes are fetched ahead of a program that reads file by file.
	ahead aheadMode
	last  atomic.Pointer[failedMake]
	seen  atomic.Pointer[seen] // of computed bytes; nil until first used
}

// aheadMode says whether and how a file is fetched ahead of its reader.
type aheadMode int

const (
	aheadNever  aheadMode = iota // its bytes come with the lists
	aheadFinish                  // a fetch that was begun is finished: it costs nothing more
	aheadCancel                  // a fetch ends when the reader is gone: it may be long
)

// maker makes the bytes of one kind of file.
type maker interface {
	// version returns the version that make would write now.
	version(ctx context.Context) (Version, error)
	// make writes the bytes of v. It returns ErrStale if v is no longer current, and errMoved if the data changed
	// during the first try. In the last try it adds what is odd about the bytes to t instead.
	make(ctx context.Context, v Version, w io.Writer, t *try) error
}

// describer is a maker that completes the file's entry in the index. It may fail with a fatal error alone.
type describer interface {
	describe(ctx context.Context, e *Entry) error
}

// estimator is a maker that knows how large its bytes may be: see [File.Estimate].
type estimator interface{ estimate() int64 }

// failedMake is a version that could not be made. Open repeats its error for errLife.
type failedMake struct {
	key string
	err error
	at  time.Time
}

func (f *file) Name() string { return f.name }

// Object implements [Node]. Stamps that are not known yet are zero.
func (f *file) Object() Object {
	o := f.obj
	if f.stamps != nil {
		f.stamps(&o)
	}
	return o
}

func (f *file) path() string { return f.u.path() + "/" + f.rel }

func (f *file) key(v Version) string { return f.u.key(string(f.obj.Kind), f.obj.ID, v.Key) }

func (f *file) Size(v Version) (int64, bool) { return f.u.t.store.Size(f.key(v)) }

func (f *file) AtHand(v Version) bool { return f.u.t.store.Has(f.key(v)) }

// Version implements [File]. While the service is down and the current bytes are not at hand, it returns the young
// version if the bytes of that are.
func (f *file) Version(ctx context.Context) (Version, error) {
	v, err := f.make.version(ctx)
	if err != nil {
		f.u.t.failed(ctx, err, f.obj, f.path())
		return v, err
	}
	v.Unstamped = f.renew != nil || v.Computed == ComputedVolatile
	now := f.asSeen(ctx, v)
	if f.u.t.isDown() && !now.Young() && !f.has(ctx, now) {
		// Bytes that were fetched when the version was young are better than nothing.
		if young := f.asSeen(ctx, v.young()); f.has(ctx, young) {
			return young, nil
		}
	}
	return now, nil
}

// has reports whether the bytes of v are at hand. It opens them, so that damaged ones do not count.
func (f *file) has(ctx context.Context, v Version) bool {
	c, ok := f.u.t.store.Lookup(ctx, f.key(v))
	if ok {
		c.Close()
	}
	return ok
}

// Open implements [File]. It repeats a failure for errLife without a request. All failures are recorded, except
// ErrStale and the end of ctx.
func (f *file) Open(ctx context.Context, v Version) (Content, error) {
	t, key := f.u.t, f.key(v)
	c, ok := t.store.Lookup(ctx, key)
	defer t.ahead.opened(f, ok)()
	if ok {
		f.u.sizes.Store(f.sizeKey(), c.Size())
		return c, nil
	}
	if last := f.last.Load(); last != nil && last.key == key && t.opts.Now().Sub(last.at) < errLife {
		return nil, last.err
	}
	c, err := f.fetch(ctx, v)
	if err == nil {
		f.u.sizes.Store(f.sizeKey(), c.Size())
		return c, nil
	}
	if ctx.Err() == nil && !errors.Is(err, ErrStale) {
		f.last.Store(&failedMake{key, err, t.opts.Now()})
		t.failed(ctx, err, f.obj, f.path())
	}
	return nil, err
}

// fetch makes the bytes of v, which are not at hand.
func (f *file) fetch(ctx context.Context, v Version) (Content, error) {
	if f.hasStamps() && (v.Computed == ComputedVolatile || f.lastSeen(ctx, v).SHA256 != "") {
		return f.fetchAgain(ctx, v)
	}
	return f.fill(ctx, f.u.t.store.Get, f.key(v), v)
}

// filled is [Store.Get] or [Store.Put].
type filled func(ctx context.Context, key string, fill func(context.Context, io.Writer) error) (Content, error)

// fill makes the file under a key of the Store, a second time if the data changed meanwhile.
func (f *file) fill(ctx context.Context, into filled, key string, v Version) (c Content, err error) {
	err = f.u.t.twice(func(t *try) error {
		c, err = into(ctx, key, func(ctx context.Context, w io.Writer) error { return f.write(ctx, v, w, t) })
		return err
	})
	return c, err
}

// write makes the bytes of v, and reports what is odd about them.
func (f *file) write(ctx context.Context, v Version, w io.Writer, t *try) error {
	err := f.make.make(ctx, v, w, t)
	if err == nil {
		f.u.t.warned(f.obj, f.path(), t)
	}
	return err
}

// noteGaps records gaps that last, such as objects left out for their ids.
func (t *Tree) noteGaps(gaps []Failure) {
	for _, f := range gaps {
		t.failures.note(f, t.opts.Now())
	}
}

// failed records why something could not be read. A caller that gave up is no failure.
func (t *Tree) failed(ctx context.Context, err error, obj Object, path string) {
	if ctx.Err() == nil {
		t.failures.add(t.FailureOf(err, obj, path), t.opts.Now())
	}
}
