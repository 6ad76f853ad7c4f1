package fs

import (
	"context"
	"encoding/json"
	"io"
	"iter"
	"time"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/fs/render"
)

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

func (s *docs) tableInfos() list[tableInfo] {
	return list[tableInfo]{
		kind: KindTable, path: "tables",
		fill: func(ctx context.Context, l *lists, id string, w io.Writer, _ *try) error {
			t, err := s.api.Table(ctx, l.u.id, id)
			if err != nil {
				return err
			}
			return render.JSON(w, t.Raw)
		},
		parse: func(_ context.Context, _ *lists, _ string, b []byte) (tableInfo, error) {
			t, err := coda.Decode[coda.Table](b)
			return tableInfo{&shown{bytes: b}, t}, err
		},
	}
}

func (s *docs) columnLists() list[columnList] {
	return list[columnList]{
		kind: KindColumns, path: "tables",
		fill: func(ctx context.Context, l *lists, id string, w io.Writer, t *try) error {
			all := once(t, s.api.Columns(ctx, l.u.id, id), func(c coda.Column) string { return c.ID })
			return writeList(w, all, func(c coda.Column) json.RawMessage { return c.Raw })
		},
		parse: func(ctx context.Context, l *lists, id string, b []byte) (columnList, error) {
			columns, err := coda.DecodeList[coda.Column](b)
			if err != nil {
				return columnList{}, err
			}
			note, err := s.columnsSince(ctx, l, id, bytesVersion(b, time.Time{}).Key)
			return columnList{&shown{bytes: b}, columns, computedBy(columns), note}, err
		},
	}
}

// tableInfo returns a table's own object. As all lists, it may be an older one: see list.get.
func (s *docs) tableInfo(ctx context.Context, l *lists, id string) (tableInfo, error) {
	return get(ctx, &s.table, l, id)
}

func (s *docs) columnList(ctx context.Context, l *lists, id string) (columnList, error) {
	return get(ctx, &s.columns, l, id)
}

// get returns a list of a doc, unless the doc is too large for the service's API: its lists are not requested.
func get[T any](ctx context.Context, of *list[T], l *lists, id string) (v T, err error) {
	if oversized(l) {
		return v, errOversized
	}
	return of.get(ctx, l, id)
}

func oversized(l *lists) bool { return docOf(l.meta).DocSize.OverAPISizeLimit }

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
func (s *docs) columnsSince(ctx context.Context, l *lists, id, hash string) (columnsNote, error) {
	store, key, mark := s.t.store, l.u.key("columns-since", id, ""), l.u.key("columns-since", id, hash)
	var known columnsNote
	if c, ok := store.Lookup(ctx, key); ok {
		if b, err := readAll(c); err != nil || json.Unmarshal(b, &known) != nil {
			known = columnsNote{}
		}
	}
	noted, wasNoted := store.Filled(key)
	marked, _ := store.Filled(mark)
	note := columnsNote{Hash: hash, Since: l.meta.stamp}
	switch {
	case known.Hash == hash:
		return known, nil
	case known.Hash == "" && !wasNoted:
	case known.Hash == "" && !marked.Before(noted):
		return columnsNote{Hash: hash, Since: noted}, nil
	default:
		now, err := s.api.Doc(ctx, l.u.id)
		if s.t.fatal(ctx, err) {
			return note, err
		}
		if err != nil || !now.UpdatedAt.Equal(l.meta.stamp) {
			note.Since = s.t.opts.Now()
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

// writeList writes a list as one JSON array. If the list breaks off it fails: half a list is no list.
func writeList[T any](w io.Writer, items iter.Seq2[T, error], raw func(T) json.RawMessage) error {
	a := render.NewArray(w)
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
