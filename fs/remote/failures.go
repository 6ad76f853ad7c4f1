package remote

import (
	"errors"
	"fmt"
	"hash/maphash"
	iofs "io/fs"
	"iter"
	"slices"
	"syscall"

	"github.com/codafs/codafs/fs"
)

// The service gives lists in pages that begin at a number. If items are added or deleted in front of a page that is
// still to come, the rest shifts: an item comes twice, or never. So a list that may have shifted is read once more. If
// it shifts again, it is kept with a warning: that is better than no list.

// ErrMoved says that something changed while it was read. It fails the first try only.
var ErrMoved = errors.New("this changed while it was read")

// Try is one of two tries at reading something. It belongs to the goroutine that reads.
type Try struct {
	Last bool // there is no further try: what was read is kept, even if it changed meanwhile
	// service is the name of the service, for messages.
	service string
	// looked says that a list was read, so that what was odd about it before is replaced.
	looked bool
	// Odd has what is odd about what was read: code and message, no more.
	Odd []fs.Failure
}

// Warn adds a warning about what was read. The file or list is kept all the same.
func (t *Try) Warn(code, format string, args ...any) {
	f := fs.Failure{Code: code, Message: fmt.Sprintf(format, args...), Warning: true}
	if !slices.Contains(t.Odd, f) { // rows that are kept as sent are read twice
		t.Odd = append(t.Odd, f)
	}
}

// twice calls read, and once more if the data changed while it was read.
func (t *Tree) twice(read func(t *Try) error) error {
	service := t.src.Layout().Service
	err := read(&Try{service: service})
	if errors.Is(err, ErrMoved) || t.src.Class(err) == ClassMoved {
		return read(&Try{service: service, Last: true})
	}
	return err
}

// Once yields the items of a list, each id once. A repeated id fails the first try. In the last try the first item of
// an id stays: it was already written when the second came.
func Once[T any](t *Try, items iter.Seq2[T, error], id func(T) string) iter.Seq2[T, error] {
	t.looked = true
	return func(yield func(T, error) bool) {
		seed, seen, told := maphash.MakeSeed(), map[uint64]struct{}{}, false // hashes: a table may have many rows
		for v, err := range items {
			if key := id(v); err == nil && key != "" {
				n := len(seen)
				seen[maphash.String(seed, key)] = struct{}{}
				switch {
				case len(seen) > n:
				case !t.Last:
					yield(v, ErrMoved)
					return
				default:
					if !told {
						t.Warn(fs.CodeTwice, "%s lists %q twice, also when the list was read again; it is kept once", t.service, key)
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

// warned replaces the warnings about an object by what a try found odd about it.
func (t *Tree) warned(obj fs.Object, path string, by *Try) {
	if !by.looked {
		return
	}
	odd := by.Odd
	for i, f := range odd {
		f.Kind, f.DocID, f.ObjectID, f.Path = obj.Kind, obj.DocID, obj.ID, path
		odd[i] = f
	}
	isOf := func(f fs.Failure) bool { return f.Kind == obj.Kind && f.DocID == obj.DocID && f.ObjectID == obj.ID }
	t.tellNew(t.warnings.Replace(isOf, odd, t.opts.Now()))
}

// Knows reports whether the same was odd about an object before: then it is not read a second time for that.
func (t *Tree) Knows(obj fs.Object, message string) bool {
	is := func(f fs.Failure) bool {
		return f.Kind == obj.Kind && f.DocID == obj.DocID && f.ObjectID == obj.ID && f.Message == message
	}
	return t.warnings.Has(is) || t.earlier.Has(is)
}

// Warnings returns what is odd about what was read and kept.
func (t *Tree) Warnings() []fs.Failure { return t.warnings.All() }

// FailureOf describes why an object could not be read.
func (t *Tree) FailureOf(err error, obj fs.Object, path string) fs.Failure {
	f := fs.Failure{DocID: obj.DocID, ObjectID: obj.ID, Kind: obj.Kind, Path: path, Code: fs.CodeOther, Message: err.Error()}
	switch {
	case errors.Is(err, syscall.ENOSPC):
		f.Code = fs.CodeNoSpace
	case errors.Is(err, iofs.ErrNotExist):
		f.Code = fs.CodeNotFound
	}
	t.src.Describe(err, &f)
	return f
}

// BadID is the failure of an object that has no place in the tree, since its id cannot be part of a file name.
func BadID(docID, id, title string, kind fs.Kind) fs.Failure {
	return fs.Failure{DocID: docID, ObjectID: id, Kind: kind, Code: fs.CodeBadID,
		Message: fmt.Sprintf("%q is left out: its id %.60q has characters that are not fit for a file name", title, id)}
}
