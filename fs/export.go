package fs

import (
	"context"
	"io"
	iofs "io/fs"

	"github.com/codafs/codafs/coda"
)

// pageMaker makes a page's text by an export, or from its lines where the token may not export.
type pageMaker struct {
	d      *doc
	id     string
	format coda.Format
}

// source is how the page's text is got now.
func (m pageMaker) source() string {
	if m.d.t.exports.right() == exportsRefused {
		return SourceContent
	}
	return SourceExport
}

func (m pageMaker) version(ctx context.Context) (Version, error) {
	return m.versionFrom(ctx, m.source())
}

// versionFrom is over the page and, for an export, over the tables that it shows.
func (m pageMaker) versionFrom(ctx context.Context, source string) (Version, error) {
	l := m.d.current()
	pages, err := l.pageList(ctx)
	if err != nil {
		return Version{}, err
	}
	p := pages.byID[m.id]
	if p == nil {
		return Version{}, iofs.ErrNotExist
	}
	v := newVersionHash(source + " " + string(m.format))
	v.add(m.id, l.orOwn(p.meta.UpdatedAt))
	v.computes(ComputedCalculated)
	if source == SourceExport { // lines have nothing of tables
		if err := m.addTables(ctx, l, v); err != nil {
			return Version{}, err
		}
	}
	return v.version(m.d.t.opts.Now()), nil
}

// addTables takes the stamps and columns of the page's tables into v: the service moves a table's stamp
// when a row changes, and not that of the page, whose export has the rows in it. Where they cannot
// be had, the doc's stamp stands for them: it moves with every edit. The only errors are fatal ones.
func (m pageMaker) addTables(ctx context.Context, l *listing, v *versionHash) error {
	tables, err := l.tableList(ctx)
	if err == nil {
		for _, id := range tables.onPage[m.id] {
			if err = l.addTable(ctx, v, id); err != nil {
				break
			}
		}
	}
	if fatal(ctx, err) {
		return err
	}
	if err != nil {
		v.add(m.d.id, l.stamp)
	}
	return nil
}

// make asks only once how text is got: what it finds out on the way is for another version.
func (m pageMaker) make(ctx context.Context, v Version, w io.Writer, t *try) error {
	source := m.source()
	now, err := m.versionFrom(ctx, source)
	switch {
	case err != nil:
		return err
	case now.Key != v.Key:
		return ErrStale
	case source == SourceExport:
		b, err := m.d.export(ctx, m.id, m.format)
		if err != nil {
			return err
		}
		return writeAll(w, b)
	case m.format == coda.HTML:
		return errNoHTML
	}
	return writeLinesMarkdown(w, once(t, m.d.t.src.Lines(ctx, m.d.id, m.id), func(l coda.Line) string { return l.ID }))
}
