package fs

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	iofs "io/fs"
	"iter"
	"strings"
	"sync"
	"time"

	"github.com/codafs/codafs/coda"
)

// listing holds a doc's lists as of one stamp of the doc. Each is asked for once, when it is
// first needed, and kept in the Store as the JSON that the tree shows.
type listing struct {
	d   *doc
	key string // over the doc's stamp
	// fresh has the service asked even where the Store knows an answer.
	fresh   bool
	errLife time.Duration

	pages  *lazy[*pageList]
	tables *lazy[*tableList]

	mu      sync.Mutex // guards the maps
	table   map[string]*lazy[tableInfo]
	columns map[string]*lazy[columnList]
}

// errLife is how long the failure of a list is told without asking again; in a walk of all
// that is listed afresh, the walk should see each only once.
const (
	errLife      = 5 * time.Second
	errLifeFresh = 5 * time.Minute
)

func newListing(d *doc, key string, fresh bool) *listing {
	life := errLife
	if fresh {
		life = errLifeFresh
	}
	return &listing{d: d, key: key, fresh: fresh, errLife: life,
		pages: newLazy[*pageList](life), tables: newLazy[*tableList](life),
		table: map[string]*lazy[tableInfo]{}, columns: map[string]*lazy[columnList]{}}
}

// pageList is a doc's pages.
type pageList struct {
	json []byte
	top  []*page
	byID map[string]*page
	gaps []Failure

	mu        sync.Mutex // guards folderTop, and folder of each page
	folderTop *entries
}

// tableList is a doc's tables and views.
type tableList struct {
	json   []byte
	tables []*table
	byID   map[string]*table
	onPage map[string][]string // ids of tables and views by the page they stand on
	gaps   []Failure

	mu      sync.Mutex          // guards folders
	folders map[string]*entries // table/ and view/
}

// tableInfo is a table with its stamps.
type tableInfo struct {
	json  []byte
	table coda.Table
}

type columnList struct {
	json    []byte
	columns []coda.Column
}

func (l *listing) pageList(ctx context.Context) (*pageList, error) {
	return l.pages.get(ctx, func(ctx context.Context) (*pageList, error) {
		b, err := l.load(ctx, "pages", "", func(ctx context.Context, w io.Writer) error {
			return writeList(w, l.d.t.src.Pages(ctx, l.d.id), func(p coda.Page) json.RawMessage { return p.Raw })
		})
		if err != nil {
			return nil, err
		}
		pages, err := coda.DecodeList[coda.Page](b)
		if err != nil {
			return nil, err
		}
		p := newPageList(l.d, pages)
		p.json = b
		return p, nil
	})
}

func (l *listing) tableList(ctx context.Context) (*tableList, error) {
	return l.tables.get(ctx, func(ctx context.Context) (*tableList, error) {
		b, err := l.load(ctx, "tables", "", func(ctx context.Context, w io.Writer) error {
			return writeList(w, l.d.t.src.Tables(ctx, l.d.id), func(t coda.Table) json.RawMessage { return t.Raw })
		})
		if err != nil {
			return nil, err
		}
		tables, err := coda.DecodeList[coda.Table](b)
		if err != nil {
			return nil, err
		}
		t := newTableList(l.d, tables)
		t.json = b
		return t, nil
	})
}

func (l *listing) tableInfo(ctx context.Context, id string) (tableInfo, error) {
	return lazyOf(l, l.table, id).get(ctx, func(ctx context.Context) (tableInfo, error) {
		b, err := l.load(ctx, "table", id, func(ctx context.Context, w io.Writer) error {
			t, err := l.d.t.src.Table(ctx, l.d.id, id)
			if err != nil {
				return err
			}
			return writeJSON(w, t.Raw)
		})
		if err != nil {
			return tableInfo{}, err
		}
		t, err := coda.Decode[coda.Table](b)
		return tableInfo{b, t}, err
	})
}

func (l *listing) columnList(ctx context.Context, id string) (columnList, error) {
	return lazyOf(l, l.columns, id).get(ctx, func(ctx context.Context) (columnList, error) {
		b, err := l.load(ctx, "columns", id, func(ctx context.Context, w io.Writer) error {
			return writeList(w, l.d.t.src.Columns(ctx, l.d.id, id), func(c coda.Column) json.RawMessage { return c.Raw })
		})
		if err != nil {
			return columnList{}, err
		}
		c, err := coda.DecodeList[coda.Column](b)
		return columnList{b, c}, err
	})
}

func lazyOf[T any](l *listing, m map[string]*lazy[T], id string) *lazy[T] {
	l.mu.Lock()
	defer l.mu.Unlock()
	if m[id] == nil {
		m[id] = newLazy[T](l.errLife)
	}
	return m[id]
}

// load gives the JSON of a list, or of an object, from the Store or from the service.
func (l *listing) load(ctx context.Context, kind, id string, fill func(context.Context, io.Writer) error) ([]byte, error) {
	get := l.d.t.store.Get
	if l.fresh {
		get = l.d.t.store.Put
	}
	c, err := get(ctx, l.d.key("list-"+kind, id, l.key), fill)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	return io.ReadAll(io.NewSectionReader(c, 0, c.Size()))
}

// key is a key for the Store.
func (d *doc) key(kind, id, version string) string {
	return strings.Join([]string{d.t.opts.Account, kind, d.id, id, version}, "/")
}

// writeList writes a list as one JSON array, or fails: half a list is none.
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

// refused tells whether the service will not show a list to this user.
func refused(err error) bool { return coda.CodeOf(err) == coda.CodeForbidden }

func notExist(err error) bool { return errors.Is(err, iofs.ErrNotExist) }
