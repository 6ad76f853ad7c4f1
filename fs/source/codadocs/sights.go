package codadocs

import (
	"context"
	"time"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/blob"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/remote"
	"github.com/codafs/codafs/fs/remote/load"
	"github.com/codafs/codafs/fs/source/codadocs/pagetree"
	"github.com/codafs/codafs/fs/source/codadocs/sights"
)

// What a page shows is in its HTML, which is the page's .html too: one export serves both. What a table shows is in its rows as coda.Rich.

// findFiles finds what the pages and tables of a doc show. A page or table that cannot be had now shows what was last known of it. Where nothing
// is, that is the error: a list without it would be taken for deletions.
func (s *docs) findFiles(ctx context.Context, d doc, last bool) (all sights.List, err error) {
	reads, l := s.Reads(), d.Current()
	pages, err := s.pageList(ctx, l)
	if err != nil {
		return all, err
	}
	places, err := d.showing(ctx, l, pages)
	if err != nil {
		return all, err
	}
	seen := make([]sights.List, len(places))
	err = s.t.Parallel(ctx, len(places), func(ctx context.Context, i int) (err error) {
		seen[i], err = d.source(places[i], last).Get(ctx, last, s.t.Fatal)
		return err
	})
	if s.Reads() != reads {
		return all, fs.ErrStale
	}
	if err != nil {
		return all, err
	}
	for _, found := range seen {
		all.Add(found.Place, found.Newest)
	}
	b, err := pages.json.Bytes(ctx)
	if err != nil {
		return all, err
	}
	shown := func(p coda.Page) (time.Time, bool) { return orOwn(l, p.UpdatedAt.Time), pages.Page(p.ID) != nil }
	return all, all.AddCovers(b, shown, s.blobs.Hosts())
}

// showing are the files of a doc that may show blobs: the HTML of its pages, and the CSV of its base tables. Views show the same as those.
func (d doc) showing(ctx context.Context, l *remote.Lists, pages *pageList) (files []*remote.File, err error) {
	add := func(nodes []fs.Node, kind fs.Kind) {
		for _, n := range nodes {
			if f, ok := n.(*remote.File); ok && f.Object().Kind == kind {
				files = append(files, f)
			}
		}
	}
	var below func(p *pagetree.Page)
	below = func(p *pagetree.Page) {
		add(pages.entries(d, p).Nodes, fs.KindPageHTML)
		for _, c := range p.Children {
			below(c)
		}
	}
	below(pages.Root)
	tables, err := d.s.tableList(ctx, l)
	if err != nil {
		if d.s.refused(err) {
			return files, nil // which its own gap tells
		}
		return nil, err
	}
	add(tables.entries(d, "table", isBase).Nodes, fs.KindRows)
	return files, nil
}

// source is the page or table of a file.
func (d doc) source(f *remote.File, last bool) sights.Source {
	s, o := d.s, f.Object()
	from := sights.Source{Unit: d.Unit, Store: s.t.Store(), File: f}
	if o.Kind == fs.KindRows {
		from.Columns = func(ctx context.Context) ([]coda.Column, error) {
			c, err := s.columnList(ctx, d.Current(), o.ID)
			return c.columns, err
		}
	}
	from.Look = func(ctx context.Context, v fs.Version, afresh bool) (sights.Place, error) {
		switch {
		case o.Kind == fs.KindRows:
			return d.lookAtRows(ctx, o.ID, last)
		case afresh:
			b, err := d.export(ctx, o.ID, coda.HTML)
			return sights.OnPage(o.ID, b, s.blobs.Hosts()), err
		}
		b, err := from.Bytes(ctx, v)
		return sights.OnPage(o.ID, b, s.blobs.Hosts()), err
	}
	return from
}

// lookAtRows reads the rows of a base table, all of them: see [rowCount].
func (d doc) lookAtRows(ctx context.Context, id string, last bool) (sights.Place, error) {
	t := &remote.Try{Last: last, Service: "Coda"} // what is odd about the rows, the CSV tells
	count, err := (rowsRenderer{d, id, false, false}).newRowCount(ctx, d.Current(), t)
	if err != nil {
		return nil, err
	}
	rows := count.of(load.Once(t, d.s.api.Rows(ctx, d.ID, id, coda.RowOptions{Values: coda.Rich}), rowID))
	shown, err := sights.InRows(id, rows, d.s.blobs.Hosts())
	if err != nil {
		return nil, err
	}
	return shown, count.check(ctx, t)
}

// addressAnew gets the address of a blob once more, from the first place that shows it. The zero value says that there is none.
func (d doc) addressAnew(ctx context.Context, f blob.File) blob.Address {
	use, l := f.UsedBy[0], d.Current()
	pages, err := d.s.pageList(ctx, l)
	if err != nil {
		return blob.Address{}
	}
	files, _ := d.showing(ctx, l, pages)
	for _, file := range files {
		if file.Object().ID == use.PageID+use.TableID {
			return d.source(file, true).Address(ctx, f.ID, f.Address)
		}
	}
	return blob.Address{}
}
