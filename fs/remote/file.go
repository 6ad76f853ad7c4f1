package remote

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"time"

	"github.com/codafs/codafs/fs"
)

// File is a file of the tree. Its renderer is what differs from kind to kind. A source makes it with [Unit.NewFile], and sets the
// exported fields before anybody else has it. It holds no bytes and no version, and may be used by many goroutines.
type File struct {
	u        *Unit
	name     string
	rel      string // the path of its folder below the unit's, with a slash at the end if it is not ""
	kind     fs.Kind
	obj      *fs.Object // but for its kind, it may be that of other nodes of the object, too
	renderer Renderer
	// Stamps adds to obj what is not known when the file is first named; it may be nil.
	Stamps func(*fs.Object)
	// Reload asks again for data that has no stamp, if it is too old. It is nil for data with stamps.
	Reload func()
	// Ahead says whether the bytes are fetched ahead of a program that reads file by file.
	Ahead AheadMode
	// State is that of the file. A source that makes several nodes of one file gives them all the same one, before anybody else has them.
	State *State
}

// State is what a tree remembers of a file besides the Store.
type State struct {
	last atomic.Pointer[failedMake]
	seen atomic.Pointer[seen] // what the Store remembers of computed bytes; nil until that was looked for, and found
	// none is the beginning of the stamps of which the Store remembers nothing: those of nearly all files.
	none atomic.Uint64
}

// NewFile makes a file of the unit; rel is the path of its folder, below the unit's, with a slash at the end if it is not "".
func (u *Unit) NewFile(name, rel string, obj fs.Object, m Renderer) *File {
	return u.NewFileOf(name, rel, obj.Kind, &obj, m)
}

// NewFileOf is NewFile for an object that several nodes share: many are known to the kernel. obj has the kind of any of them, and never changes.
func (u *Unit) NewFileOf(name, rel string, kind fs.Kind, obj *fs.Object, m Renderer) *File {
	return &File{u: u, name: name, rel: rel, kind: kind, obj: obj, renderer: m, State: new(State)}
}

// Renderer makes the bytes of one kind of file.
type Renderer interface {
	// Version returns the version that Render would write now. It may load lists, and sends nothing else. Its errors
	// are those of the lists, or ErrNotExist if they lack the object.
	Version(ctx context.Context) (fs.Version, error)
	// Render writes the bytes of v. It returns [fs.ErrStale] if v is no longer current, and [ErrMoved] if the data changed
	// during the first try. In the last try it adds what is odd about the bytes to t instead. What it wrote before an
	// error is thrown away.
	Render(ctx context.Context, v fs.Version, w io.Writer, t *Try) error
}

// Describer is a renderer that has more to say of the file than its object and version do.
type Describer interface {
	// Describe completes the file's entry in the index. It may fail with a fatal error alone: see [Tree.Fatal].
	Describe(ctx context.Context, e *fs.Entry) error
}

// Estimator is a renderer that knows how large its bytes may be: see [File.Estimate].
type Estimator interface {
	// Estimate returns a number of bytes, rather too large than too small. It sends nothing.
	Estimate() int64
}

// failedMake is a version that could not be made. Open repeats its error for errLife.
type failedMake struct {
	key string
	err error
	at  time.Time
}

// Name implements [fs.Node].
func (f *File) Name() string { return f.name }

// Object implements [fs.Node]. Stamps that are not known yet are zero.
func (f *File) Object() fs.Object {
	o := f.ofKind()
	if f.Stamps != nil {
		f.Stamps(&o)
	}
	return o
}

// ofKind is Object without Stamps.
func (f *File) ofKind() fs.Object {
	o := *f.obj
	o.Kind = f.kind
	return o
}

func (f *File) path() string { return f.u.Path() + "/" + f.rel + f.name }

func (f *File) key(v fs.Version) string { return f.u.Key(string(f.kind), f.obj.ID, v.Key) }

// Size implements [fs.File]. It asks the store alone, which knows the sizes of evicted contents, too.
func (f *File) Size(v fs.Version) (int64, bool) { return f.u.t.store.Size(f.key(v)) }

// AtHand implements [fs.File].
func (f *File) AtHand(v fs.Version) bool { return f.u.t.store.Has(f.key(v)) }

// Version implements [fs.File]. While the service is down and the current bytes are not at hand, it returns the young
// version if the bytes of that are.
func (f *File) Version(ctx context.Context) (fs.Version, error) {
	v, err := f.renderer.Version(ctx)
	if err != nil {
		f.u.t.Failed(ctx, err, f.ofKind(), f.path())
		return v, err
	}
	v.Unstamped = f.Reload != nil || v.Computed == fs.ComputedVolatile
	now := f.asSeen(ctx, v)
	if f.u.t.IsDown() && !now.Young() && !f.has(ctx, now) {
		// Bytes that were fetched when the version was young are better than nothing.
		if young := f.asSeen(ctx, v.AsYoung()); f.has(ctx, young) {
			return young, nil
		}
	}
	return now, nil
}

// has reports whether the bytes of v are at hand. It opens them, so that damaged ones do not count.
func (f *File) has(ctx context.Context, v fs.Version) bool {
	c, ok := f.u.t.store.Lookup(ctx, f.key(v))
	if ok {
		c.Close()
	}
	return ok
}

// Open implements [fs.File]. It repeats a failure for errLife without a request. All failures are recorded, except
// [fs.ErrStale] and the end of ctx.
func (f *File) Open(ctx context.Context, v fs.Version) (fs.Content, error) {
	t, key := f.u.t, f.key(v)
	c, ok := t.store.Lookup(ctx, key)
	defer f.opened(ok)()
	if ok {
		t.sizes.Add(f.u.ID+f.sizeKey(), c.Size())
		return c, nil
	}
	if last := f.State.last.Load(); last != nil && last.key == key && t.opts.Now().Sub(last.at) < errLife {
		return nil, last.err
	}
	c, err := f.fetch(ctx, v)
	if err == nil {
		t.sizes.Add(f.u.ID+f.sizeKey(), c.Size())
		return c, nil
	}
	if ctx.Err() == nil && !errors.Is(err, fs.ErrStale) {
		f.State.last.Store(&failedMake{key, err, t.opts.Now()})
		t.Failed(ctx, err, f.ofKind(), f.path())
	}
	return nil, err
}

// fetch makes the bytes of v, which are not at hand.
func (f *File) fetch(ctx context.Context, v fs.Version) (fs.Content, error) {
	if f.hasStamps() && (v.Computed == fs.ComputedVolatile || f.lastSeen(ctx, v).SHA256 != "") {
		return f.fetchAgain(ctx, v)
	}
	return f.fill(ctx, f.u.t.store.Get, f.key(v), v)
}

// filled is [fs.Store.Get] or [fs.Store.Put].
type filled func(ctx context.Context, key string, fill func(context.Context, io.Writer) error) (fs.Content, error)

// fill makes the file under a key of the Store, a second time if the data changed meanwhile.
func (f *File) fill(ctx context.Context, into filled, key string, v fs.Version) (c fs.Content, err error) {
	err = f.u.t.twice(func(t *Try) error {
		c, err = into(ctx, key, func(ctx context.Context, w io.Writer) error { return f.write(ctx, v, w, t) })
		return err
	})
	return c, err
}

// write makes the bytes of v, and reports what is odd about them.
func (f *File) write(ctx context.Context, v fs.Version, w io.Writer, t *Try) error {
	err := f.renderer.Render(ctx, v, w, t)
	if err == nil {
		f.u.t.warned(f.ofKind(), f.path(), t)
	}
	return err
}

// NoteGaps records gaps that last, such as objects left out for their ids.
func (t *Tree) NoteGaps(gaps []fs.Failure) {
	for _, f := range gaps {
		t.failures.Note(f, t.opts.Now())
	}
}

// Failed records why something could not be read. A caller that gave up is no failure.
func (t *Tree) Failed(ctx context.Context, err error, obj fs.Object, path string) {
	if ctx.Err() == nil {
		t.failures.Add(t.FailureOf(err, obj, path), t.opts.Now())
	}
}

// Estimates are for programs that only show sizes. They are larger than every size seen so far: a program that believes
// one should read too far rather than too little.
const (
	// EstimateUnknown is for a text that was never fetched, or a table of which nothing is known.
	EstimateUnknown = 4 << 20
	// EstimateLeast is the minimum for tables, and for files that were fetched in another version.
	EstimateLeast = 1 << 20
)

// Estimate implements [fs.File], from the size last seen, or from what the renderer knows.
func (f *File) Estimate(fs.Version) int64 {
	if last, ok := f.u.t.sizes.Get(f.u.ID + f.sizeKey()); ok {
		return max(4*last, EstimateLeast)
	}
	if e, ok := f.renderer.(Estimator); ok {
		return e.Estimate()
	}
	return EstimateLeast
}

// manySizes is of how many files the tree remembers a size, those last opened.
const manySizes = 1 << 14

// sizeKey names the file among those of its unit, in any version.
func (f *File) sizeKey() string { return string(f.kind) + "/" + f.obj.ID }
