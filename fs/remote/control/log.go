package control

import (
	"slices"
	"sync"
	"time"

	"github.com/codafs/codafs/fs"
)

// maxFailures limits the log: a mount may run for months, and meet each of a million files. The newest tell what is wrong now.
const maxFailures = 1000

// Log has the newest failure or warning of each file and folder, at most 1,000: the oldest go first. Its zero value is empty.
// It may be used by many goroutines, and calls nothing but the functions that it is given, with its lock held.
type Log struct {
	mu  sync.Mutex // guards log
	log []fs.Failure
}

// Add records f in place of the last failure of the same object: a file that fails each minute has one line, with the newest
// time and reason. It searches the whole log, which is short.
func (l *Log) Add(f fs.Failure, now time.Time) {
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

// Note records a failure that lasts, such as an object left out for its id. One that is already known keeps its time.
func (l *Log) Note(f fs.Failure, now time.Time) {
	if !slices.ContainsFunc(l.All(), func(old fs.Failure) bool { old.Time = f.Time; return old == f }) {
		l.Add(f, now)
	}
}

// Replace puts others (with) in place of all failures for which isOf returns true, and returns those that are new. The others
// keep their time. So what was odd about an object goes when it is read again and is in order. isOf must not call the log.
func (l *Log) Replace(isOf func(fs.Failure) bool, with []fs.Failure, now time.Time) (added []fs.Failure) {
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

// Has reports whether is returns true for one of the failures.
func (l *Log) Has(is func(fs.Failure) bool) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.ContainsFunc(l.log, is)
}

// All returns a copy, the oldest first. The caller may change it.
func (l *Log) All() []fs.Failure {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.log)
}
