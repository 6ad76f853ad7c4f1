package fs

import (
	"context"
	"io"
	iofs "io/fs"

	"github.com/codafs/codafs/coda"
)

// pageMaker makes a page's text by an export, or from the page's lines if the token may not export.
type pageMaker struct {
	d      doc
	id     string
	format coda.Format
}

// source says how the page's text is read now.
func (m pageMaker) source() string { return m.d.s.reads() }

func (m pageMaker) version(ctx context.Context) (Version, error) {
	return m.versionFrom(ctx, m.source())
}

// versionFrom hashes the stamp of the page and, for an export, the stamps of the tables that it shows.
func (m pageMaker) versionFrom(ctx context.Context, source string) (Version, error) {
	l := m.d.current()
	pages, err := m.d.s.pageList(ctx, l)
	if err != nil {
		return Version{}, err
	}
	p := pages.byID[m.id]
	if p == nil {
		return Version{}, iofs.ErrNotExist
	}
	v := newVersionHash(source + " " + string(m.format))
	v.add(m.id, orOwn(l, p.meta.UpdatedAt))
	v.computes(ComputedCalculated)
	if source == SourceExport { // lines contain no tables
		if err := m.addTables(ctx, l, v); err != nil {
			return Version{}, err
		}
	}
	return v.version(m.d.t.opts.Now()), nil
}

// addTables adds the stamps and columns of the page's tables to v. When a row changes, the service moves the stamp of
// the table and not that of the page, whose export contains the row. If the tables cannot be listed, the doc's stamp
// stands for them: it moves with every edit. Only fatal errors are returned.
func (m pageMaker) addTables(ctx context.Context, l *lists, v *versionHash) error {
	tables, err := m.d.s.tableList(ctx, l)
	if err == nil {
		for _, id := range tables.onPage[m.id] {
			if err = m.d.s.addTable(ctx, l, v, id); err != nil {
				break
			}
		}
	}
	if m.d.t.fatal(ctx, err) {
		return err
	}
	if err != nil {
		v.add(m.d.id, l.meta.stamp)
	}
	return nil
}

// make decides once how the text is read. If the export shows that the token may not export, the page has another
// version, and v is stale.
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
	return writePlainText(w, once(t, m.d.s.api.Lines(ctx, m.d.id, m.id), func(l coda.Line) string { return l.ID }))
}

// describe implements describer: an entry says how the text is read.
func (m pageMaker) describe(_ context.Context, e *Entry) error {
	e.Source = m.source()
	return nil
}

func (m pageMaker) estimate() int64 { return estimatePage }
