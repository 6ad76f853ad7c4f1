package fs

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/codafs/codafs/coda"
)

// patience is how long a caller waits for newer data before the last known data is served. The load goes on in the
// background, and Options.Changed reports its end.
const patience = 2 * time.Second

// errClosed ends background work when the tree is closed.
var errClosed = errors.New("the tree was closed")

// errUnknown: no older value is stored.
var errUnknown = errors.New("nothing is known of this")

// getList returns one of a doc's lists: the current one if it comes within patience, else the last known one. of picks
// the list out of docLists, fill requests it from the service, and parse decodes what fill wrote.
func getList[T any](ctx context.Context, l *docLists, kind, id string, of func(*docLists) *loader[T],
	fill filler, parse func(context.Context, []byte) (T, error)) (T, error) {
	if v, ok := of(l).known(); ok {
		return v, nil // nearly always; the functions below would allocate
	}
	load := func(ctx context.Context) (v T, err error) {
		b, err := l.load(ctx, kind, id, fill)
		if err != nil {
			return v, err
		}
		return parse(ctx, b)
	}
	older := func(ctx context.Context) (v T, err error) {
		if l.older == nil {
			return v, errUnknown
		}
		return of(l.older).get(ctx, func(ctx context.Context) (v T, err error) {
			b, err := l.last(ctx, kind, id)
			if err != nil {
				return v, err
			}
			return parse(ctx, b)
		})
	}
	if l.fresh {
		return of(l).get(ctx, load)
	}
	changed := func() { l.d.t.changed(l.d.id) }
	failed := func(ctx context.Context, err error) { l.d.failedList(ctx, kind, id, err) }
	return getOrStale(ctx, l.d.t, of(l), load, older, changed, failed)
}

// failedList records why an older list is served, under the path of the list's file, or of the folder of the table's
// files.
func (d *doc) failedList(ctx context.Context, kind, id string, err error) {
	obj, path := d.listObject(kind, id)
	d.t.failed(ctx, err, obj, path)
}

// listObject says how a failure or warning about a list names it.
func (d *doc) listObject(kind, id string) (obj Object, path string) {
	obj, path = d.object(Kind(kind), "doc"), kind+".json"
	if id != "" {
		obj.ID, path = id, "tables"
	}
	return obj, d.path() + "/" + path
}

// getOrStale returns the value of lz, or the last known value (older) if loading takes longer than patience or fails
// for now. It calls changed if the newer value comes after all, and failed with the reason if an older one is served.
func getOrStale[T any](ctx context.Context, t *Tree, lz *loader[T], load, older func(context.Context) (T, error),
	changed func(), failed func(context.Context, error)) (v T, err error) {
	tell := func(ctx context.Context) {
		if err := lz.failure(); err != nil && passing(err) && coda.CodeOf(err) != coda.CodeOffline {
			failed(ctx, err)
		}
	}
	spawn := func(f func(context.Context)) {
		t.spawn(ctx, func(ctx context.Context) {
			f(ctx)
			if !lz.isLate() {
				return
			}
			if _, ok := lz.known(); ok {
				changed()
			} else {
				tell(ctx)
			}
		})
	}
	for {
		if v, ok := lz.known(); ok {
			return v, nil
		}
		ended := lz.begin(spawn, load)
		if done := wait(ctx, ended, lz.isLate()); !done {
			if v, err := older(ctx); err == nil {
				lz.setLate()
				return v, nil
			}
			select {
			case <-ended:
			case <-ctx.Done():
			}
		}
		switch err := lz.failure(); {
		case ctx.Err() != nil:
			return v, context.Cause(ctx)
		case t.life.Err() != nil:
			return v, errClosed
		case err != nil && passing(err):
			if v, olderErr := older(ctx); olderErr == nil {
				tell(ctx)
				return v, nil
			}
			return v, err
		case err != nil:
			return v, err
		}
	}
}

// wait waits for the end of a load, but no longer than patience. If somebody has already waited that long for the same
// load (late), it does not wait.
func wait(ctx context.Context, ended <-chan struct{}, late bool) (done bool) {
	if late {
		select {
		case <-ended:
			return true
		default:
			return false
		}
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-ended:
		return true
	case <-timer.C:
		return false
	case <-ctx.Done():
		return true
	}
}

// passing reports whether an error may pass and says nothing about the object: the service is down or out of reach. An
// answer about the object itself holds, and no older value is served in its place.
func passing(err error) bool {
	return !refused(err) && !notExist(err) && coda.CodeOf(err) != coda.CodeUnauthorized
}

// spawn runs f in the background, with the values of ctx. The context of f ends when the tree is closed.
func (t *Tree) spawn(ctx context.Context, f func(context.Context)) {
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(t.life, func() { cancel(errClosed) })
	work := func() {
		defer cancel(nil)
		defer stop()
		f(ctx)
	}
	t.spawnMu.Lock()
	defer t.spawnMu.Unlock()
	if t.life.Err() != nil {
		cancel(errClosed)
		work() // ends at once, and must run: somebody may wait for it
		return
	}
	t.background.Go(work)
}

// Close ends background work and waits for it. Open contents stay readable.
func (t *Tree) Close() {
	t.spawnMu.Lock()
	t.end()
	t.spawnMu.Unlock()
	t.background.Wait()
}

// changed tells the owner that a doc may show something else now; "" is the list of docs.
func (t *Tree) changed(docID string) {
	if t.opts.Changed != nil {
		t.opts.Changed(docID)
	}
}

// lastKey is the Store key of the newest version of a list, whatever its stamp. It is read when the service is down.
func (l *docLists) lastKey(kind, id string) string { return l.d.key("last-"+kind, id, "") }

// last returns the newest stored version of a list, whatever its stamp, or errUnknown.
func (l *docLists) last(ctx context.Context, kind, id string) ([]byte, error) {
	c, ok := l.d.t.store.Lookup(ctx, l.lastKey(kind, id))
	if !ok {
		return nil, errUnknown
	}
	return readAll(c)
}

// readAll reads a content to its end, and closes it.
func readAll(c Content) ([]byte, error) {
	defer c.Close()
	b := make([]byte, c.Size()) // ReadAll would leave unused capacity, and lists are held for long
	_, err := io.ReadFull(io.NewSectionReader(c, 0, c.Size()), b)
	return b, err
}

// remember stores the list of docs for times when the service is down.
func (t *Tree) remember(ctx context.Context, docs []coda.Doc) error {
	c, err := t.store.Put(ctx, t.docsKey(), func(_ context.Context, w io.Writer) error {
		a := newArrayWriter(w)
		for _, d := range docs {
			if err := a.Add(d.Raw); err != nil {
				return err
			}
		}
		return a.Close()
	})
	if err != nil {
		return err
	}
	return c.Close()
}

// recall takes over the remembered list of docs, unless the docs were listed meanwhile.
func (t *Tree) recall(ctx context.Context) (*folderEntries, error) {
	docs, listed, err := t.lastDocs(ctx)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.folder == nil {
		t.set(docs, nil, time.Time{})
		t.recalled = listed
	}
	return t.folder, nil
}

// lastDocs returns the remembered list of docs, and when it was listed.
func (t *Tree) lastDocs(ctx context.Context) (docs []coda.Doc, listed time.Time, err error) {
	key := t.docsKey()
	c, ok := t.store.Lookup(ctx, key)
	if !ok {
		key = t.olderDocsKey()
		c, ok = t.store.Lookup(ctx, key)
	}
	if !ok {
		return nil, listed, errUnknown
	}
	b, err := readAll(c)
	if err != nil {
		return nil, listed, err
	}
	listed, _ = t.store.Filled(key)
	docs, err = coda.DecodeList[coda.Doc](b)
	return docs, listed, err
}
