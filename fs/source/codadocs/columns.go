package codadocs

import (
	"context"
	"encoding/json"
	"io"
	"time"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/remote"
	"github.com/codafs/codafs/fs/remote/load"
	"github.com/codafs/codafs/fs/render"
	"github.com/codafs/codafs/fs/source/codadocs/codatext"
)

// tableInfo is a table's own object: its stamp, its row count and its filter, which the list of tables lacks.
type tableInfo struct {
	json  *load.Shown
	table coda.Table
}

// columnList is a table's columns, and since when the table has them.
type columnList struct {
	json    *load.Shown
	columns []coda.Column
	// computed is how much of the cells the columns compute.
	computed fs.Computed
	columnsNote
}

// addTo adds the columns to the version of what shows their table.
func (c columnList) addTo(v *fs.VersionHash) {
	v.AddUnstamped(c.Hash, c.Since, c.Changed)
	v.Computes(c.computed)
}

// tableInfos are loaded one by one, since no list has the stamps: one request for each table whose files are looked at, or
// whose page is. So a folder of tables can be listed without them.
func (s *docs) tableInfos() remote.List[tableInfo] {
	return remote.List[tableInfo]{
		Kind: fs.KindTable, Path: "tables",
		Fill: func(ctx context.Context, l *remote.Lists, id string, w io.Writer, _ *remote.Try) error {
			t, err := s.api.Table(ctx, l.Unit.ID, id)
			if err != nil {
				return err
			}
			return render.JSON(w, t.Raw)
		},
		Parse: func(_ context.Context, _ *remote.Lists, _ string, b []byte) (tableInfo, error) {
			t, err := coda.Decode[coda.Table](b)
			t.Raw = b // which is held anyway
			return tableInfo{load.NewShown(b), t}, err
		},
	}
}

// columnLists are loaded one by one. They are part of the version of all that shows the table.
func (s *docs) columnLists() remote.List[columnList] {
	return remote.List[columnList]{
		Kind: fs.KindColumns, Path: "tables",
		Fill: func(ctx context.Context, l *remote.Lists, id string, w io.Writer, t *remote.Try) error {
			all := load.Once(t, s.api.Columns(ctx, l.Unit.ID, id), func(c coda.Column) string { return c.ID })
			return render.List(w, all, func(c coda.Column) json.RawMessage { return c.Raw })
		},
		Parse: func(ctx context.Context, l *remote.Lists, id string, b []byte) (columnList, error) {
			columns, err := coda.DecodeList[coda.Column](b)
			if err != nil {
				return columnList{}, err
			}
			for i := range columns {
				columns[i].Raw = nil // it would hold all of b
			}
			note, err := s.columnsSince(ctx, l, id, load.Sum(b))
			return columnList{s.columns.Kept(l, id, b), columns, codatext.ComputedBy(columns), note}, err
		},
	}
}

// tableInfo returns a table's own object. As all lists, it may be an older one: see [remote.List].
func (s *docs) tableInfo(ctx context.Context, l *remote.Lists, id string) (tableInfo, error) {
	return get(ctx, &s.table, l, id)
}

// columnList returns the columns of a table or view, hidden ones too.
func (s *docs) columnList(ctx context.Context, l *remote.Lists, id string) (columnList, error) {
	return get(ctx, &s.columns, l, id)
}

// get returns a list of a doc, unless the doc is too large for the service's API: its lists are not requested.
func get[T any](ctx context.Context, of *remote.List[T], l *remote.Lists, id string) (v T, err error) {
	if oversized(l) {
		return v, errOversized
	}
	return of.Get(ctx, l, id)
}

// oversized reports whether the doc is over the limit of the service's API. The list of docs says so, and no request is wasted.
func oversized(l *remote.Lists) bool { return docOf(l.Item).DocSize.OverAPISizeLimit }

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
func (s *docs) columnsSince(ctx context.Context, l *remote.Lists, id, hash string) (columnsNote, error) {
	store, key, mark := s.t.Store(), l.Unit.Key("columns-since", id, ""), l.Unit.Key("columns-since", id, hash)
	known, _ := fs.LookupJSON[columnsNote](ctx, store, key)
	noted, wasNoted := store.Filled(key)
	marked, _ := store.Filled(mark)
	note := columnsNote{Hash: hash, Since: l.Item.Stamp}
	switch {
	case known.Hash == hash:
		return known, nil
	case known.Hash == "" && !wasNoted:
	case known.Hash == "" && !marked.Before(noted):
		return columnsNote{Hash: hash, Since: noted}, nil
	default:
		now, err := s.api.Doc(ctx, l.Unit.ID)
		if s.t.Fatal(ctx, err) {
			return note, err
		}
		if err != nil || !now.UpdatedAt.Equal(l.Item.Stamp) {
			note.Since = s.t.Now()
		}
		note.Changed = note.Since
	}
	for _, k := range []string{key, mark} {
		if err := fs.PutJSON(ctx, store, k, note); err != nil {
			return note, err
		}
	}
	return note, nil
}

// addComputed adds to v how much of a table or view is computed: by its filter, and by the columns of its base table,
// by which a view may filter and sort without showing them. The columns of id itself are already in v. It may cost the
// request for the base table's columns, unless the answer cannot change the result.
func (s *docs) addComputed(ctx context.Context, l *remote.Lists, v *fs.VersionHash, id string) error {
	info, err := s.tableInfo(ctx, l, id)
	if err != nil {
		return err
	}
	v.Computes(codatext.ComputedByFilter(info.table))
	base := info.table.ParentTable
	if base == nil || base.ID == id || !fs.ValidID(base.ID) || v.Computed() == fs.ComputedVolatile {
		return nil
	}
	columns, err := s.columnList(ctx, l, base.ID)
	if s.t.Fatal(ctx, err) {
		return err
	}
	if err == nil {
		v.Computes(columns.computed)
	}
	return nil // the base table reports this failure itself
}
