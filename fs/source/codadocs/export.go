package codadocs

import (
	"context"
	"io"
	iofs "io/fs"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/remote"
	"github.com/codafs/codafs/fs/remote/load"
	"github.com/codafs/codafs/fs/render"
	"github.com/codafs/codafs/fs/source/codadocs/codatext"
)

// pageRenderer makes a page's text by an export, or from the page's lines if the token may not export.
type pageRenderer struct {
	d      doc
	id     string
	format coda.Format
}

// source says how the page's text is read now. It may change once, when the first export shows the token's right: so each use
// asks once and goes on with that answer.
func (m pageRenderer) source() string { return m.d.s.Reads() }

// Version implements [remote.Renderer]. It depends on how the text is read, so it moves when the right to export becomes known.
func (m pageRenderer) Version(ctx context.Context) (fs.Version, error) {
	return m.versionFrom(ctx, m.source())
}

// versionFrom hashes the stamp of the page and, for an export, the stamps of the tables that it shows.
func (m pageRenderer) versionFrom(ctx context.Context, source string) (fs.Version, error) {
	l := m.d.Current()
	pages, err := m.d.s.pageList(ctx, l)
	if err != nil {
		return fs.Version{}, err
	}
	p := pages.Page(m.id)
	if p == nil {
		return fs.Version{}, iofs.ErrNotExist
	}
	v := fs.NewVersionHash(source + " " + string(m.format))
	v.Add(m.id, orOwn(l, p.UpdatedAt))
	v.Computes(fs.ComputedCalculated)
	if source == fs.SourceExport { // lines contain no tables
		if err := m.addTables(ctx, l, v); err != nil {
			return fs.Version{}, err
		}
	}
	return v.Version(m.d.s.t.Now()), nil
}

// addTables adds the stamps and columns of the page's tables to v. When a row changes, the service moves the stamp of
// the table and not that of the page, whose export contains the row. If the tables cannot be listed, the doc's stamp
// stands for them: it moves with every edit. Only fatal errors are returned.
func (m pageRenderer) addTables(ctx context.Context, l *remote.Lists, v *fs.VersionHash) error {
	tables, err := m.d.s.tableList(ctx, l)
	if err == nil {
		for _, id := range tables.onPage[m.id] {
			if err = m.d.s.addTable(ctx, l, v, id); err != nil {
				break
			}
		}
	}
	if m.d.s.t.Fatal(ctx, err) {
		return err
	}
	if err != nil {
		v.Add(m.d.ID, l.Item.Stamp)
	}
	return nil
}

// Render decides once how the text is read. If the export shows that the token may not export, the page has another
// version, and v is stale.
func (m pageRenderer) Render(ctx context.Context, v fs.Version, w io.Writer, t *remote.Try) error {
	source := m.source()
	now, err := m.versionFrom(ctx, source)
	switch {
	case err != nil:
		return err
	case now.Key != v.Key:
		return fs.ErrStale
	case source == fs.SourceExport:
		b, err := m.d.export(ctx, m.id, m.format)
		if err != nil {
			return err
		}
		return render.Write(w, b)
	case m.format == coda.HTML:
		return errNoHTML
	}
	return codatext.PlainText(w, load.Once(t, m.d.s.api.Lines(ctx, m.d.ID, m.id), func(l coda.Line) string { return l.ID }))
}

// Describe implements [remote.Describer]: an entry says how the text is read.
func (m pageRenderer) Describe(_ context.Context, e *fs.Entry) error {
	e.Source = m.source()
	return nil
}

// Estimate implements [remote.Estimator].
func (m pageRenderer) Estimate() int64 { return remote.EstimateUnknown }
