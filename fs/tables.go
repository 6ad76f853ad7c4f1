package fs

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"io"
	"iter"
	"slices"
	"time"

	"github.com/codafs/codafs/coda"
)

// table is a base table or a view in its place in the tree.
type table struct{ meta coda.Table }

func (t *table) isView() bool { return t.meta.TableType == coda.TypeView }

func newTableList(d *doc, metas []coda.Table) *tableList {
	l := &tableList{byID: map[string]*table{}, onPage: map[string][]string{}, folders: map[string]*entries{}}
	for _, m := range metas {
		switch {
		case !validID(m.ID):
			l.gaps = append(l.gaps, badID(d.id, m.ID, KindTable))
		case l.byID[m.ID] != nil:
		default:
			t := &table{m}
			l.byID[m.ID] = t
			if !t.isView() || !d.t.opts.Select.NoViews {
				l.tables = append(l.tables, t)
			}
			// A page shows its views whether or not the tree does.
			if m.Parent != nil {
				l.onPage[m.Parent.ID] = append(l.onPage[m.Parent.ID], m.ID)
			}
		}
	}
	return l
}

// addStamps takes a table's stamp into v, and for a view its base table's too. A table that is
// gone since it was listed adds only that.
func (l *listing) addStamps(ctx context.Context, v *versionHash, id string) error {
	info, err := l.tableInfo(ctx, id)
	if notExist(err) {
		v.add(id, time.Time{})
		return nil
	}
	if err != nil {
		return err
	}
	v.add(id, l.d.tableStamp(info))
	base := info.table.ParentTable
	if base == nil || base.ID == id || !validID(base.ID) {
		return nil
	}
	info, err = l.tableInfo(ctx, base.ID)
	if err != nil && !notExist(err) {
		return err
	}
	v.add(base.ID, info.table.UpdatedAt.Time)
	return nil
}

func (d *doc) tableStamp(info tableInfo) time.Time {
	if at := info.table.UpdatedAt.Time; !at.IsZero() {
		return at
	}
	return d.modTime()
}

// tableTime is the mtime of all files of a table or view.
func (l *listing) tableTime(ctx context.Context, id string) (time.Time, error) {
	v := newVersionHash("")
	err := l.addStamps(ctx, v, id)
	return v.newest, err
}

// tablesFolder holds table/ and view/, each only where it has something in it.
func (d *doc) tablesFolder() *folder {
	return &folder{
		t: d.t, name: "tables", obj: d.object(KindFolder, "tables"),
		path:    func() string { return d.path() + "/tables" },
		modTime: d.modTime,
		list: func(ctx context.Context) (*entries, error) {
			l, err := d.current().tableList(ctx)
			if err != nil {
				return nil, err
			}
			var kinds []Node
			if slices.ContainsFunc(l.tables, func(t *table) bool { return !t.isView() }) {
				kinds = append(kinds, d.tableKind("table", false))
			}
			if slices.ContainsFunc(l.tables, (*table).isView) {
				kinds = append(kinds, d.tableKind("view", true))
			}
			return newEntries(kinds...), nil
		},
		gaps: func(ctx context.Context) []Failure {
			l, err := d.current().tableList(ctx)
			if err != nil {
				return nil
			}
			return l.gaps
		},
	}
}

// tableKind is the folder of the doc's tables, or of its views.
func (d *doc) tableKind(name string, views bool) *folder {
	return &folder{
		t: d.t, name: name, obj: d.object(KindFolder, "tables/"+name),
		path:    func() string { return d.path() + "/tables/" + name },
		modTime: d.modTime,
		list: func(ctx context.Context) (*entries, error) {
			l, err := d.current().tableList(ctx)
			if err != nil {
				return nil, err
			}
			return l.folder(d, name, views), nil
		},
	}
}

// folder gives the entries of table/ or view/. They are made once.
func (l *tableList) folder(d *doc, name string, views bool) *entries {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.folders[name] == nil {
		var tables []*table
		for _, t := range l.tables {
			if t.isView() == views {
				tables = append(tables, t)
			}
		}
		l.folders[name] = d.tableEntries(tables, "tables/"+name+"/")
	}
	return l.folders[name]
}

func (d *doc) tableEntries(tables []*table, rel string) *entries {
	endings := []string{".csv", ".columns.json", ".table.json"}
	if d.t.opts.Select.RowsJSON {
		endings = append(endings, ".rows.jsonl")
	}
	objs := make([]named, len(tables))
	for i, t := range tables {
		objs[i] = nameObject(t.meta.Name, t.meta.ID, endings...)
		if p := t.meta.Parent; p != nil {
			objs[i] = nameTable(p.Name, t.meta.Name, t.meta.ID, endings...)
		}
	}
	var nodes []Node
	for i, stem := range uniqueStems(d.t.opts.Select.Names, objs) {
		for _, ending := range endings {
			nodes = append(nodes, d.tableNode(tables[i], rel, stem, ending))
		}
	}
	return newEntries(nodes...)
}

func (d *doc) tableNode(t *table, rel, stem, ending string) Node {
	id, name := t.meta.ID, stem+ending
	obj := func(kind Kind) Object {
		return Object{Kind: kind, Type: cmp.Or(t.meta.TableType, "table"), DocID: d.id, ID: id, Title: t.meta.Name, URL: t.meta.BrowserLink}
	}
	switch ending {
	case ".table.json":
		return newJSON(d, name, rel, obj(KindTable), func(ctx context.Context) ([]byte, time.Time, error) {
			l := d.current()
			info, err := l.tableInfo(ctx, id)
			if err != nil {
				return nil, time.Time{}, err
			}
			at, err := l.tableTime(ctx, id)
			return info.json, at, err
		})
	case ".columns.json":
		return newJSON(d, name, rel, obj(KindColumns), func(ctx context.Context) ([]byte, time.Time, error) {
			l := d.current()
			c, err := l.columnList(ctx, id)
			if err != nil {
				return nil, time.Time{}, err
			}
			at, err := l.tableTime(ctx, id)
			return c.json, at, err
		})
	case ".csv":
		return &file{d: d, name: name, rel: rel + name, obj: obj(KindRows), make: rowsMaker{d, id, t.isView(), (*rowsMaker).csv}}
	default:
		return &file{d: d, name: name, rel: rel + name, obj: obj(KindRowsJSON), make: rowsMaker{d, id, t.isView(), (*rowsMaker).lines}}
	}
}

// rowsMaker makes a file from a table's rows.
type rowsMaker struct {
	d     *doc
	id    string
	view  bool
	write func(m *rowsMaker, ctx context.Context, rows iter.Seq2[coda.Row, error], w io.Writer) error
}

// version is over the table and, for a view, its base table, and over the columns: the service
// may change those without moving the table's stamp.
func (m rowsMaker) version(ctx context.Context) (Version, error) {
	l := m.d.current()
	columns, err := l.columnList(ctx, m.id)
	if err != nil {
		return Version{}, err
	}
	v := newVersionHash("rows " + bytesVersion(columns.json, time.Time{}).Key)
	if err := l.addStamps(ctx, v, m.id); err != nil {
		return Version{}, err
	}
	return v.version(m.d.t.opts.Now()), nil
}

func (m rowsMaker) make(ctx context.Context, _ Version, w io.Writer) error {
	b := bufio.NewWriterSize(w, 64<<10)
	rows := m.d.t.src.Rows(ctx, m.d.id, m.id, coda.RowOptions{Visible: m.view})
	if err := m.write(&m, ctx, rows, b); err != nil {
		return err
	}
	return b.Flush()
}

func (m *rowsMaker) csv(ctx context.Context, rows iter.Seq2[coda.Row, error], w io.Writer) error {
	list, err := m.d.current().columnList(ctx, m.id)
	if err != nil {
		return err
	}
	columns := make([]csvColumn, len(list.columns))
	for i, c := range list.columns {
		columns[i] = csvColumn{c.ID, c.Name}
	}
	out, err := newCSVWriter(w, columns)
	if err != nil {
		return err
	}
	for r, err := range rows {
		if err != nil {
			return err
		}
		row := csvRow{ID: r.ID, Name: r.Name, Index: r.Index, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt,
			BrowserLink: r.BrowserLink, Values: r.Values}
		if err := out.Row(row); err != nil {
			return err
		}
	}
	return out.Flush()
}

// lines writes each row as it was sent, on a line of its own.
func (m *rowsMaker) lines(_ context.Context, rows iter.Seq2[coda.Row, error], w io.Writer) error {
	var b bytes.Buffer
	for r, err := range rows {
		if err != nil {
			return err
		}
		b.Reset()
		if err := json.Compact(&b, r.Raw); err != nil {
			return err
		}
		b.WriteByte('\n')
		if err := writeAll(w, b.Bytes()); err != nil {
			return err
		}
	}
	return nil
}
