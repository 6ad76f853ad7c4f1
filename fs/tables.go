package fs

import (
	"cmp"
	"context"
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

// newTableList arranges a doc's tables and views. Views that are not selected are left out, but stay in onPage.
func newTableList(d *doc, json []byte, metas []coda.Table) *tableList {
	l := &tableList{json: &shown{bytes: json}, onPage: map[string][]string{}, folders: map[string]*folderEntries{}}
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
		if !isView(m) || !d.t.opts.Select.NoViews {
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
func (l *docLists) addTable(ctx context.Context, v *versionHash, id string) error {
	columns, err := l.columnList(ctx, id)
	if err != nil {
		return err
	}
	v.addColumns(columns)
	if err := l.addStamps(ctx, v, id); err != nil {
		return err
	}
	return l.addComputed(ctx, v, id)
}

// addStamps adds a table's stamp to v, and for a view also that of its base table.
func (l *docLists) addStamps(ctx context.Context, v *versionHash, id string) error {
	info, err := l.tableInfo(ctx, id)
	if err != nil {
		return err
	}
	v.add(id, l.orOwn(info.table.UpdatedAt))
	base := info.table.ParentTable
	if base == nil || base.ID == id {
		return nil
	}
	if !validID(base.ID) {
		v.add(base.ID, l.stamp)
		return nil
	}
	under, err := l.tableInfo(ctx, base.ID)
	if fatal(ctx, err) {
		return err
	}
	v.add(base.ID, l.orOwn(under.table.UpdatedAt))
	return nil
}

// orOwn returns an object's stamp, or the doc's if the object has none: the doc's moves with every edit, so that no
// edit is missed.
func (l *docLists) orOwn(stamp coda.Time) time.Time {
	if stamp.IsZero() {
		return l.stamp
	}
	return stamp.Time
}

// tableTime returns the mtime of all files of a table or view.
func (l *docLists) tableTime(ctx context.Context, id string) (time.Time, error) {
	v := newVersionHash("")
	err := l.addStamps(ctx, v, id)
	return v.newest, err
}

// tablesFolder holds table/ and view/, each only if it is not empty.
func (d *doc) tablesFolder() *folder {
	return &folder{
		t: d.t, name: "tables", obj: d.object(KindFolder, "tables"),
		path:    func() string { return d.path() + "/tables" },
		modTime: d.modTime,
		list: func(ctx context.Context) (*folderEntries, error) {
			l, err := d.current().tableList(ctx)
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
		},
	}
}

// tableKind is the folder of the doc's tables, or of its views.
func (d *doc) tableKind(name string, in func(coda.Table) bool) *folder {
	return &folder{
		t: d.t, name: name, obj: d.object(KindFolder, "tables/"+name),
		path:    func() string { return d.path() + "/tables/" + name },
		modTime: d.modTime,
		list: func(ctx context.Context) (*folderEntries, error) {
			l, err := d.current().tableList(ctx)
			if err != nil {
				return nil, err
			}
			return l.entries(d, name, in), nil
		},
	}
}

// entries returns the entries of table/ or view/. They are made once.
func (l *tableList) entries(d *doc, name string, in func(coda.Table) bool) *folderEntries {
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
func (d *doc) tableEntries(tables []coda.Table, rel string) *folderEntries {
	endings := []string{".csv", ".columns.json", ".table.json"}
	if d.t.opts.Select.RowsJSON {
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
	for i, stem := range uniqueStems(d.t.opts.Select.Names, objs) {
		for _, ending := range endings {
			nodes = append(nodes, d.tableNode(tables[i], rel, stem, ending))
		}
	}
	return newFolderEntries(nodes...)
}

// tableNode makes the file of a table for one ending. Its functions look the table up in the current lists at each
// call.
func (d *doc) tableNode(t coda.Table, rel, stem, ending string) Node {
	id := t.ID
	var f *file
	switch name := stem + ending; ending {
	case ".table.json":
		f = newJSON(d, name, rel, d.tableObject(t, KindTable), func(ctx context.Context) (*shown, time.Time, error) {
			l := d.current()
			info, err := l.tableInfo(ctx, id)
			if err != nil {
				return nil, time.Time{}, err
			}
			at, err := l.tableTime(ctx, id)
			return info.json, at, err
		})
	case ".columns.json":
		f = newJSON(d, name, rel, d.tableObject(t, KindColumns), func(ctx context.Context) (*shown, time.Time, error) {
			l := d.current()
			c, err := l.columnList(ctx, id)
			if err != nil {
				return nil, time.Time{}, err
			}
			at, err := l.tableTime(ctx, id)
			return c.json, at, err
		})
	case ".csv":
		f = &file{d: d, name: name, rel: rel + name, obj: d.tableObject(t, KindRows), make: rowsMaker{d, id, isView(t), false}}
	default:
		f = &file{d: d, name: name, rel: rel + name, obj: d.tableObject(t, KindRowsJSON), make: rowsMaker{d, id, isView(t), true}}
	}
	f.stamps = func(o *Object) {
		if info, ok := d.current().knownTable(id); ok {
			o.CreatedAt, o.UpdatedAt = info.table.CreatedAt.Time, info.table.UpdatedAt.Time
		}
	}
	return f
}

func (d *doc) tableObject(t coda.Table, kind Kind) Object {
	return Object{Kind: kind, Type: cmp.Or(t.TableType, "table"), DocID: d.id, ID: t.ID, Title: t.Name, URL: t.BrowserLink}
}
