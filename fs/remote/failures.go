package remote

import (
	"errors"
	"fmt"
	iofs "io/fs"
	"syscall"

	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/remote/load"
)

// Try is one of two tries at reading something.
type Try = load.Try

// ErrMoved says that something changed while it was read. It fails the first try only.
var ErrMoved = load.ErrMoved

// twice calls read, and once more if the data changed while it was read.
func (t *Tree) twice(read func(t *Try) error) error {
	service := t.src.Layout().Service
	err := read(&Try{Service: service})
	if errors.Is(err, ErrMoved) || t.src.Class(err) == ClassMoved {
		return read(&Try{Service: service, Last: true})
	}
	return err
}

// warned replaces the warnings about an object by what a try found odd about it.
func (t *Tree) warned(obj fs.Object, path string, by *Try) {
	if !by.Looked {
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
