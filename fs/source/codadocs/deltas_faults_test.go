package codadocs_test

import (
	"context"
	"io"
	"iter"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/remote"
	"github.com/codafs/codafs/fs/source/codadocs"
	"github.com/codafs/codafs/fs/treetest"
)

// during runs edit once, at a step of a read of rows.
type during struct {
	*coda.Client
	edit  func()
	after bool // when the rows have come, before the table is looked at again; else amid the rows
}

func (s *during) once() {
	if s.edit != nil {
		s.edit()
		s.edit = nil
	}
}

func (s *during) RowChanges(ctx context.Context, docID, tableID string, o coda.RowOptions, since string) (iter.Seq2[coda.Row, error], func() string) {
	rows, next := s.Client.RowChanges(ctx, docID, tableID, o, since)
	return func(yield func(coda.Row, error) bool) {
		for r, err := range rows {
			if !yield(r, err) {
				return
			}
			if !s.after {
				s.once()
			}
		}
		s.once()
	}, next
}

// What is edited while it is read is not kept, so that no later read is made from it.
func TestATableThatIsEditedWhileItIsRead(t *testing.T) {
	edits := map[string]func(l *ledger){
		"an edit of what was read": func(l *ledger) { l.edit(0) },
		"an edit of what was not":  func(l *ledger) { l.edit(59) },
		"a new row":                func(l *ledger) { l.add("i-amid") },
		"a deleted row":            func(l *ledger) { l.remove(1) },
		"a new and a deleted row":  func(l *ledger) { l.add("i-amid"); l.remove(1) },
	}
	for what, edit := range edits {
		for _, after := range []bool{false, true} {
			for _, first := range []bool{false, true} {
				l := openLedger(t, 60, treetest.Options{})
				src := &during{Client: l.Client, after: after}
				l.Tree = l.over(t, src, l.Store)
				l.night(t)
				if first {
					src.edit = func() { edit(l) }
					l.read(t, l.Tree) // what it gives is of no one moment, as without deltas
				} else {
					l.wantSent(t, "first", 2, 1)
					l.edit(7, 59)
					l.night(t)
					src.edit = func() { edit(l) }
					l.read(t, l.Tree)
				}
				if src.edit != nil {
					t.Fatalf("%s was not made", what)
				}
				for range 2 {
					l.night(t)
					l.fetch(t)
					l.edit(9)
				}
			}
		}
	}
}

// The count is of the listing. A row that came before it and went after it would make up for one
// that was deleted before it.
func TestARowThatGoesBetweenTheListingAndTheRead(t *testing.T) {
	l := openLedger(t, 60, treetest.Options{})
	l.night(t)
	l.wantSent(t, "first", 2, 1)
	l.remove(3)
	l.add("i-brief")
	l.edit(1) // before the deleted one, so that its place tells nothing
	l.night(t)
	l.remove(59)
	l.wantSent(t, "not as listed, so each file is read once more", 10, 6)
	l.edit(8)
	l.night(t)
	l.wantSent(t, "one fewer than was kept", 2, 1)
}

func (l *ledger) over(t *testing.T, src codadocs.API, store fs.Store) *remote.Tree {
	tree := codadocs.New(src, store, codadocs.Options{Options: remote.Options{Account: "test", Now: l.Clock.Now}, RowDeltas: onePage, Select: codadocs.Selection{RowsJSON: true}})
	t.Cleanup(tree.Close)
	return tree
}

// damaged is a store that loses what it kept, or gives something else for it.
type damaged struct {
	fs.Store
	lost   func(key string) bool
	change func(key string, b []byte) []byte
	refuse func(key string) error
}

func (s *damaged) Lookup(ctx context.Context, key string) (fs.Content, bool) {
	c, ok := s.Store.Lookup(ctx, key)
	if !ok || s.lost != nil && s.lost(key) {
		return nil, false
	}
	if s.change == nil {
		return c, ok
	}
	defer c.Close()
	b, err := io.ReadAll(io.NewSectionReader(c, 0, c.Size()))
	if err != nil {
		return nil, false
	}
	return bytesContent{strings.NewReader(string(s.change(key, b)))}, true
}

func (s *damaged) Get(ctx context.Context, key string, fill func(context.Context, io.Writer) error) (fs.Content, error) {
	if s.refuse != nil && s.refuse(key) != nil {
		return nil, s.refuse(key)
	}
	return s.Store.Get(ctx, key, fill)
}

func (s *damaged) Put(ctx context.Context, key string, fill func(context.Context, io.Writer) error) (fs.Content, error) {
	if s.refuse != nil && s.refuse(key) != nil {
		return nil, s.refuse(key)
	}
	return s.Store.Put(ctx, key, fill)
}

// What is lost, torn or exchanged, as after a kill -9 or an eviction, costs a whole read.
func TestKeptRowsThatAreLostOrDamaged(t *testing.T) {
	record := func(key string) bool { return strings.Contains(key, "/row-deltas/") }
	rows := func(key string) bool { return strings.Contains(key, "/rows_json/") }
	only := func(of func(string) bool, f func([]byte) []byte) func(string, []byte) []byte {
		return func(key string, b []byte) []byte {
			if of(key) {
				return f(b)
			}
			return b
		}
	}
	half := func(b []byte) []byte { return b[:len(b)/2] }
	replace := func(old, by string) func([]byte) []byte {
		return func(b []byte) []byte { return []byte(strings.Replace(string(b), old, by, 1)) }
	}
	for what, c := range map[string]struct {
		damaged
		rows, table int // the requests of a read
	}{
		"no record":                {damaged{lost: record}, 2, 1},
		"no rows":                  {damaged{lost: rows}, 2, 1},
		"half a record":            {damaged{change: only(record, half)}, 2, 1},
		"a record of another kind": {damaged{change: only(record, replace(`"shape":"`, `"shape":"f`))}, 2, 1},
		"a record without a token": {damaged{change: only(record, replace(`"token"`, `"taken"`))}, 2, 1},
		"a token of another table": {damaged{change: only(record, replace(`"token":"`, `"token":"x`))}, 3, 1},
		"half of the rows":         {damaged{change: only(rows, half)}, 3, 2},
		"other rows":               {damaged{change: only(rows, replace("row ", "raw "))}, 3, 2},
		"a row less":               {damaged{change: only(rows, func(b []byte) []byte { return b[strings.IndexByte(string(b), '\n')+1:] })}, 3, 2},
		"no rows at all":           {damaged{change: only(rows, func([]byte) []byte { return nil })}, 3, 2},
	} {
		t.Run(what, func(t *testing.T) {
			l := openLedger(t, 60, treetest.Options{})
			l.night(t)
			l.wantSent(t, "first", 2, 1)
			c.damaged.Store = l.Store
			l.Tree = l.over(t, l.Client, &c.damaged)
			l.edit(11)
			l.night(t)
			l.wantCSV(t, c.rows, c.table)
		})
	}
}

// counting is a service that counts places from 1, which is not how it is known.
type counting struct{ *coda.Client }

func (s counting) RowChanges(ctx context.Context, docID, tableID string, o coda.RowOptions, since string) (iter.Seq2[coda.Row, error], func() string) {
	rows, next := s.Client.RowChanges(ctx, docID, tableID, o, since)
	return func(yield func(coda.Row, error) bool) {
		for r, err := range rows {
			n, _ := strconv.Atoi(string(r.Index))
			r.Index = []byte(strconv.Itoa(n + 1))
			if !yield(r, err) {
				return
			}
		}
	}, next
}

// Where places prove nothing, the changed rows are not asked for in vain.
func TestPlacesThatAreCountedInAnotherWay(t *testing.T) {
	l := openLedger(t, 60, treetest.Options{})
	l.Tree = l.over(t, counting{l.Client}, l.Store)
	for range 2 {
		l.edit(1)
		l.night(t)
		l.wantSent(t, "each time", 2, 0)
	}
}

// A cache without room for the rows is as good as no deltas.
func TestRowsThatCannotBeKept(t *testing.T) {
	for part, want := range map[string]struct{ rows, table int }{"/rows_json/": {2, 0}, "/row-deltas/": {2, 1}} {
		l := openLedger(t, 60, treetest.Options{})
		l.Tree = l.over(t, l.Client, &damaged{Store: l.Store, refuse: func(key string) error {
			if strings.Contains(key, part) {
				return syscall.ENOSPC
			}
			return nil
		}})
		for range 2 {
			l.edit(11)
			l.night(t)
			l.wantCSV(t, want.rows, want.table)
		}
	}
}

// wantCSV is wantSent for the CSV file alone: the other is what is kept.
func (l *ledger) wantCSV(t *testing.T, rows, table int) {
	t.Helper()
	var got string
	askedRows, askedTable := l.count(t, l.Sent(func() { got = l.readFile(t, l.Tree, l.csv) }))
	if want := l.plain(t).csv; got != want {
		t.Error(firstDifference(got, want))
	}
	if askedRows != rows || askedTable != table {
		t.Errorf("%d requests for rows and %d for the table, want %d and %d", askedRows, askedTable, rows, table)
	}
}

// bytesContent is a content in memory.
type bytesContent struct{ *strings.Reader }

func (bytesContent) Close() error   { return nil }
func (bytesContent) File() *os.File { return nil }
