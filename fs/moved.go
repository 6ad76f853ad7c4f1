package fs

import (
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"iter"
	"slices"

	"github.com/codafs/codafs/coda"
)

// The service gives lists in pages that begin at a number. What is added or deleted in front of a page that is still
// to come moves the rest: an item comes twice, or never. So what may have moved is read once more. If that moves too,
// it is kept with a warning: better a list with a name for what is odd about it than none.

// errMoved is the error of the first try at reading something that moved meanwhile.
var errMoved = errors.New("this changed while it was read")

// Codes of warnings.
const (
	// CodeTwice marks a list that named something twice.
	CodeTwice = "listed_twice"
	// CodeRowCount marks a table with more or fewer rows than the service counts.
	CodeRowCount = "row_count"
	// CodeColumns marks a table with cells of columns that the list of its columns lacks.
	CodeColumns = "columns_lacking"
	// CodeListEmpty marks a list with nothing in it of a doc that has something, as the service counts.
	CodeListEmpty = "list_empty"
	// CodeNotListed marks a doc that the list of docs lacks, and that is there when it is asked for.
	CodeNotListed = "not_listed"
	// CodeAllLost marks a list of docs in which none is left.
	CodeAllLost = "all_lost"
)

// try is one of two tries at reading something.
type try struct {
	last bool // what moved is kept: there is no further try
	// looked reports that a list was read, and odd what is odd about it: code and message.
	looked bool
	odd    []Failure
}

func (t *try) warn(code, format string, args ...any) {
	f := Failure{Code: code, Message: fmt.Sprintf(format, args...), Warning: true}
	if !slices.Contains(t.odd, f) { // rows that are kept as sent are looked at twice
		t.odd = append(t.odd, f)
	}
}

// twice calls read once more where what it read has moved.
func twice(read func(last bool) error) error {
	err := read(false)
	if errors.Is(err, errMoved) || coda.CodeOf(err) == coda.CodeListMoved {
		return read(true)
	}
	return err
}

// once gives the items of a list, each id once. An id that comes again fails the first try. In the last one the first item
// of an id stands: it is in its place, and was written when the second came.
func once[T any](t *try, items iter.Seq2[T, error], id func(T) string) iter.Seq2[T, error] {
	t.looked = true
	return func(yield func(T, error) bool) {
		seed, seen, told := maphash.MakeSeed(), map[uint64]struct{}{}, false // hashes: a table may have many rows
		for v, err := range items {
			if key := id(v); err == nil && key != "" {
				n := len(seen)
				seen[maphash.String(seed, key)] = struct{}{}
				switch {
				case len(seen) > n:
				case !t.last:
					yield(v, errMoved)
					return
				default:
					if !told {
						t.warn(CodeTwice, "Coda lists %q twice, also when the list was read again; it is kept once", key)
					}
					told = true
					continue
				}
			}
			if !yield(v, err) {
				return
			}
		}
	}
}

// lengthWriter counts what is written.
type lengthWriter struct {
	w io.Writer
	n int64
}

func (l *lengthWriter) Write(p []byte) (int, error) {
	n, err := l.w.Write(p)
	l.n += int64(n)
	return n, err
}

// warned takes over what a try found odd about an object, in place of what was.
func (t *Tree) warned(obj Object, path string, by *try) {
	if !by.looked {
		return
	}
	odd := by.odd
	for i, f := range odd {
		f.Kind, f.DocID, f.ObjectID, f.Path = obj.Kind, obj.DocID, obj.ID, path
		odd[i] = f
	}
	isOf := func(f Failure) bool { return f.Kind == obj.Kind && f.DocID == obj.DocID && f.ObjectID == obj.ID }
	t.tellNew(t.warnings.replace(isOf, odd, t.opts.Now()))
}

// knows reports whether the same is odd about an object as was before: it is not read twice each time for that.
func (t *Tree) knows(obj Object, message string) bool {
	is := func(f Failure) bool {
		return f.Kind == obj.Kind && f.DocID == obj.DocID && f.ObjectID == obj.ID && f.Message == message
	}
	return t.warnings.has(is) || t.earlier.has(is)
}

// Warnings gives what is odd about what was read, and kept.
func (t *Tree) Warnings() []Failure { return t.warnings.all() }
