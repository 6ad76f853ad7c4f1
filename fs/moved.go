package fs

import (
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"iter"
	"slices"
)

// The service gives lists in pages that begin at a number. If items are added or deleted in front of a page that is
// still to come, the rest shifts: an item comes twice, or never. So a list that may have shifted is read once more. If
// it shifts again, it is kept with a warning: that is better than no list.

// errMoved: something changed while it was read. It fails the first try only.
var errMoved = errors.New("this changed while it was read")

// Codes of warnings.
const (
	// CodeTwice marks a list that named an item twice.
	CodeTwice = "listed_twice"
	// CodeRowCount marks a table with more or fewer rows than the service counts.
	CodeRowCount = "row_count"
	// CodeColumns marks a table that has cells of columns which its list of columns lacks.
	CodeColumns = "columns_lacking"
	// CodeListEmpty marks an empty list of a doc in which the service counts some items.
	CodeListEmpty = "list_empty"
	// CodeNotListed marks a doc that the list of docs lacks, and that exists.
	CodeNotListed = "not_listed"
	// CodeAllLost marks a list of docs that is suddenly empty.
	CodeAllLost = "all_lost"
)

// try is one of two tries at reading something.
type try struct {
	last bool // there is no further try: what was read is kept, even if it changed meanwhile
	// service is the name of the service, for messages.
	service string
	// looked says that a list was read. odd has what is odd about it: code and message.
	looked bool
	odd    []Failure
}

// warn adds a warning about what was read. The file or list is kept all the same.
func (t *try) warn(code, format string, args ...any) {
	f := Failure{Code: code, Message: fmt.Sprintf(format, args...), Warning: true}
	if !slices.Contains(t.odd, f) { // rows that are kept as sent are read twice
		t.odd = append(t.odd, f)
	}
}

// twice calls read, and once more if the data changed while it was read.
func (t *Tree) twice(read func(t *try) error) error {
	service := t.src.layout().service
	err := read(&try{service: service})
	if errors.Is(err, errMoved) || t.src.class(err) == classMoved {
		return read(&try{service: service, last: true})
	}
	return err
}

// once yields the items of a list, each id once. A repeated id fails the first try. In the last try the first item of
// an id stays: it was already written when the second came.
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
						t.warn(CodeTwice, "%s lists %q twice, also when the list was read again; it is kept once", t.service, key)
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

// lengthWriter counts the bytes written.
type lengthWriter struct {
	w io.Writer
	n int64
}

func (l *lengthWriter) Write(p []byte) (int, error) {
	n, err := l.w.Write(p)
	l.n += int64(n)
	return n, err
}

// warned replaces the warnings about an object by what a try found odd about it.
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

// knows reports whether the same was odd about an object before: then it is not read a second time for that.
func (t *Tree) knows(obj Object, message string) bool {
	is := func(f Failure) bool {
		return f.Kind == obj.Kind && f.DocID == obj.DocID && f.ObjectID == obj.ID && f.Message == message
	}
	return t.warnings.has(is) || t.earlier.has(is)
}

// Warnings returns what is odd about what was read and kept.
func (t *Tree) Warnings() []Failure { return t.warnings.all() }
