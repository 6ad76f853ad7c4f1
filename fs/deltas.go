package fs

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/codafs/codafs/coda"
)

// Row deltas (Options.RowDeltas): the rows of a table that changed since it was last read are asked
// for with the sync token that came with them, and put into the rows that are kept. A table is
// read whole wherever this is not sure to give what a whole read gives:
//
//   - Deleted rows never show up among the changed ones. But every row of the table was kept, or
//     came since and shows up; so the kept and the new rows together are all rows of the table and
//     those deleted. If they are as many as the service counts, none was deleted. A deleted and
//     an added row do not make up for each other: together they are one more than is counted.
//   - A row's index moves with the rows before it, and nobody edits it. Rows that do not show up
//     keep their order among themselves, unless somebody drags them. If the changed rows stand at
//     places that leave no gap, the others stand where they stood.
//   - Rows come in the order of their creation. New ones must be newer than all that are kept.
//   - Cells that are computed, or show another object's name, change without an edit of
//     their row: see plain. So do the links of all rows when the table is renamed, and cells
//     when their column's format changes: see shape.
//   - Reads may lag behind stamps. The table's stamp must be settled (a young version is
//     read whole, and not kept), and must be the same after the rows came. Then no edit
//     falls between the rows and their token, or between the rows and the count.
//
// Of a row that changes and is not among the changed ones, whatever the reason, nobody can know. The
// stand-in is as silent as an honest service may be, and deltas are exact against it under
// random edits, but for one: rows that are dragged to other places, which no stamp and no count tells.
// Of the real service it is not known whether dragged rows, and those that an undo brings back,
// show up (one that is brought back and does not makes up for a deleted one); text may mention people and
// rows by name; and dates are in the doc's time zone, which has no stamp. So each tenth time the
// table is read whole. What is lost or damaged in the Store costs a whole read.

const (
	// mostRows is the size of the largest table of which rows are kept.
	mostRows = 10_000_000
	// wholeEvery is how often a table is read whole, counted in reads.
	wholeEvery = 10
	// mostChanged is how many bytes of changed rows are held in memory. A table with more is read whole.
	mostChanged = 8 << 20
	// mostOptions is where the service cuts the list of a column's options.
	mostOptions = 5000
)

// kept says which rows of a table are in the Store, and how to ask for what changed since.
type kept struct {
	// Version is that of the file of the rows as sent ([KindRowsJSON]): whether or not the tree
	// shows it, it is where the rows are.
	Version string `json:"version"`
	SHA256  string `json:"sha256"` // of that file
	Rows    int64  `json:"rows"`
	// Shape is a hash of all that the rows' bytes depend on beside the rows.
	Shape string `json:"shape"`
	Token string `json:"token"`
	// Deltas is how often changed rows were put in place since the table was read whole.
	Deltas int `json:"deltas"`
}

// deltas reads one version of a table's rows, and keeps them for the next.
type deltas struct {
	rowsMaker
	l     *listing
	v     Version // of the rows as sent
	table coda.Table
	shape string
}

// deltas gives the table's deltas, or nil where all of it is to be read.
func (m rowsMaker) deltas(ctx context.Context, l *listing, v Version) (*deltas, error) {
	most := m.d.t.opts.RowDeltas
	if most == 0 || m.view || v.Young() || v.Computed != ComputedNot {
		return nil, nil
	}
	info, err := l.tableInfo(ctx, m.id)
	if err != nil {
		return nil, err
	}
	columns, err := l.columnList(ctx, m.id)
	if err != nil {
		return nil, err
	}
	n := info.table.RowCount
	if n <= most || n > mostRows || info.table.UpdatedAt.IsZero() || !allPlain(columns.columns) {
		return nil, nil
	}
	shape, err := l.shape(info, columns)
	if err != nil {
		return nil, err
	}
	m.asSent = true
	sent, _, err := m.at(ctx, l)
	return &deltas{m, l, sent, info.table, shape}, err
}

// plainTypes are the formats of columns whose cells change only if somebody edits their row, or the
// column. Not among them are those that show the name of another object (person, lookup), that
// may hold addresses made anew at each read (image, attachments), or of which it is
// not known (canvas, packObject, reaction, button, and any format not known today).
var plainTypes = []string{"text", "number", "percent", "currency", "date", "time", "dateTime", "duration",
	"email", "link", "slider", "scale", "checkbox"}

func allPlain(columns []coda.Column) bool { return !slices.ContainsFunc(columns, notPlain) }

func notPlain(c coda.Column) bool {
	if c.Calculated || c.Formula != "" {
		return true
	}
	if c.Format.Type == "select" { // one without a list of its own takes it from elsewhere
		return len(c.Format.Options) == 0 || len(c.Format.Options) >= mostOptions
	}
	return !slices.Contains(plainTypes, c.Format.Type)
}

// shape is a hash of the table's own object and its columns, and of the doc's name, which links may
// hold.
func (l *listing) shape(info tableInfo, columns columnList) (string, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(info.json.bytes, &fields); err != nil {
		return "", err
	}
	delete(fields, "rowCount")
	delete(fields, "updatedAt")
	table, err := json.Marshal(fields) // its keys sorted
	if err != nil {
		return "", err
	}
	doc := l.d.getMeta()
	h := sha256.New()
	fmt.Fprintf(h, "%s\x00%s\x00%s\x00%s\x00%s", rendering, doc.Name, doc.BrowserLink, columns.Hash, table)
	return hex.EncodeToString(h.Sum(nil)), nil
}

// errMisfit reports that the changed rows do not make up the table: it is to be read whole.
var errMisfit = errors.New("the changed rows do not make up the table")

// rows gives the file of the rows as sent, which is made where it is not at hand.
func (s *deltas) rows(ctx context.Context) (Content, error) {
	return s.d.t.store.Get(ctx, s.key(s.v.Key), func(ctx context.Context, w io.Writer) error { return s.write(ctx, w, &try{}) })
}

func (s *deltas) key(version string) string { return s.d.key(string(KindRowsJSON), s.id, version) }

// write makes the file of the rows as sent.
func (s *deltas) write(ctx context.Context, w io.Writer, t *try) error {
	if t.last { // the table moves
		return s.whole(ctx, w, t)
	}
	k, err := s.load(ctx)
	if err == nil {
		err = s.change(ctx, k, w)
	}
	if errors.Is(err, errMisfit) {
		return s.whole(ctx, w, t)
	}
	return err
}

// change writes the kept rows with the changed ones in place. It writes nothing if they don't fit.
func (s *deltas) change(ctx context.Context, k kept, w io.Writer) error {
	old, ok := s.d.t.store.Lookup(ctx, s.key(k.Version))
	if !ok {
		return errMisfit
	}
	defer old.Close()
	changed, token, err := s.changed(ctx, k.Token)
	if err != nil {
		return err
	}
	if err := s.unmoved(ctx); err != nil {
		return err
	}
	p, err := newSplice(old, k, changed, s.table.RowCount)
	if err != nil {
		return err
	}
	h := sha256.New()
	if err := p.write(io.MultiWriter(w, h)); err != nil {
		return err
	}
	s.keep(ctx, kept{Token: token, Deltas: k.Deltas + 1, SHA256: hex.EncodeToString(h.Sum(nil))})
	return nil
}

// changed gives the rows that changed since a token, and the next token. Where there are none the
// table changed in some way that rows don't tell. A service that will not tell is not asked
// again: whatever it has against the token, a whole read may go well.
func (s *deltas) changed(ctx context.Context, since string) (*changes, string, error) {
	rows, next := s.d.t.src.RowChanges(ctx, s.d.id, s.id, coda.RowOptions{}, since)
	all := newChanges()
	for r, err := range rows {
		switch {
		case fatal(ctx, err):
			return nil, "", err
		case err != nil:
			return nil, "", errMisfit
		}
		if err := all.add(r); err != nil {
			return nil, "", err
		}
	}
	if len(all.inOrder) == 0 || next() == "" {
		return nil, "", errMisfit
	}
	return all, next(), nil
}

// unmoved fails where the table is not what it was when it was listed.
func (s *deltas) unmoved(ctx context.Context) error {
	now, err := s.d.t.src.Table(ctx, s.d.id, s.id)
	if fatal(ctx, err) {
		return err
	}
	if err != nil || !now.UpdatedAt.Equal(s.table.UpdatedAt.Time) || now.RowCount != s.table.RowCount {
		return errMisfit
	}
	return nil
}

// whole writes all rows as the service gives them, and keeps them if they are the table as listed.
func (s *deltas) whole(ctx context.Context, w io.Writer, t *try) error {
	count, err := s.newRowCount(ctx, s.l, t)
	if err != nil {
		return err
	}
	h := sha256.New()
	b := bufio.NewWriterSize(io.MultiWriter(w, h), 64<<10)
	rows, next := s.d.t.src.RowChanges(ctx, s.d.id, s.id, coda.RowOptions{}, "")
	at := newPlaces(s.table.RowCount)
	passed := func(yield func(coda.Row, error) bool) {
		for r, err := range count.of(once(t, rows, rowID)) {
			at.add(r.Index)
			if !yield(r, err) {
				return
			}
		}
	}
	if err := writeLines(b, passed); err != nil {
		return err
	}
	if err := b.Flush(); err != nil {
		return err
	}
	if err := count.check(ctx, t); err != nil || !at.full() || next() == "" || len(t.odd) > 0 {
		return err
	}
	err = s.unmoved(ctx)
	if err == nil {
		s.keep(ctx, kept{Token: next(), SHA256: hex.EncodeToString(h.Sum(nil))})
	}
	if fatal(ctx, err) {
		return err
	}
	return nil
}

// keptKey is where it is said which rows are kept.
func (s *deltas) keptKey() string { return s.d.key("row-deltas", s.id, "") }

// load gives what is kept, if it is fit to be changed.
func (s *deltas) load(ctx context.Context) (k kept, err error) {
	c, ok := s.d.t.store.Lookup(ctx, s.keptKey())
	if !ok {
		return k, errMisfit
	}
	b, err := readAll(c)
	if err != nil || json.Unmarshal(b, &k) != nil {
		return k, errMisfit
	}
	if k.Shape != s.shape || k.Token == "" || k.Deltas >= wholeEvery-1 || s.table.RowCount < k.Rows {
		return k, errMisfit
	}
	return k, nil
}

// keep says that the rows just written are kept. That they then are not, or that this cannot be
// written, costs a whole read the next time, no more.
func (s *deltas) keep(ctx context.Context, k kept) {
	k.Version, k.Shape, k.Rows = s.v.Key, s.shape, s.table.RowCount
	b, err := json.Marshal(k)
	if err != nil {
		return
	}
	c, err := s.d.t.store.Put(ctx, s.keptKey(), func(_ context.Context, w io.Writer) error { return writeAll(w, b) })
	if err == nil {
		c.Close()
	}
}

// rowsIn gives the rows of a file of rows as sent.
func rowsIn(c Content) func(yield func(coda.Row, error) bool) {
	return func(yield func(coda.Row, error) bool) {
		for line, err := range textLines(c) {
			var r coda.Row
			if err == nil {
				r, err = coda.Decode[coda.Row](bytes.TrimSpace(line))
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}
