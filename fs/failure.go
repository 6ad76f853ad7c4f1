package fs

import (
	"errors"
	"fmt"
	iofs "io/fs"
	"slices"
	"sync"
	"syscall"
	"time"
)

// Codes of failures that codafs finds by itself. A service has its own besides.
const (
	CodeBadID    = "bad_id"   // the object's id cannot be part of a file name
	CodeNoSpace  = "no_space" // the cache's disk is full
	CodeNotFound = "not_found"
	// CodeRefused says that the service took no request with this token: to ask on is of no use.
	CodeRefused = "unauthorized"
	CodeOther   = "error"
)

// FailureOf describes why an object could not be read.
func (t *Tree) FailureOf(err error, obj Object, path string) Failure {
	f := Failure{DocID: obj.DocID, ObjectID: obj.ID, Kind: obj.Kind, Path: path, Code: CodeOther, Message: err.Error()}
	switch {
	case errors.Is(err, syscall.ENOSPC):
		f.Code = CodeNoSpace
	case errors.Is(err, iofs.ErrNotExist):
		f.Code = CodeNotFound
	}
	t.src.describe(err, &f)
	return f
}

// badID is the failure of an object that has no place in the tree, since its id cannot be part of a file name.
func badID(docID, id, title string, kind Kind) Failure {
	return Failure{DocID: docID, ObjectID: id, Kind: kind, Code: CodeBadID,
		Message: fmt.Sprintf("%q is left out: its id %.60q has characters that are not fit for a file name", title, id)}
}

// maxFailures limits the log: a mount may run for months.
const maxFailures = 1000

// failureLog keeps the newest failure of each file and folder.
type failureLog struct {
	mu  sync.Mutex // guards log
	log []Failure
}

// add records f in place of the last failure of the same object.
func (l *failureLog) add(f Failure, now time.Time) {
	f.Time = now.UTC()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.log = slices.DeleteFunc(l.log, func(old Failure) bool {
		return old.Path == f.Path && old.Kind == f.Kind && old.ObjectID == f.ObjectID && old.DocID == f.DocID
	})
	if len(l.log) == maxFailures {
		l.log = slices.Delete(l.log, 0, 1)
	}
	l.log = append(l.log, f)
}

// note records a failure that lasts, such as an object left out for its id. One that is already known keeps its time.
func (l *failureLog) note(f Failure, now time.Time) {
	if !slices.ContainsFunc(l.all(), func(old Failure) bool { old.Time = f.Time; return old == f }) {
		l.add(f, now)
	}
}

// replace puts with in place of all failures for which isOf returns true, and returns those that are new. The others
// keep their time.
func (l *failureLog) replace(isOf func(Failure) bool, with []Failure, now time.Time) (added []Failure) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var old []Failure
	l.log = slices.DeleteFunc(l.log, func(f Failure) bool {
		if isOf(f) {
			old = append(old, f)
		}
		return isOf(f)
	})
	for _, f := range with {
		same := func(o Failure) bool { f.Time = o.Time; return o == f }
		if !slices.ContainsFunc(old, same) {
			f.Time = now.UTC()
			added = append(added, f)
		}
		l.log = append(l.log, f)
	}
	l.log = l.log[max(0, len(l.log)-maxFailures):]
	return added
}

func (l *failureLog) has(is func(Failure) bool) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.ContainsFunc(l.log, is)
}

func (l *failureLog) all() []Failure {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.log)
}
