package fs

import (
	"context"
	"io"
	iofs "io/fs"

	"github.com/codafs/codafs/coda"
)

// pageMaker makes a page's text by an export.
type pageMaker struct {
	d      *doc
	id     string
	format coda.Format
}

// version is over the page and the tables that it shows: the service moves a table's stamp
// when a row changes, and not that of the page, whose export has the rows in it. Where those
// stamps cannot be had, the doc's stands for them: it moves with every edit.
func (m pageMaker) version(ctx context.Context) (Version, error) {
	l := m.d.current()
	pages, err := l.pageList(ctx)
	if err != nil {
		return Version{}, err
	}
	p := pages.byID[m.id]
	if p == nil {
		return Version{}, iofs.ErrNotExist
	}
	v := newVersionHash("export " + string(m.format))
	v.add(m.id, l.orOwn(p.meta.UpdatedAt))
	tables, err := l.tableList(ctx)
	if err == nil {
		for _, id := range tables.onPage[m.id] {
			if err = l.addStamps(ctx, v, id); err != nil {
				break
			}
		}
	}
	if fatal(ctx, err) {
		return Version{}, err
	}
	if err != nil {
		v.add(m.d.id, l.stamp)
	}
	return v.version(m.d.t.opts.Now()), nil
}

func (m pageMaker) make(ctx context.Context, v Version, w io.Writer) error {
	now, err := m.version(ctx)
	if err != nil {
		return err
	}
	if now.Key != v.Key {
		return ErrStale
	}
	b, err := m.d.t.src.ExportPage(ctx, m.d.id, m.id, m.format)
	if err != nil {
		return err
	}
	return writeAll(w, b)
}
