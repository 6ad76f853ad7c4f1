package control

import (
	"fmt"
	"testing"
	"time"

	"github.com/codafs/codafs/fs"
)

var noon = time.Date(2026, 3, 7, 12, 0, 0, 0, time.UTC)

func failureOf(id, code string) fs.Failure {
	return fs.Failure{Kind: fs.KindPage, ObjectID: id, Code: code}
}

func TestTheLogHasTheNewestFailureOfEachObject(t *testing.T) {
	var l Log
	l.Add(failureOf("a", "old"), noon)
	l.Add(failureOf("b", "other"), noon)
	l.Add(failureOf("a", "new"), noon.Add(time.Hour))
	got := l.All()
	if len(got) != 2 || got[0].Code != "other" || got[1].Code != "new" || !got[1].Time.Equal(noon.Add(time.Hour)) {
		t.Errorf("%+v", got)
	}
	l.Note(failureOf("b", "other"), noon.Add(2*time.Hour))
	if got := l.All(); len(got) != 2 || !got[0].Time.Equal(noon) {
		t.Errorf("a failure that lasts has another time: %+v", got)
	}
}

func TestTheLogIsBounded(t *testing.T) {
	var l Log
	for i := range maxFailures + 1 {
		l.Add(failureOf(fmt.Sprint(i), "c"), noon)
	}
	if got := l.All(); len(got) != maxFailures || got[0].ObjectID != "1" {
		t.Errorf("%d failures, the first of %s", len(got), got[0].ObjectID)
	}
}

// Who reads the log sees since when something is odd; who is told of warnings hears of each once.
func TestReplaceTellsWhatIsNew(t *testing.T) {
	var l Log
	every := func(fs.Failure) bool { return true }
	l.Replace(every, []fs.Failure{failureOf("a", "c"), failureOf("b", "c")}, noon)
	added := l.Replace(every, []fs.Failure{failureOf("b", "c"), failureOf("d", "c")}, noon.Add(time.Hour))
	if len(added) != 1 || added[0].ObjectID != "d" {
		t.Errorf("new: %+v", added)
	}
	got := l.All()
	if len(got) != 2 || !got[0].Time.Equal(noon) || !got[1].Time.Equal(noon.Add(time.Hour)) || l.Has(func(f fs.Failure) bool { return f.ObjectID == "a" }) {
		t.Errorf("%+v", got)
	}
}
