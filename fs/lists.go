package fs

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/codafs/codafs/fs/render"
)

// lists has what is known of a unit as of one stamp. Each list is fetched once, when it is first needed, and kept in the
// Store as the JSON that the tree shows.
type lists struct {
	u   *unit
	key string // see listsKey
	// meta is the unit at that stamp.
	meta item
	// older has the lists that were known before; nil if fresh is set.
	older *lists
	// fresh has all lists fetched from the service, even if the Store has them.
	fresh bool

	mu      sync.Mutex // guards all below
	loaders map[listID]any
	// asked has the lists without a stamp, and when their loaders were made.
	asked map[listID]time.Time
}

// listID names a list of a unit, or one object of it.
type listID struct{ kind, id string }

const (
	// errLife is how long a failure is repeated without asking again.
	errLife = 5 * time.Second
	// walkErrLife is the same if all lists are fetched anew: a walk should meet each failure once.
	walkErrLife = time.Hour
)

// newLists makes empty lists. They send nothing before the first use.
func newLists(u *unit, key string, meta item, fresh bool) *lists {
	return &lists{u: u, key: key, meta: meta, fresh: fresh, loaders: map[listID]any{}}
}

// list is a kind of list that each unit has: how it is requested, and what is made of it. An object that a unit has many
// of (a table's columns) is a list with an id.
type list[T any] struct {
	// kind names the list in the Store's keys, and in failures.
	kind Kind
	// path is where failures of the list are reported, below the unit's folder.
	path string
	// fill requests the list from the service, and writes it.
	fill func(ctx context.Context, l *lists, id string, w io.Writer, t *try) error
	// parse decodes what fill wrote.
	parse func(ctx context.Context, l *lists, id string, b []byte) (T, error)
	// count is how many items the service counts; nil if it does not tell. Names should not vanish because of one wrong
	// answer, so a list that is suddenly short is read again.
	count func(l *lists) int
	// unstamped says that the unit's stamp does not move with the list: what the Store has may be of any age.
	unstamped bool
}

// loader returns the loader of the list in l, and makes it if there is none. It takes l.mu.
func (d *list[T]) loader(l *lists, id string) *loader[T] {
	l.mu.Lock()
	defer l.mu.Unlock()
	return d.loaderLocked(l, listID{string(d.kind), id})
}

// loaderLocked is loader with l.mu held.
func (d *list[T]) loaderLocked(l *lists, of listID) *loader[T] {
	if x, ok := l.loaders[of]; ok {
		return x.(*loader[T])
	}
	life := errLife
	if l.fresh {
		life = walkErrLife
	}
	x := newLoader[T](l.u.t.opts.Now, life)
	l.loaders[of] = x
	if d.unstamped {
		l.setAsked(of)
	}
	return x
}

// known returns the list if it was loaded. It sends nothing.
func (d *list[T]) known(l *lists, id string) (T, bool) { return d.loader(l, id).known() }

// renew makes the next use ask again for a list without a stamp, if it is older than Options.Refresh.
func (d *list[T]) renew(l *lists) {
	l.mu.Lock()
	defer l.mu.Unlock()
	of := listID{kind: string(d.kind)}
	if _, known := d.loaderLocked(l, of).known(); known && l.u.t.opts.Now().Sub(l.asked[of]) > l.u.t.opts.Refresh {
		delete(l.loaders, of)
	}
}

// setAsked is called with l.mu held.
func (l *lists) setAsked(of listID) {
	if l.asked == nil {
		l.asked = map[listID]time.Time{}
	}
	l.asked[of] = l.u.t.opts.Now()
}

// takeUnstamped takes over the lists without a stamp that f has asked for, and its refusals, which last. l is new.
func (l *lists) takeUnstamped(f *lists) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for of := range f.asked {
		x := f.loaders[of]
		if err := x.(interface{ failure() error }).failure(); err == nil || !l.u.t.passing(err) {
			l.loaders[of] = x
			l.setAsked(of)
		}
	}
}

// get returns the list: the current one if it comes within patience, else the last known one.
func (d *list[T]) get(ctx context.Context, l *lists, id string) (T, error) {
	x := d.loader(l, id)
	if v, ok := x.known(); ok {
		return v, nil // nearly always; the functions below would allocate
	}
	load := func(ctx context.Context) (v T, err error) {
		b, err := d.load(ctx, l, id)
		if err != nil {
			return v, err
		}
		return d.parse(ctx, l, id, b)
	}
	if l.fresh {
		return x.get(ctx, load)
	}
	older := func(ctx context.Context) (v T, err error) {
		if l.older == nil {
			return v, errUnknown
		}
		return d.loader(l.older, id).get(ctx, func(ctx context.Context) (v T, err error) {
			b, err := d.last(ctx, l, id)
			if err != nil {
				return v, err
			}
			return d.parse(ctx, l, id, b)
		})
	}
	changed := func() { l.u.t.changed(l.u.id) }
	failed := func(ctx context.Context, err error) {
		obj, path := d.object(l, id)
		l.u.t.failed(ctx, err, obj, path)
	}
	return getOrStale(ctx, l.u.t, x, load, older, changed, failed)
}

// object says how a failure or warning about the list names it.
func (d *list[T]) object(l *lists, id string) (obj Object, path string) {
	obj = l.u.object(d.kind, l.u.t.src.layout().unit)
	if id != "" {
		obj.ID = id
	}
	return obj, l.u.path() + "/" + d.path
}

// load returns the JSON of a list or an object, from the Store or from the service.
func (d *list[T]) load(ctx context.Context, l *lists, id string) (b []byte, err error) {
	err = l.u.t.twice(func(t *try) error {
		b, err = d.loadOnce(ctx, l, id, t)
		return err
	})
	return b, err
}

// loadOnce makes one try to load. A list that came from the service is also stored under lastKey, for times when the
// service is down.
func (d *list[T]) loadOnce(ctx context.Context, l *lists, id string, t *try) ([]byte, error) {
	store := l.u.t.store
	get := store.Get
	if l.fresh || d.unstamped {
		get = store.Put
	}
	asked := false
	c, err := get(ctx, l.u.key("list-"+string(d.kind), id, l.key), func(ctx context.Context, w io.Writer) error {
		asked = true
		return d.write(ctx, l, id, w, t)
	})
	if err != nil {
		return nil, err
	}
	b, err := readAll(c)
	if err != nil || !asked {
		return b, err
	}
	c, err = store.Put(ctx, d.lastKey(l, id), func(_ context.Context, w io.Writer) error { return writeAll(w, b) })
	if err != nil {
		return nil, err
	}
	return b, c.Close()
}

// write writes a list or an object as the service gives it, and reports what is odd about it.
func (d *list[T]) write(ctx context.Context, l *lists, id string, w io.Writer, t *try) error {
	written := &lengthWriter{w: w}
	if err := d.fill(ctx, l, id, written, t); err != nil {
		return err
	}
	obj, path := d.object(l, id)
	if err := d.doubt(l, obj, written.n, t); err != nil {
		return err
	}
	l.u.t.warned(obj, path, t)
	return nil
}

// doubt fails the first try at a list that has under half of its former bytes, or that is empty although the service
// counts some items.
func (d *list[T]) doubt(l *lists, obj Object, bytes int64, t *try) error {
	if d.count == nil {
		return nil
	}
	if empty := bytes == int64(len(render.EmptyArray)); empty && d.count(l) > 0 {
		how := l.u.t.src.layout()
		message := fmt.Sprintf("%s lists no %s of this %s, and counts some", how.service, d.kind, how.unit)
		if !t.last && !l.u.t.knows(obj, message) {
			return errMoved
		}
		t.warn(CodeListEmpty, "%s", message)
		return nil
	}
	if before, known := l.u.t.store.Size(d.lastKey(l, "")); known && 2*bytes < before && !t.last {
		return errMoved
	}
	return nil
}

// lastKey is the Store key of the newest version of a list, whatever its stamp. It is read when the service is down.
func (d *list[T]) lastKey(l *lists, id string) string { return l.u.key("last-"+string(d.kind), id, "") }

// last returns the newest stored version of a list, whatever its stamp, or errUnknown.
func (d *list[T]) last(ctx context.Context, l *lists, id string) ([]byte, error) {
	c, ok := l.u.t.store.Lookup(ctx, d.lastKey(l, id))
	if !ok {
		return nil, errUnknown
	}
	return readAll(c)
}
