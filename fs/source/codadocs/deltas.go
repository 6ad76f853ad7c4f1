package codadocs

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/remote"
	"github.com/codafs/codafs/fs/remote/load"
	"github.com/codafs/codafs/fs/source/codadocs/codatext"
)

// Row deltas (Options.RowDeltas). Instead of reading a large table whole, the tree asks for the rows that changed since
// the last read, with the sync token of that read, and merges them into the rows that it kept. It reads the table whole
// whenever the result of a merge might differ from that of a whole read:
//
//   - Deleted rows are never among the changed ones. But each row of the table is either kept, or new and so among the
//     changed ones. So the kept and the new rows together are the rows of the table and the deleted ones. If their number
//     is the service's row count, none was deleted. An added row does not hide a deleted one: with both, the sum is one
//     more than the count.
//   - A row's index shifts when rows come or go before it, without an edit of the row. Unchanged rows keep their order,
//     unless somebody drags them. If kept and changed rows together take each index once, the unchanged rows have kept
//     theirs.
//   - Rows come in the order of their creation. New rows must be newer than all kept ones.
//   - Computed cells, and cells that show another object's name, change without an edit of their row: see [codatext.AllPlain]. When
//     the table is renamed the links of all rows change, and when a column's format changes so do its cells: see shape.
//   - Reads may lag behind stamps. So the table's stamp must be settled (a young version is read whole, and not kept),
//     and must still be the same after the rows came. Then no edit falls between the rows and their token, or between
//     the rows and the count.
//
// A row that changes without being among the changed ones cannot be detected. Against the stand-in (coda/codatest)
// deltas are exact under random edits, except for dragged rows, which neither a stamp nor the count shows. Of the real
// service it is not known whether the changed rows include dragged ones and those that an undo brings back (one that is
// not included hides a deleted one). Also, text may mention people and rows by name, and dates are in the doc's time
// zone, which has no stamp. So every tenth read is a whole one. If something is lost or damaged in the Store, the next
// read is a whole one.

const (
	// mostRows is the size of the largest table whose rows are kept.
	mostRows = 10_000_000
	// wholeEvery: one of so many reads of a table is a whole one.
	wholeEvery = 10
)

// rowState says which rows of a table are in the Store, and has the token to ask for changes since.
type rowState struct {
	// Version is the key of the file of rows as sent ([fs.KindRowsJSON]). The rows are kept under it even if the tree does
	// not show that file.
	Version string `json:"version"`
	SHA256  string `json:"sha256"` // of that file
	Rows    int64  `json:"rows"`
	// Shape is a hash of everything else that the rows' bytes depend on.
	Shape string `json:"shape"`
	Token string `json:"token"`
	// Deltas is the number of merges since the table was read whole.
	Deltas int `json:"deltas"`
}

// deltas reads one version of a table's rows, and keeps them for the next. It is made for one Render; what lasts is in the
// Store, under keys of the doc, and may be lost at any time.
type deltas struct {
	rowsRenderer
	l     *remote.Lists
	v     fs.Version // of the rows as sent
	table coda.Table
	shape string
}

// deltas returns the deltas of the table, or nil if it must be read whole.
func (m rowsRenderer) deltas(ctx context.Context, l *remote.Lists, v fs.Version) (*deltas, error) {
	most := m.d.s.rowDeltas
	if most == 0 || m.view || v.Young() || v.Computed != fs.ComputedNot {
		return nil, nil
	}
	info, err := m.d.s.tableInfo(ctx, l, m.id)
	if err != nil {
		return nil, err
	}
	columns, err := m.d.s.columnList(ctx, l, m.id)
	if err != nil {
		return nil, err
	}
	n := info.table.RowCount
	if n <= most || n > mostRows || info.table.UpdatedAt.IsZero() || !codatext.AllPlain(columns.columns) {
		return nil, nil
	}
	shape, err := m.d.shape(info, columns)
	if err != nil {
		return nil, err
	}
	m.asSent = true
	sent, _, err := m.at(ctx, l)
	return &deltas{m, l, sent, info.table, shape}, err
}

// shape is a hash of the table's own object, its columns, and the doc's name and link, which the links of rows may
// contain.
func (d doc) shape(info tableInfo, columns columnList) (string, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(info.table.Raw, &fields); err != nil {
		return "", err
	}
	delete(fields, "rowCount")
	delete(fields, "updatedAt")
	table, err := json.Marshal(fields) // its keys sorted
	if err != nil {
		return "", err
	}
	doc := docOf(d.Item())
	h := sha256.New()
	fmt.Fprintf(h, "%s\x00%s\x00%s\x00%s\x00%s", fs.Rendering, doc.Name, doc.BrowserLink, columns.Hash, table)
	return hex.EncodeToString(h.Sum(nil)), nil
}

// rows returns the file of rows as sent, and makes it first if it is not at hand.
func (s *deltas) rows(ctx context.Context) (fs.Content, error) {
	return s.d.s.t.Store().Get(ctx, s.key(s.v.Key), func(ctx context.Context, w io.Writer) error { return s.write(ctx, w, &remote.Try{}) })
}

// key is where the rows as sent are kept, whether or not the tree shows that file.
func (s *deltas) key(version string) string { return s.d.Key(string(fs.KindRowsJSON), s.id, version) }

// write writes the file of rows as sent: by a merge if there is something to merge into and it fits, else whole. Whether a
// merge fits is known before the first byte is written.
func (s *deltas) write(ctx context.Context, w io.Writer, t *remote.Try) error {
	if t.Last { // the table changed during the first try
		return s.whole(ctx, w, t)
	}
	k, err := s.load(ctx)
	if err == nil {
		err = s.change(ctx, k, w)
	}
	if errors.Is(err, codatext.ErrMisfit) {
		return s.whole(ctx, w, t)
	}
	return err
}

// change writes the kept rows with the changed ones merged in. If they do not fit, it writes nothing and returns
// codatext.ErrMisfit.
func (s *deltas) change(ctx context.Context, k rowState, w io.Writer) error {
	old, ok := s.d.s.t.Store().Lookup(ctx, s.key(k.Version))
	if !ok {
		return codatext.ErrMisfit
	}
	defer old.Close()
	changed, token, err := s.changed(ctx, k.Token)
	if err != nil {
		return err
	}
	if err := s.unmoved(ctx); err != nil {
		return err
	}
	p, err := codatext.NewMerge(old, k.SHA256, changed, s.table.RowCount)
	if err != nil {
		return err
	}
	h := sha256.New()
	if err := p.Write(io.MultiWriter(w, h)); err != nil {
		return err
	}
	s.keep(ctx, rowState{Token: token, Deltas: k.Deltas + 1, SHA256: hex.EncodeToString(h.Sum(nil))})
	return nil
}

// changed returns the rows that changed since a token, and the next token. If no row did, something else in the table
// changed: codatext.ErrMisfit. An error of the service is codatext.ErrMisfit too: the token may be the reason, and a whole
// read does not need it.
func (s *deltas) changed(ctx context.Context, since string) (*codatext.Changes, string, error) {
	rows, next := s.d.s.api.RowChanges(ctx, s.d.ID, s.id, coda.RowOptions{}, since)
	all := codatext.NewChanges()
	for r, err := range rows {
		switch {
		case s.d.s.t.Fatal(ctx, err):
			return nil, "", err
		case err != nil:
			return nil, "", codatext.ErrMisfit
		}
		if err := all.Add(r); err != nil {
			return nil, "", err
		}
	}
	if all.Len() == 0 || next() == "" {
		return nil, "", codatext.ErrMisfit
	}
	return all, next(), nil
}

// unmoved returns codatext.ErrMisfit if the table's stamp or row count is not the listed one any more.
func (s *deltas) unmoved(ctx context.Context) error {
	now, err := s.d.s.api.Table(ctx, s.d.ID, s.id)
	if s.d.s.t.Fatal(ctx, err) {
		return err
	}
	if err != nil || !now.UpdatedAt.Equal(s.table.UpdatedAt.Time) || now.RowCount != s.table.RowCount {
		return codatext.ErrMisfit
	}
	return nil
}

// whole writes all rows as the service gives them, and keeps them if they are the table as it was listed.
func (s *deltas) whole(ctx context.Context, w io.Writer, t *remote.Try) error {
	count, err := s.newRowCount(ctx, s.l, t)
	if err != nil {
		return err
	}
	h := sha256.New()
	b := bufio.NewWriterSize(io.MultiWriter(w, h), 64<<10)
	rows, next := s.d.s.api.RowChanges(ctx, s.d.ID, s.id, coda.RowOptions{}, "")
	at := codatext.NewIndexSet(s.table.RowCount)
	passed := func(yield func(coda.Row, error) bool) {
		for r, err := range count.of(load.Once(t, rows, rowID)) {
			at.Add(r.Index)
			if !yield(r, err) {
				return
			}
		}
	}
	if err := codatext.JSONLines(b, passed); err != nil {
		return err
	}
	if err := b.Flush(); err != nil {
		return err
	}
	if err := count.check(ctx, t); err != nil || !at.Full() || next() == "" || len(t.Odd) > 0 {
		return err
	}
	err = s.unmoved(ctx)
	if err == nil {
		s.keep(ctx, rowState{Token: next(), SHA256: hex.EncodeToString(h.Sum(nil))})
	}
	if s.d.s.t.Fatal(ctx, err) {
		return err
	}
	return nil
}

// stateKey is the Store key of the rowState: one for each table, whatever its version.
func (s *deltas) stateKey() string { return s.d.Key("row-deltas", s.id, "") }

// load returns the rowState, or codatext.ErrMisfit if no changes can be merged into it.
func (s *deltas) load(ctx context.Context) (rowState, error) {
	k, ok := fs.LookupJSON[rowState](ctx, s.d.s.t.Store(), s.stateKey())
	if !ok || k.Shape != s.shape || k.Token == "" || k.Deltas >= wholeEvery-1 || s.table.RowCount < k.Rows {
		return k, codatext.ErrMisfit
	}
	return k, nil
}

// keep records that the rows just written are kept. If this fails, or the rows are not stored after all, the next read
// is a whole one.
func (s *deltas) keep(ctx context.Context, k rowState) {
	k.Version, k.Shape, k.Rows = s.v.Key, s.shape, s.table.RowCount
	_ = fs.PutJSON(ctx, s.d.s.t.Store(), s.stateKey(), k)
}
