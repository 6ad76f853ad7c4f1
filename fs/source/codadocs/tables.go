package codadocs

import (
	"cmp"
	"context"
	"encoding/json"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/remote"
	"github.com/codafs/codafs/fs/remote/load"
	"github.com/codafs/codafs/fs/render"
)

// tableList is a doc's tables and views. But for the folders, it never changes.
type tableList struct {
	json   *load.Shown
	tables []coda.Table // those that the tree shows
	// onPage has the ids of tables and views, by the page that they are on.
	onPage map[string][]string
	gaps   []fs.Failure

	mu      sync.Mutex                 // guards folders
	folders map[string]*remote.Entries // table/ and view/
}

// tableLists says how a doc's tables are listed. References have no stamps: those come with each table's own object.
func (s *docs) tableLists() remote.List[*tableList] {
	return remote.List[*tableList]{
		Kind: fs.KindTables, Path: "tables.json",
		Fill: func(ctx context.Context, l *remote.Lists, _ string, w io.Writer, t *remote.Try) error {
			all := load.Once(t, s.api.Tables(ctx, l.Unit.ID), func(t coda.Table) string { return t.ID })
			return render.List(w, all, func(t coda.Table) json.RawMessage { return t.Raw })
		},
		Parse: func(_ context.Context, l *remote.Lists, _ string, b []byte) (*tableList, error) {
			tables, err := coda.DecodeList[coda.Table](b)
			if err != nil {
				return nil, err
			}
			return newTableList(doc{l.Unit, s}, s.tables.Kept(l, "", b), tables), nil
		},
		Count: func(l *remote.Lists) int { return docOf(l.Item).DocSize.TableAndViewCount },
	}
}

// tableList returns the doc's tables and views. As all lists, they may be older ones: see [remote.List].
func (s *docs) tableList(ctx context.Context, l *remote.Lists) (*tableList, error) {
	return get(ctx, &s.tables, l, "")
}

// newTableList arranges a doc's tables and views. Views that are not selected are left out, but stay in onPage.
func newTableList(d doc, shown *load.Shown, metas []coda.Table) *tableList {
	l := &tableList{json: shown, onPage: map[string][]string{}, folders: map[string]*remote.Entries{}}
	seen := map[string]bool{}
	for _, m := range metas {
		switch {
		case !fs.ValidID(m.ID):
			l.gaps = append(l.gaps, remote.BadID(d.ID, m.ID, m.Name, fs.KindTable))
			continue
		case seen[m.ID]: // a list that changes while it is read may name an item twice
			continue
		}
		seen[m.ID] = true
		m.Raw = nil // it would hold the JSON of all
		if !isView(m) || !d.s.sel.NoViews {
			l.tables = append(l.tables, m)
		}
		// A page shows its views whether or not the tree does.
		if m.Parent != nil {
			l.onPage[m.Parent.ID] = append(l.onPage[m.Parent.ID], m.ID)
		}
	}
	d.s.t.NoteGaps(l.gaps)
	return l
}

// isView tells views from tables. All other types count as tables: they have rows of their own.
func isView(t coda.Table) bool { return t.TableType == coda.TypeView }

// isBase is the opposite of isView.
func isBase(t coda.Table) bool { return !isView(t) }

// addTable adds to v what an export shows of a table: its stamps and its columns.
func (s *docs) addTable(ctx context.Context, l *remote.Lists, v *fs.VersionHash, id string) error {
	columns, err := s.columnList(ctx, l, id)
	if err != nil {
		return err
	}
	columns.addTo(v)
	if err := s.addStamps(ctx, l, v, id); err != nil {
		return err
	}
	return s.addComputed(ctx, l, v, id)
}

// addStamps adds a table's stamp to v, and for a view also that of its base table.
func (s *docs) addStamps(ctx context.Context, l *remote.Lists, v *fs.VersionHash, id string) error {
	info, err := s.tableInfo(ctx, l, id)
	if err != nil {
		return err
	}
	v.Add(id, orOwn(l, info.table.UpdatedAt.Time))
	base := info.table.ParentTable
	if base == nil || base.ID == id {
		return nil
	}
	if !fs.ValidID(base.ID) {
		v.Add(base.ID, l.Item.Stamp)
		return nil
	}
	under, err := s.tableInfo(ctx, l, base.ID)
	if s.t.Fatal(ctx, err) {
		return err
	}
	v.Add(base.ID, orOwn(l, under.table.UpdatedAt.Time))
	return nil
}

// orOwn returns an object's stamp, or the doc's if the object has none: the doc's moves with every edit, so that no
// edit is missed.
func orOwn(l *remote.Lists, stamp time.Time) time.Time {
	if stamp.IsZero() {
		return l.Item.Stamp
	}
	return stamp
}

// tableTime returns the mtime of all files of a table or view.
func (s *docs) tableTime(ctx context.Context, l *remote.Lists, id string) (time.Time, error) {
	v := fs.NewVersionHash("")
	err := s.addStamps(ctx, l, v, id)
	return v.Newest(), err
}

// folderObject describes a folder of the doc.
func (d doc) folderObject(typ string) *fs.Object {
	o := d.Object(fs.KindFolder, typ)
	return &o
}

// tablesFolder holds table/ and view/, each only if it is not empty.
func (d doc) tablesFolder() *remote.Folder {
	return d.NewFolder("tables", "tables", d.folderObject("tables"), func(ctx context.Context) (*remote.Entries, error) {
		l, err := d.s.tableList(ctx, d.Current())
		if err != nil {
			return nil, err
		}
		var kinds []fs.Node
		if slices.ContainsFunc(l.tables, isBase) {
			kinds = append(kinds, d.tableKind("table", isBase))
		}
		if slices.ContainsFunc(l.tables, isView) {
			kinds = append(kinds, d.tableKind("view", isView))
		}
		return remote.NewEntries(kinds...), nil
	})
}

// tableKind is the folder of the doc's tables, or of its views.
func (d doc) tableKind(name string, in func(coda.Table) bool) *remote.Folder {
	rel := "tables/" + name
	return d.NewFolder(name, rel, d.folderObject(rel), func(ctx context.Context) (*remote.Entries, error) {
		l, err := d.s.tableList(ctx, d.Current())
		if err != nil {
			return nil, err
		}
		return l.entries(d, name, in), nil
	})
}

// entries returns the entries of table/ or view/. They are made once.
func (l *tableList) entries(d doc, name string, in func(coda.Table) bool) *remote.Entries {
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
func (d doc) tableEntries(tables []coda.Table, rel string) *remote.Entries {
	endings := []string{".csv", ".columns.json", ".table.json"}
	if d.s.sel.RowsJSON {
		endings = append(endings, ".rows.jsonl")
	}
	objs := make([]fs.Named, len(tables))
	for i, t := range tables {
		objs[i] = fs.NameOf(t.Name, t.ID, endings...)
		if p := t.Parent; p != nil {
			objs[i] = fs.NameOn(p.Name, t.Name, t.ID, endings...)
		}
	}
	var nodes []fs.Node
	for i, stem := range fs.UniqueStems(d.s.sel.Names, objs) {
		for _, ending := range endings {
			nodes = append(nodes, d.tableNode(tables[i], rel, stem, ending))
		}
	}
	return remote.NewEntries(nodes...)
}

// tableNode makes the file of a table for one ending. Its functions look the table up in the current lists at each
// call.
func (d doc) tableNode(t coda.Table, rel, stem, ending string) fs.Node {
	id := t.ID
	var f *remote.File
	switch name := stem + ending; ending {
	case ".table.json":
		f = d.NewShownFile(name, rel, d.tableObject(t, fs.KindTable), func(ctx context.Context) (*load.Shown, time.Time, error) {
			l := d.Current()
			info, err := d.s.tableInfo(ctx, l, id)
			if err != nil {
				return nil, time.Time{}, err
			}
			at, err := d.s.tableTime(ctx, l, id)
			return info.json, at, err
		})
	case ".columns.json":
		f = d.NewShownFile(name, rel, d.tableObject(t, fs.KindColumns), func(ctx context.Context) (*load.Shown, time.Time, error) {
			l := d.Current()
			c, err := d.s.columnList(ctx, l, id)
			if err != nil {
				return nil, time.Time{}, err
			}
			at, err := d.s.tableTime(ctx, l, id)
			return c.json, at, err
		})
	case ".csv":
		f = d.rowsFile(t, name, rel, fs.KindRows, false)
	default:
		f = d.rowsFile(t, name, rel, fs.KindRowsJSON, true)
	}
	f.Stamps = func(o *fs.Object) {
		if info, ok := d.s.table.Known(d.Current(), id); ok {
			o.CreatedAt, o.UpdatedAt = info.table.CreatedAt.Time, info.table.UpdatedAt.Time
		}
	}
	return f
}

func (d doc) rowsFile(t coda.Table, name, rel string, kind fs.Kind, asSent bool) *remote.File {
	f := d.NewFile(name, rel, d.tableObject(t, kind), rowsRenderer{d, t.ID, isView(t), asSent})
	f.Ahead = remote.AheadCancel
	return f
}

func (d doc) tableObject(t coda.Table, kind fs.Kind) fs.Object {
	return fs.Object{Kind: kind, Type: cmp.Or(t.TableType, "table"), DocID: d.ID, ID: t.ID, Title: t.Name, URL: t.BrowserLink}
}
