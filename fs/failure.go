package fs

import (
	"errors"
	"sync"
	"syscall"
	"time"

	"github.com/codafs/codafs/coda"
)

// Codes of failures that are not the service's own words (those are [coda.Code]).
const (
	CodeBadID   = "bad_id"   // the object's id is not fit for a file name
	CodeNoSpace = "no_space" // the cache's disk is full
	CodeOther   = "error"
)

// FailureOf describes why an object could not be had.
func FailureOf(err error, obj Object, path string) Failure {
	f := Failure{DocID: obj.DocID, ObjectID: obj.ID, Kind: obj.Kind, Path: path, Code: CodeOther, Message: err.Error()}
	if e, ok := errors.AsType[*coda.Error](err); ok {
		f.Code, f.HTTPStatus, f.Attempts = string(e.Code), e.Status, e.Attempts
	} else if errors.Is(err, syscall.ENOSPC) {
		f.Code = CodeNoSpace
	}
	return f
}

// badID is the failure of an object that has no place in the tree.
func badID(docID, id string, kind Kind) Failure {
	return Failure{DocID: docID, ObjectID: id, Kind: kind, Code: CodeBadID,
		Message: "the object is left out: its id has characters that are not fit for a file name"}
}

// maxFailures bounds the log: a mount may live for months.
const maxFailures = 1000

// failureLog keeps the newest failures.
type failureLog struct {
	mu  sync.Mutex // guards log
	log []Failure
}

func (l *failureLog) add(f Failure, now time.Time) {
	f.Time = now.UTC()
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.log) == maxFailures {
		l.log = l.log[1:]
	}
	l.log = append(l.log, f)
}

func (l *failureLog) all() []Failure {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]Failure(nil), l.log...)
}
