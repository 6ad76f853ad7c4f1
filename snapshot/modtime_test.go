package snapshot_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/codafs/codafs/snapshot"
	"github.com/codafs/codafs/snapshot/folder"
	"github.com/codafs/codafs/snapshot/format"
)

// wantTime holds the time of a file, on disk and in the manifest, against what it should be.
func (n *nights) wantTime(t *testing.T, when, id string, f format.File, want time.Time) {
	t.Helper()
	info, err := os.Stat(filepath.Join(n.o.Output, id, f.Path))
	if err != nil {
		t.Fatal(err)
	}
	if !info.ModTime().Equal(want) {
		t.Errorf("%s: the file is of %v, want %v", when, info.ModTime(), want)
	}
	in := f.ModTime
	if in.IsZero() {
		in = f.UpdatedAt
	}
	if !in.Equal(want) {
		t.Errorf("%s: the manifest has %v, want %v", when, in, want)
	}
}

// Whoever copies snapshots goes by size and time. Bytes that no stamp tells apart get the time of the run that
// first had them; the base says which it had.
func TestOtherBytesUnderTheSameStampHaveAnotherTime(t *testing.T) {
	n := newNights(t, 1)
	e := &n.from.entries[3]
	stamp, path := e.ModTime, e.Path
	change := func(text string) { n.from.content[path], e.Version = text, versionOf(text) }

	change("# Other\n")
	s, files := n.next(t, n.from, 0)
	second := s.StartedAt
	n.wantTime(t, "changed", s.ID, files[path], second)
	s, files = n.next(t, n.from, 0)
	n.wantTime(t, "linked", s.ID, files[path], second)

	n.o.Incremental = false
	s, files = n.next(t, n.from, 0)
	n.wantTime(t, "fetched, and the same", s.ID, files[path], second)
	change("# Third\n")
	s, files = n.next(t, n.from, 0)
	n.wantTime(t, "changed again", s.ID, files[path], s.StartedAt)

	change("# Fourth\n")
	e.ModTime, e.UpdatedAt = s.StartedAt.Add(time.Hour), s.StartedAt.Add(time.Hour)
	s, files = n.next(t, n.from, 0)
	n.wantTime(t, "edited", s.ID, files[path], e.ModTime)
	change("# Fifth\n")
	e.ModTime, e.UpdatedAt, e.Unstamped = s.StartedAt.Add(time.Hour), s.StartedAt.Add(time.Hour), true
	s, files = n.next(t, n.from, 0)
	n.wantTime(t, "edited and unstamped", s.ID, files[path], s.StartedAt)

	other := files[n.from.entries[4].Path]
	n.wantTime(t, "another file", s.ID, other, stamp)
}

// A run that was stopped after it had the file has given it a time; the one that takes over keeps it.
func TestTheTimeOfAFileThatWasLeftStays(t *testing.T) {
	n := newNights(t, 1)
	e := &n.from.entries[3]
	n.from.content[e.Path], e.Version = "# Other\n", versionOf("# Other\n")
	last := n.from.entries[len(n.from.entries)-1].Path
	n.o.Concurrency = 1
	stopped := day.Add(2 * time.Hour)
	n.o.Now = clockAt(stopped)
	n.from.indexErr = nil
	n.from.open = failing(map[string]error{last: &folder.DestinationError{Err: os.ErrInvalid}})
	n.from.edit(last, "other\n")
	if _, err := snapshot.Run(t.Context(), n.from, n.o); err == nil {
		t.Fatal("the run was not stopped")
	}
	n.from.open = nil
	s, files := n.next(t, n.from, 0)
	n.wantTime(t, "taken over", s.ID, files[e.Path], stopped)
}
