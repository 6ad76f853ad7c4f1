package remote

import (
	"errors"
	"fmt"
	iofs "io/fs"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/codafs/codafs/fs"
)

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

// maxFailures limits the log: a mount may run for months.
const maxFailures = 1000

// failureLog keeps the newest failure of each file and folder.
type failureLog struct {
	mu  sync.Mutex // guards log
	log []fs.Failure
}

// add records f in place of the last failure of the same object.
func (l *failureLog) add(f fs.Failure, now time.Time) {
	f.Time = now.UTC()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.log = slices.DeleteFunc(l.log, func(old fs.Failure) bool {
		return old.Path == f.Path && old.Kind == f.Kind && old.ObjectID == f.ObjectID && old.DocID == f.DocID
	})
	if len(l.log) == maxFailures {
		l.log = slices.Delete(l.log, 0, 1)
	}
	l.log = append(l.log, f)
}

// note records a failure that lasts, such as an object left out for its id. One that is already known keeps its time.
func (l *failureLog) note(f fs.Failure, now time.Time) {
	if !slices.ContainsFunc(l.all(), func(old fs.Failure) bool { old.Time = f.Time; return old == f }) {
		l.add(f, now)
	}
}

// replace puts with in place of all failures for which isOf returns true, and returns those that are new. The others
// keep their time.
func (l *failureLog) replace(isOf func(fs.Failure) bool, with []fs.Failure, now time.Time) (added []fs.Failure) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var old []fs.Failure
	l.log = slices.DeleteFunc(l.log, func(f fs.Failure) bool {
		if isOf(f) {
			old = append(old, f)
		}
		return isOf(f)
	})
	for _, f := range with {
		same := func(o fs.Failure) bool { f.Time = o.Time; return o == f }
		if !slices.ContainsFunc(old, same) {
			f.Time = now.UTC()
			added = append(added, f)
		}
		l.log = append(l.log, f)
	}
	l.log = l.log[max(0, len(l.log)-maxFailures):]
	return added
}

func (l *failureLog) has(is func(fs.Failure) bool) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.ContainsFunc(l.log, is)
}

func (l *failureLog) all() []fs.Failure {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.log)
}
