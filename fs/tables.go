package fs

import (
	"cmp"
	"context"
	"encoding/json"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/codafs/codafs/coda"
)

// tableList is a doc's tables and views.
type tableList struct {
	json   *shown
	tables []coda.Table // those that the tree shows
	// onPage has the ids of tables and views, by the page that they are on.
	onPage map[string][]string
	gaps   []Failure

	mu      sync.Mutex                // guards folders
	folders map[string]*folderEntries // table/ and view/
}

func (s *docs) tableLists() list[*tableList] {
	return list[*tableList]{
		kind: KindTables, path: "tables.json",
		fill: func(ctx context.Context, l *lists, _ string, w io.Writer, t *try) error {
			all := once(t, s.api.Tables(ctx, l.u.id), func(t coda.Table) string { return t.ID })
			return writeList(w, all, func(t coda.Table) json.RawMessage { return t.Raw })
		},
		parse: func(_ context.Context, l *lists, _ string, b []byte) (*tableList, error) {
			tables, err := coda.DecodeList[coda.Table](b)
			if err != nil {
				return nil, err
			}
			return newTableList(doc{l.u, s}, b, tables), nil
		},
		count: func(l *lists) int { return docOf(l.meta).DocSize.TableAndViewCount },
	}
}

func (s *docs) tableList(ctx context.Context, l *lists) (*tableList, error) {
	return get(ctx, &s.tables, l, "")
}

// newTableList arranges a doc's tables and views. Views that are not selected are left out, but stay in onPage.
func newTableList(d doc, b []byte, metas []coda.Table) *tableList {
	l := &tableList{json: &shown{bytes: b}, onPage: map[string][]string{}, folders: map[string]*folderEntries{}}
	seen := map[string]bool{}
	for _, m := range metas {
		switch {
		case !validID(m.ID):
			l.gaps = append(l.gaps, badID(d.id, m.ID, m.Name, KindTable))
			continue
		case seen[m.ID]: // a list that changes while it is read may name an item twice
			continue
		}
		seen[m.ID] = true
		if !isView(m) || !d.s.sel.NoViews {
			l.tables = append(l.tables, m)
		}
		// A page shows its views whether or not the tree does.
		if m.Parent != nil {
			l.onPage[m.Parent.ID] = append(l.onPage[m.Parent.ID], m.ID)
		}
	}
	d.t.noteGaps(l.gaps)
	return l
}

// isView tells views from tables. All other types count as tables: they have rows of their own.
func isView(t coda.Table) bool { return t.TableType == coda.TypeView }

func isBase(t coda.Table) bool { return !isView(t) }

// addTable adds to v what an export shows of a table: its stamps and its columns.
func (s *docs) addTable(ctx context.Context, l *lists, v *versionHash, id string) error {
	columns, err := s.columnList(ctx, l, id)
	if err != nil {
		return err
	}
	v.addColumns(columns)
	if err := s.addStamps(ctx, l, v, id); err != nil {
		return err
	}
	return s.addComputed(ctx, l, v, id)
}

// addStamps adds a table's stamp to v, and for a view also that of its base table.
func (s *docs) addStamps(ctx context.Context, l *lists, v *versionHash, id string) error {
	info, err := s.tableInfo(ctx, l, id)
	if err != nil {
		return err
	}
	v.add(id, orOwn(l, info.table.UpdatedAt))
	base := info.table.ParentTable
	if base == nil || base.ID == id {
		return nil
	}
	if !validID(base.ID) {
		v.add(base.ID, l.meta.stamp)
		return nil
	}
	under, err := s.tableInfo(ctx, l, base.ID)
	if s.t.fatal(ctx, err) {
		return err
	}
	v.add(base.ID, orOwn(l, under.table.UpdatedAt))
	return nil
}

// orOwn returns an object's stamp, or the doc's if the object has none: the doc's moves with every edit, so that no
// edit is missed.
func orOwn(l *lists, stamp coda.Time) time.Time {
	if stamp.IsZero() {
		return l.meta.stamp
	}
	return stamp.Time
}

// tableTime returns the mtime of all files of a table or view.
func (s *docs) tableTime(ctx context.Context, l *lists, id string) (time.Time, error) {
	v := newVersionHash("")
	err := s.addStamps(ctx, l, v, id)
	return v.newest, err
}

// tablesFolder holds table/ and view/, each only if it is not empty.
func (d doc) tablesFolder() *folder {
	return d.newFolder("tables", "tables", d.object(KindFolder, "tables"), func(ctx context.Context) (*folderEntries, error) {
		l, err := d.s.tableList(ctx, d.current())
		if err != nil {
			return nil, err
		}
		var kinds []Node
		if slices.ContainsFunc(l.tables, isBase) {
			kinds = append(kinds, d.tableKind("table", isBase))
		}
		if slices.ContainsFunc(l.tables, isView) {
			kinds = append(kinds, d.tableKind("view", isView))
		}
		return newFolderEntries(kinds...), nil
	})
}

// tableKind is the folder of the doc's tables, or of its views.
func (d doc) tableKind(name string, in func(coda.Table) bool) *folder {
	rel := "tables/" + name
	return d.newFolder(name, rel, d.object(KindFolder, rel), func(ctx context.Context) (*folderEntries, error) {
		l, err := d.s.tableList(ctx, d.current())
		if err != nil {
			return nil, err
		}
		return l.entries(d, name, in), nil
	})
}

// entries returns the entries of table/ or view/. They are made once.
func (l *tableList) entries(d doc, name string, in func(coda.Table) bool) *folderEntries {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.folders[name] == nil {
		var tables []coda.Table
		for _, t := range l.tables {
			if in(t) {
				tables = append(tables, t)
			}
		}
		l.folders[name] = d.tableEntries(tables, "tables/"+name+"/")
	}
	return l.folders[name]
}

// tableEntries makes the files of tables. rel is the path of their folder below the doc's, with a slash at the end.
func (d doc) tableEntries(tables []coda.Table, rel string) *folderEntries {
	endings := []string{".csv", ".columns.json", ".table.json"}
	if d.s.sel.RowsJSON {
		endings = append(endings, ".rows.jsonl")
	}
	objs := make([]named, len(tables))
	for i, t := range tables {
		objs[i] = nameObject(t.Name, t.ID, endings...)
		if p := t.Parent; p != nil {
			objs[i] = nameTable(p.Name, t.Name, t.ID, endings...)
		}
	}
	var nodes []Node
	for i, stem := range uniqueStems(d.s.sel.Names, objs) {
		for _, ending := range endings {
			nodes = append(nodes, d.tableNode(tables[i], rel, stem, ending))
		}
	}
	return newFolderEntries(nodes...)
}

// tableNode makes the file of a table for one ending. Its functions look the table up in the current lists at each
// call.
func (d doc) tableNode(t coda.Table, rel, stem, ending string) Node {
	id := t.ID
	var f *file
	switch name := stem + ending; ending {
	case ".table.json":
		f = newJSON(d.unit, name, rel, d.tableObject(t, KindTable), func(ctx context.Context) (*shown, time.Time, error) {
			l := d.current()
			info, err := d.s.tableInfo(ctx, l, id)
			if err != nil {
				return nil, time.Time{}, err
			}
			at, err := d.s.tableTime(ctx, l, id)
			return info.json, at, err
		})
	case ".columns.json":
		f = newJSON(d.unit, name, rel, d.tableObject(t, KindColumns), func(ctx context.Context) (*shown, time.Time, error) {
			l := d.current()
			c, err := d.s.columnList(ctx, l, id)
			if err != nil {
				return nil, time.Time{}, err
			}
			at, err := d.s.tableTime(ctx, l, id)
			return c.json, at, err
		})
	case ".csv":
		f = d.rowsFile(t, name, rel, KindRows, false)
	default:
		f = d.rowsFile(t, name, rel, KindRowsJSON, true)
	}
	f.stamps = func(o *Object) {
		if info, ok := d.s.table.known(d.current(), id); ok {
			o.CreatedAt, o.UpdatedAt = info.table.CreatedAt.Time, info.table.UpdatedAt.Time
		}
	}
	return f
}

func (d doc) rowsFile(t coda.Table, name, rel string, kind Kind, asSent bool) *file {
	return &file{u: d.unit, name: name, rel: rel + name, obj: d.tableObject(t, kind), ahead: aheadCancel,
		make: rowsMaker{d, t.ID, isView(t), asSent}}
}

func (d doc) tableObject(t coda.Table, kind Kind) Object {
	return Object{Kind: kind, Type: cmp.Or(t.TableType, "table"), DocID: d.id, ID: t.ID, Title: t.Name, URL: t.BrowserLink}
}
