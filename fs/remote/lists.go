package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/remote/load"
	"github.com/codafs/codafs/fs/render"
)

// Lists has what is known of a unit as of one stamp. A source asks [List.Get] for one of them, always with the lists of one
// [Unit.Current] for what must fit together. Each list is fetched once, when it is first needed, and kept in the
// Store as the JSON that the tree shows.
type Lists struct {
	Unit *Unit
	key  string // see listsKey
	// Item is the unit at that stamp.
	Item Item
	// older has the lists that were known before; nil if fresh is set.
	older *Lists
	// fresh has all lists fetched from the service once, even if the Store has them.
	fresh bool

	dropped atomic.Bool // see drop

	mu      sync.Mutex // guards all below
	loaders map[listID]any
	// fetched has the fresh lists that are in the Store by now.
	fetched map[listID]bool
	// asked has the lists without a stamp among the loaders, and when those were made.
	asked map[listID]time.Time
}

// listID names a list of a unit, or one object of it.
type listID struct{ kind, id string }

// errUnknown: no older value is stored.
var errUnknown = errors.New("nothing is known of this")

const (
	// errLife is how long a failure is repeated without asking again.
	errLife = 5 * time.Second
	// walkErrLife is the same if all lists are fetched anew: a walk should meet each failure once.
	walkErrLife = time.Hour
)

// newLists makes empty lists. They send nothing before the first use.
func newLists(u *Unit, key string, meta Item, fresh bool) *Lists {
	return &Lists{Unit: u, key: key, Item: meta, fresh: fresh, loaders: map[listID]any{}}
}

// List is a kind of list that each unit has: how it is requested, and what is made of it. An object that a unit has many
// of (a table's columns) is a list with an id.
type List[T any] struct {
	// Kind names the list in the Store's keys, and in failures.
	Kind fs.Kind
	// Path is where failures of the list are reported, below the unit's folder.
	Path string
	// Fill requests the list from the service, and writes it.
	Fill func(ctx context.Context, l *Lists, id string, w io.Writer, t *Try) error
	// Parse decodes what Fill wrote. Its error means that the answer was no list.
	Parse func(ctx context.Context, l *Lists, id string, b []byte) (T, error)
	// Count is how many items the service counts; nil if it does not tell. Names should not vanish because of one wrong
	// answer, so a list that is suddenly short is read again.
	Count func(l *Lists) int
	// Unstamped says that the unit's stamp does not move with the list: what the Store has may be of any age.
	Unstamped bool
	// Size is how many bytes what Parse made takes in memory; nil if that is about twice its JSON.
	Size func(T) int
}

// loader returns the loader of the list in l, and makes it if there is none. It takes l.mu.
func (d *List[T]) loader(l *Lists, id string) *load.Value[T] {
	l.mu.Lock()
	defer l.mu.Unlock()
	return d.loaderLocked(l, listID{string(d.Kind), id})
}

// loaderLocked is loader with l.mu held.
func (d *List[T]) loaderLocked(l *Lists, of listID) *load.Value[T] {
	if x, ok := l.loaders[of]; ok {
		return x.(*load.Value[T])
	}
	life := errLife
	if l.fresh {
		life = walkErrLife
	}
	x := load.New[T](l.Unit.t.opts.Now, life)
	l.loaders[of] = x
	if d.Unstamped {
		l.setAsked(of)
	}
	return x
}

// Known returns the list if it was loaded. It sends nothing.
func (d *List[T]) Known(l *Lists, id string) (T, bool) { return d.loader(l, id).Known() }

// Renew makes the next use ask again for a list without a stamp, if it is older than Options.Refresh.
func (d *List[T]) Renew(l *Lists) {
	l.mu.Lock()
	defer l.mu.Unlock()
	of := listID{kind: string(d.Kind)}
	if _, known := d.loaderLocked(l, of).Known(); known && l.Unit.t.opts.Now().Sub(l.asked[of]) > l.Unit.t.opts.Refresh {
		delete(l.loaders, of)
		delete(l.asked, of)
	}
}

// setAsked is called with l.mu held.
func (l *Lists) setAsked(of listID) {
	if l.asked == nil {
		l.asked = map[listID]time.Time{}
	}
	l.asked[of] = l.Unit.t.opts.Now()
}

// takeUnstamped takes over the lists without a stamp that f has asked for, and its refusals, which last. l is new.
func (l *Lists) takeUnstamped(f *Lists) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for of := range f.asked {
		x := f.loaders[of]
		if err := x.(interface{ Failure() error }).Failure(); err == nil || !l.Unit.t.Passing(err) {
			l.loaders[of] = x
			l.setAsked(of)
		}
	}
}

// Get returns the list: the current one if it comes within [load.Patience], else the last known one. An answer about the list
// itself (refused, not found) is an error even if an older list is known. No lock is held while it waits.
func (d *List[T]) Get(ctx context.Context, l *Lists, id string) (T, error) {
	x := d.loader(l, id)
	if v, ok := x.Known(); ok {
		l.use(0)
		return v, nil // nearly always; the functions below would allocate
	}
	fetch := func(ctx context.Context) (v T, err error) {
		b, err := d.load(ctx, l, id)
		if err != nil {
			return v, err
		}
		return d.parse(ctx, l, l, id, b)
	}
	if l.fresh {
		return x.Get(ctx, fetch)
	}
	older := func(ctx context.Context) (v T, err error) {
		if l.older == nil {
			return v, errUnknown
		}
		return d.loader(l.older, id).Get(ctx, func(ctx context.Context) (v T, err error) {
			b, err := d.last(ctx, l, id)
			if err != nil {
				return v, err
			}
			return d.parse(ctx, l, l.older, id, b)
		})
	}
	changed := func() { l.Unit.t.changed(l.Unit.ID) }
	failed := func(ctx context.Context, err error) {
		obj, path := d.object(l, id)
		l.Unit.t.Failed(ctx, err, obj, path)
	}
	return load.OrStale(ctx, l.Unit.t, x, fetch, older, changed, failed)
}

// object says how a failure or warning about the list names it.
func (d *List[T]) object(l *Lists, id string) (obj fs.Object, path string) {
	obj = l.Unit.Object(d.Kind, l.Unit.t.src.Layout().Unit)
	if id != "" {
		obj.ID = id
	}
	return obj, l.Unit.Path() + "/" + d.Path
}

// load returns the JSON of a list or an object, from the Store or from the service.
func (d *List[T]) load(ctx context.Context, l *Lists, id string) (b []byte, err error) {
	err = l.Unit.t.twice(func(t *Try) error {
		b, err = d.loadOnce(ctx, l, id, t)
		return err
	})
	return b, err
}

// loadOnce makes one try to load. A list that came from the service is also stored under lastKey, for times when the
// service is down.
func (d *List[T]) loadOnce(ctx context.Context, l *Lists, id string, t *Try) ([]byte, error) {
	store, of := l.Unit.t.store, listID{string(d.Kind), id}
	get := store.Get
	if d.Unstamped || l.isToFetch(of) {
		get = store.Put
	}
	asked := false
	c, err := get(ctx, l.Unit.Key("list-"+string(d.Kind), id, l.key), func(ctx context.Context, w io.Writer) error {
		asked = true
		return d.write(ctx, l, id, w, t)
	})
	if err != nil {
		return nil, err
	}
	l.setFetched(of) // also if the fill was shared with another index: it was a new one
	b, err := fs.ReadAll(c)
	if err != nil || !asked {
		return b, err
	}
	c, err = store.Put(ctx, d.lastKey(l, id), func(_ context.Context, w io.Writer) error { return render.Write(w, b) })
	if err != nil {
		return nil, err
	}
	return b, c.Close()
}

// write writes a list or an object as the service gives it, and reports what is odd about it.
func (d *List[T]) write(ctx context.Context, l *Lists, id string, w io.Writer, t *Try) error {
	written := &render.Counter{W: w}
	if err := d.Fill(ctx, l, id, written, t); err != nil {
		return err
	}
	obj, path := d.object(l, id)
	if err := d.doubt(l, obj, written.N, t); err != nil {
		return err
	}
	l.Unit.t.warned(obj, path, t)
	return nil
}

// doubt fails the first try at a list that has under half of its former bytes, or that is empty although the service
// counts some items.
func (d *List[T]) doubt(l *Lists, obj fs.Object, bytes int64, t *Try) error {
	if d.Count == nil {
		return nil
	}
	if empty := bytes == int64(len(render.EmptyArray)); empty && d.Count(l) > 0 {
		how := l.Unit.t.src.Layout()
		message := fmt.Sprintf("%s lists no %s of this %s, and counts some", how.Service, d.Kind, how.Unit)
		if !t.Last && !l.Unit.t.Knows(obj, message) {
			return ErrMoved
		}
		t.Warn(fs.CodeListEmpty, "%s", message)
		return nil
	}
	if before, known := l.Unit.t.store.Size(d.lastKey(l, "")); known && 2*bytes < before && !t.Last {
		return ErrMoved
	}
	return nil
}

// isToFetch reports whether a list is to be fetched from the service, whatever the Store has.
func (l *Lists) isToFetch(of listID) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.fresh && !l.fetched[of]
}

func (l *Lists) setFetched(of listID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fresh {
		if l.fetched == nil {
			l.fetched = map[listID]bool{}
		}
		l.fetched[of] = true
	}
}

// lastKey is the Store key of the newest version of a list, whatever its stamp. It is read when the service is down.
func (d *List[T]) lastKey(l *Lists, id string) string {
	return l.Unit.Key("last-"+string(d.Kind), id, "")
}

// last returns the newest stored version of a list, whatever its stamp, or errUnknown.
func (d *List[T]) last(ctx context.Context, l *Lists, id string) ([]byte, error) {
	c, ok := l.Unit.t.store.Lookup(ctx, d.lastKey(l, id))
	if !ok {
		return nil, errUnknown
	}
	return fs.ReadAll(c)
}

// Kept makes the JSON of a list, which Parse has read, the bytes of a file. They stay in the Store if they are many.
func (d *List[T]) Kept(l *Lists, id string, b []byte) *load.Shown {
	if len(b) <= mostHeld {
		return load.NewShown(b)
	}
	return load.NewKept(b, l.Item.Stamp, func(ctx context.Context, sum string) ([]byte, error) { return d.again(ctx, l, id, sum) })
}

// mostHeld is how long the JSON of a list may be to be held in memory: less would cost more to read again than it saves.
const mostHeld = 4 << 10

// again reads the JSON of a list once more. If the Store has lost it, the list is fetched again by the next who asks for it.
func (d *List[T]) again(ctx context.Context, l *Lists, id, sum string) ([]byte, error) {
	for _, key := range []string{l.Unit.Key("list-"+string(d.Kind), id, l.key), d.lastKey(l, id)} {
		if c, ok := l.Unit.t.store.Lookup(ctx, key); ok {
			if b, err := fs.ReadAll(c); err == nil && load.Sum(b) == sum {
				return b, nil
			}
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.loaders, listID{string(d.Kind), id})
	return nil, fs.ErrStale
}

// parse makes the list of its JSON. l is what it is made for, and counted as part of in.
func (d *List[T]) parse(ctx context.Context, l, in *Lists, id string, b []byte) (T, error) {
	v, err := d.Parse(ctx, l, id, b)
	size := 2 * len(b)
	if d.Size != nil && err == nil {
		size = d.Size(v)
	}
	in.use(size)
	return v, err
}

// use records that l is used, and takes more bytes. It lets go of what there is no room for.
func (l *Lists) use(more int) {
	for _, old := range l.Unit.t.memory.Use(l, int64(more)) {
		old.release()
	}
	if l.dropped.Load() { // by now
		l.Unit.t.memory.Forget(l)
	}
}

// drop lets go of lists that others have replaced. Without it, the memory of all units would fill with them. l may be nil.
func (l *Lists) drop() {
	if l != nil {
		l.dropped.Store(true)
		l.Unit.t.memory.Forget(l)
		l.release()
	}
}

// release lets go of what was loaded, but for lists without a stamp, which would cost a request. Loads that run, and failures,
// stay.
func (l *Lists) release() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for of, x := range l.loaders {
		if _, unstamped := l.asked[of]; !unstamped && x.(loaded).Loaded() {
			delete(l.loaders, of)
		}
	}
}

// loaded is a [load.Value] of any type.
type loaded interface{ Loaded() bool }
