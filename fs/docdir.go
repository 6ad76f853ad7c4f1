package fs

import (
	"bytes"
	"context"
	"time"
)

// docFolder is a doc's folder, under the name that the doc has now.
func (d *doc) folder(name string) *folder {
	return &folder{
		t: d.t, name: name, obj: d.object(KindFolder, "doc"),
		path:    d.path,
		modTime: d.modTime,
		list:    d.entries,
	}
}

// object describes the doc, or a list in it, in the words of Object.
func (d *doc) object(kind Kind, typ string) Object {
	m := d.getMeta()
	return Object{Kind: kind, Type: typ, DocID: d.id, ID: d.id, Title: m.Name, URL: m.BrowserLink,
		CreatedAt: m.CreatedAt.Time, UpdatedAt: m.UpdatedAt.Time}
}

// entries lists the doc's folder. Lists that the service refuses are left out, and so are
// folders that would be empty; lists that fail otherwise are named, and fail when opened.
func (d *doc) entries(ctx context.Context) (*entries, error) {
	l := d.current()
	nodes := []Node{newJSON(d, "doc.json", "", d.object(KindDoc, "doc"), d.docJSON)}
	pages, perr := l.pageList(ctx)
	tables, terr := l.tableList(ctx)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if !refused(perr) {
		nodes = append(nodes, newJSON(d, "pages.json", "", d.object(KindPages, "doc"), d.pagesJSON))
	}
	if !refused(terr) {
		nodes = append(nodes, newJSON(d, "tables.json", "", d.object(KindTables, "doc"), d.tablesJSON))
	}
	if !refused(perr) && (perr != nil || len(pages.top) > 0) {
		nodes = append(nodes, d.pagesFolder())
	}
	if !refused(terr) && (terr != nil || len(tables.tables) > 0) {
		nodes = append(nodes, d.tablesFolder())
	}
	return newEntries(nodes...), nil
}

func (d *doc) docJSON(context.Context) ([]byte, time.Time, error) {
	m := d.getMeta()
	var b bytes.Buffer
	err := writeJSON(&b, m.Raw)
	return b.Bytes(), m.UpdatedAt.Time, err
}

func (d *doc) pagesJSON(ctx context.Context) ([]byte, time.Time, error) {
	l, err := d.current().pageList(ctx)
	if err != nil {
		return nil, time.Time{}, err
	}
	return l.json, d.modTime(), nil
}

func (d *doc) tablesJSON(ctx context.Context) ([]byte, time.Time, error) {
	l, err := d.current().tableList(ctx)
	if err != nil {
		return nil, time.Time{}, err
	}
	return l.json, d.modTime(), nil
}
