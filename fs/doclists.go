package fs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	iofs "io/fs"
	"iter"
	"sync"
	"time"

	"github.com/codafs/codafs/coda"
)

// docLists holds a doc's lists as of one stamp of the doc. Each is fetched once, when it is first needed, and kept in
// the Store as the JSON that the tree shows.
type docLists struct {
	d     *doc
	key   string // see listsKey
	stamp time.Time
	size  coda.DocSize
	// oversized docs are too large for the service's API: their lists are not requested.
	oversized bool
	// older has the lists that were known before; nil if fresh is set.
	older *docLists
	// fresh has all lists fetched from the service, even if the Store has them.
	fresh bool

	pages    *loader[*pageList]
	tables   *loader[*tableList]
	formulas *loader[objectList]
	controls *loader[objectList]

	mu      sync.Mutex // guards all below
	table   map[string]*loader[tableInfo]
	columns map[string]*loader[columnList]
	// permissions have no stamp: see renewPermissions.
	permissions   *loader[objectList]
	permissionsAt time.Time
}

const (
	// errLife is how long a failure is repeated without asking again.
	errLife = 5 * time.Second
	// walkErrLife is the same if all lists are fetched anew: a walk should meet each failure once.
	walkErrLife = time.Hour
)

// newDocLists makes empty lists. They send nothing before the first use.
func newDocLists(d *doc, key string, meta coda.Doc, fresh bool) *docLists {
	l := &docLists{d: d, key: key, stamp: meta.UpdatedAt.Time, size: meta.DocSize, oversized: meta.DocSize.OverAPISizeLimit, fresh: fresh,
		table: map[string]*loader[tableInfo]{}, columns: map[string]*loader[columnList]{}}
	l.pages, l.tables = newListLoader[*pageList](l), newListLoader[*tableList](l)
	l.formulas, l.controls, l.permissions = newListLoader[objectList](l), newListLoader[objectList](l), newListLoader[objectList](l)
	l.permissionsAt = d.t.opts.Now()
	return l
}

// newListLoader makes a loader that repeats errors as long as lists of this kind must.
func newListLoader[T any](l *docLists) *loader[T] {
	if l.fresh {
		return newLoader[T](l.d.t.opts.Now, walkErrLife)
	}
	return newLoader[T](l.d.t.opts.Now, errLife)
}

// tableInfo is a table's own object.
type tableInfo struct {
	json  *shown
	table coda.Table
}

// columnList is a table's columns, and since when the table has them.
type columnList struct {
	json    *shown
	columns []coda.Column
	// computed is how much of the cells the columns compute.
	computed Computed
	columnsNote
}

// pageList returns the doc's pages. As all functions below, it may return an older list (see getList).
func (l *docLists) pageList(ctx context.Context) (*pageList, error) {
	return getList(ctx, l, "pages", "", func(l *docLists) *loader[*pageList] { return l.pages },
		func(ctx context.Context, w io.Writer, try *try) error {
			all := once(try, l.d.t.src.Pages(ctx, l.d.id), func(p coda.Page) string { return p.ID })
			return writeList(w, all, func(p coda.Page) json.RawMessage { return p.Raw })
		},
		func(_ context.Context, b []byte) (*pageList, error) {
			pages, err := coda.DecodeList[coda.Page](b)
			if err != nil {
				return nil, err
			}
			return newPageList(l.d, b, pages), nil
		})
}

func (l *docLists) tableList(ctx context.Context) (*tableList, error) {
	return getList(ctx, l, "tables", "", func(l *docLists) *loader[*tableList] { return l.tables },
		func(ctx context.Context, w io.Writer, try *try) error {
			all := once(try, l.d.t.src.Tables(ctx, l.d.id), func(t coda.Table) string { return t.ID })
			return writeList(w, all, func(t coda.Table) json.RawMessage { return t.Raw })
		},
		func(_ context.Context, b []byte) (*tableList, error) {
			tables, err := coda.DecodeList[coda.Table](b)
			if err != nil {
				return nil, err
			}
			return newTableList(l.d, b, tables), nil
		})
}

func (l *docLists) tableInfo(ctx context.Context, id string) (tableInfo, error) {
	return getList(ctx, l, "table", id, func(l *docLists) *loader[tableInfo] { return loaderOf(l, l.table, id) },
		func(ctx context.Context, w io.Writer, _ *try) error {
			t, err := l.d.t.src.Table(ctx, l.d.id, id)
			if err != nil {
				return err
			}
			return writeJSON(w, t.Raw)
		},
		func(_ context.Context, b []byte) (tableInfo, error) {
			t, err := coda.Decode[coda.Table](b)
			return tableInfo{&shown{bytes: b}, t}, err
		})
}

func (l *docLists) columnList(ctx context.Context, id string) (columnList, error) {
	return getList(ctx, l, "columns", id, func(l *docLists) *loader[columnList] { return loaderOf(l, l.columns, id) },
		func(ctx context.Context, w io.Writer, try *try) error {
			all := once(try, l.d.t.src.Columns(ctx, l.d.id, id), func(c coda.Column) string { return c.ID })
			return writeList(w, all, func(c coda.Column) json.RawMessage { return c.Raw })
		},
		func(ctx context.Context, b []byte) (columnList, error) {
			columns, err := coda.DecodeList[coda.Column](b)
			if err != nil {
				return columnList{}, err
			}
			note, err := l.columnsSince(ctx, id, bytesVersion(b, time.Time{}).Key)
			return columnList{&shown{bytes: b}, columns, computedBy(columns), note}, err
		})
}

// columnsNote is what the Store remembers of a table's columns. They have no stamp of their own, and the table's stamp
// may not move when they change.
type columnsNote struct {
	Hash string `json:"hash"` // of the columns' JSON
	// Since is when the columns became these, or later.
	Since time.Time `json:"since"`
	// Changed is Since if the columns were others before, else zero.
	Changed time.Time `json:"changed,omitzero"`
}

// columnsSince returns since when a table has the columns that were just read: since the doc's last edit, or longer. If
// they were others before, that edit may be one that no list of docs has shown yet, so the doc is asked. The note may
// be evicted from the Store, which still knows when the note was made. A mark is made just after the note, under a key
// with the hash of the columns: it shows whether the evicted note was about these columns.
func (l *docLists) columnsSince(ctx context.Context, id, hash string) (columnsNote, error) {
	store, key, mark := l.d.t.store, l.d.key("columns-since", id, ""), l.d.key("columns-since", id, hash)
	var known columnsNote
	if c, ok := store.Lookup(ctx, key); ok {
		if b, err := readAll(c); err != nil || json.Unmarshal(b, &known) != nil {
			known = columnsNote{}
		}
	}
	noted, wasNoted := store.Filled(key)
	marked, _ := store.Filled(mark)
	note := columnsNote{Hash: hash, Since: l.stamp}
	switch {
	case known.Hash == hash:
		return known, nil
	case known.Hash == "" && !wasNoted:
	case known.Hash == "" && !marked.Before(noted):
		return columnsNote{Hash: hash, Since: noted}, nil
	default:
		now, err := l.d.t.src.Doc(ctx, l.d.id)
		if fatal(ctx, err) {
			return note, err
		}
		if err != nil || !now.UpdatedAt.Equal(l.stamp) {
			note.Since = l.d.t.opts.Now()
		}
		note.Changed = note.Since
	}
	for _, k := range []string{key, mark} {
		c, err := store.Put(ctx, k, func(_ context.Context, w io.Writer) error { return json.NewEncoder(w).Encode(note) })
		if err != nil {
			return note, err
		}
		if err := c.Close(); err != nil {
			return note, err
		}
	}
	return note, nil
}

// knownTable returns a table's own object if it is already loaded.
func (l *docLists) knownTable(id string) (tableInfo, bool) {
	return loaderOf(l, l.table, id).known()
}

// loaderOf returns the loader with an id, and makes it if there is none. It takes l.mu.
func loaderOf[T any](l *docLists, m map[string]*loader[T], id string) *loader[T] {
	l.mu.Lock()
	defer l.mu.Unlock()
	if m[id] == nil {
		m[id] = newListLoader[T](l)
	}
	return m[id]
}

// listPermissions has no stamp: what the Store has may be of any age.
const listPermissions = "permissions"

// filler requests a list or an object from the service, and writes it.
type filler func(ctx context.Context, w io.Writer, t *try) error

// load returns the JSON of a list or an object, from the Store or from the service.
func (l *docLists) load(ctx context.Context, kind, id string, fill filler) (b []byte, err error) {
	if l.oversized {
		return nil, errOversized
	}
	err = twice(func(last bool) error {
		b, err = l.loadOnce(ctx, kind, id, last, fill)
		return err
	})
	return b, err
}

// loadOnce makes one try to load. A list that came from the service is also stored under lastKey, for times when the
// service is down.
func (l *docLists) loadOnce(ctx context.Context, kind, id string, last bool, fill filler) ([]byte, error) {
	get := l.d.t.store.Get
	if l.fresh || kind == listPermissions {
		get = l.d.t.store.Put
	}
	asked := false
	c, err := get(ctx, l.d.key("list-"+kind, id, l.key), func(ctx context.Context, w io.Writer) error {
		asked = true
		return l.fill(ctx, kind, id, w, &try{last: last}, fill)
	})
	if err != nil {
		return nil, err
	}
	b, err := readAll(c)
	if err != nil || !asked {
		return b, err
	}
	c, err = l.d.t.store.Put(ctx, l.lastKey(kind, id), func(_ context.Context, w io.Writer) error { return writeAll(w, b) })
	if err != nil {
		return nil, err
	}
	return b, c.Close()
}

// fill writes a list or an object as the service gives it, and reports what is odd about it.
func (l *docLists) fill(ctx context.Context, kind, id string, w io.Writer, t *try, fill filler) error {
	written := &lengthWriter{w: w}
	if err := fill(ctx, written, t); err != nil {
		return err
	}
	obj, path := l.d.listObject(kind, id)
	if err := l.doubt(kind, obj, written.n, t); err != nil {
		return err
	}
	l.d.t.warned(obj, path, t)
	return nil
}

// doubt fails the first try at a list of pages or tables that has under half of its former bytes, or that is empty
// although the service counts some in the doc: names should not vanish because of one wrong answer.
func (l *docLists) doubt(kind string, obj Object, bytes int64, t *try) error {
	counts := map[string]int{"pages": l.size.PageCount, "tables": l.size.TableAndViewCount}
	count, ok := counts[kind]
	if !ok {
		return nil
	}
	if empty := bytes == int64(len(emptyArray)); empty && count > 0 {
		message := fmt.Sprintf("Coda lists no %s of this doc, and counts some", kind)
		if !t.last && !l.d.t.knows(obj, message) {
			return errMoved
		}
		t.warn(CodeListEmpty, "%s", message)
		return nil
	}
	if before, known := l.d.t.store.Size(l.lastKey(kind, "")); known && 2*bytes < before && !t.last {
		return errMoved
	}
	return nil
}

// writeList writes a list as one JSON array. If the list breaks off it fails: half a list is no list.
func writeList[T any](w io.Writer, items iter.Seq2[T, error], raw func(T) json.RawMessage) error {
	a := newArrayWriter(w)
	for v, err := range items {
		if err != nil {
			return err
		}
		if err := a.Add(raw(v)); err != nil {
			return err
		}
	}
	return a.Close()
}

// refused reports whether the service refuses to show a list to this user, or of this doc.
func refused(err error) bool {
	return coda.CodeOf(err) == coda.CodeForbidden || errors.Is(err, errOversized)
}

func notExist(err error) bool { return errors.Is(err, iofs.ErrNotExist) }

// fatal reports whether an error ends all work: the caller gave up, or the token is refused.
func fatal(ctx context.Context, err error) bool {
	return err != nil && (ctx.Err() != nil || coda.CodeOf(err) == coda.CodeUnauthorized)
}
