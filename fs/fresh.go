package fs

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/codafs/codafs/coda"
)

// patience is how long a question for something newer may take before what is known is served.
// The question goes on behind, and Options.Changed tells when it was answered.
const patience = 2 * time.Second

// errClosed ends what runs behind when the tree is closed.
var errClosed = errors.New("the tree was closed")

// errUnknown is the error for something older that there is none of.
var errUnknown = errors.New("nothing is known of this")

// fetch gives one of a doc's lists: as it is now if that can be had soon, else as it was last
// known. of finds the list in a listing; fill asks the service, and parse reads what it wrote.
func fetch[T any](ctx context.Context, l *listing, kind, id string, of func(*listing) *lazy[T],
	fill filler, parse func(context.Context, []byte) (T, error)) (T, error) {
	if v, ok := of(l).known(); ok {
		return v, nil // nearly always: what follows would allocate
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
	return soon(ctx, l.d.t, of(l), load, older, changed, failed)
}

// failedList notes why a list is an older one: under its file's name, or that of the folder of its table's files.
func (d *doc) failedList(ctx context.Context, kind, id string, err error) {
	obj, path := d.listObject(kind, id)
	d.t.failed(ctx, err, obj, path)
}

// listObject is what a list is called where something is wrong with it.
func (d *doc) listObject(kind, id string) (obj Object, path string) {
	obj, path = d.object(Kind(kind), "doc"), kind+".json"
	if id != "" {
		obj.ID, path = id, "tables"
	}
	return obj, d.path() + "/" + path
}

// soon gives the value of lz, or an older one where that takes longer than patience or fails in
// passing. changed is told when the newer one has come after all, and failed why an older one is given in its place.
func soon[T any](ctx context.Context, t *Tree, lz *lazy[T], load, older func(context.Context) (T, error),
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

// wait waits for the end of a load, but no longer than patience; not at all where somebody has
// waited that long for the same before.
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

// passing reports whether an error says nothing about the object: the service is down, or out of
// reach. What it says of the object itself holds, also against what was known.
func passing(err error) bool {
	return !refused(err) && !notExist(err) && coda.CodeOf(err) != coda.CodeUnauthorized
}

// spawn runs f behind, with ctx's values, until it ends or the tree is closed.
func (t *Tree) spawn(ctx context.Context, f func(context.Context)) {
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(t.life, func() { cancel(errClosed) })
	work := func() {
		defer cancel(nil)
		defer stop()
		f(ctx)
	}
	t.behindMu.Lock()
	defer t.behindMu.Unlock()
	if t.life.Err() != nil {
		cancel(errClosed)
		work() // which ends at once
		return
	}
	t.behind.Go(work)
}

// Close ends what runs behind and waits for it. Contents that are open stay readable.
func (t *Tree) Close() {
	t.behindMu.Lock()
	t.end()
	t.behindMu.Unlock()
	t.behind.Wait()
}

// changed tells the owner that a doc may show something else now; "" is the list of docs.
func (t *Tree) changed(docID string) {
	if t.opts.Changed != nil {
		t.opts.Changed(docID)
	}
}

// lastKey is where the newest of a list is kept, whatever its stamp: for when the service is down.
func (l *listing) lastKey(kind, id string) string { return l.d.key("last-"+kind, id, "") }

func (l *listing) last(ctx context.Context, kind, id string) ([]byte, error) {
	c, ok := l.d.t.store.Lookup(ctx, l.lastKey(kind, id))
	if !ok {
		return nil, errUnknown
	}
	return readAll(c)
}

func readAll(c Content) ([]byte, error) {
	defer c.Close()
	b := make([]byte, c.Size()) // ReadAll would leave room at its end, and lists are held for long
	_, err := io.ReadFull(io.NewSectionReader(c, 0, c.Size()), b)
	return b, err
}

// remember keeps the list of docs for a time when the service is down.
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

// recall takes the list of docs as it was last known.
func (t *Tree) recall(ctx context.Context) (*entries, error) {
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

// lastDocs is the list of docs that was last remembered, and when it was listed.
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
