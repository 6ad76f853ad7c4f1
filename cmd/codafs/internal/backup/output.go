package backup

import (
	"errors"
	"time"

	"github.com/codafs/codafs/cmd/codafs/internal/term"
	"github.com/codafs/codafs/snapshot/folder"
	"github.com/codafs/codafs/snapshot/sealed"
)

// Output describes the snapshots in an output folder. Good may be one of another account or selection, if the folder holds
// several: it is the one that latest.txt names.
type Output struct {
	All  []sealed.Listed // oldest first
	Good *sealed.Listed  // the one that latest.txt names; nil if it cannot be read
}

// ReadOutput reads an output folder. A missing folder has no backups, and is no error. It reads summaries, checks nothing, and
// takes no lock: a run may be under way in it.
func ReadOutput(dir string) (b Output, err error) {
	b.All, err = sealed.List(dir)
	if errors.Is(err, folder.ErrNotSnapshot) {
		return b, nil
	}
	for i, l := range b.All {
		if l.Latest && l.Err == nil {
			b.Good = &b.All[i]
		}
	}
	return b, err
}

// IDs returns the ids of all snapshots.
func (b Output) IDs() (ids []string) {
	for _, l := range b.All {
		ids = append(ids, l.ID)
	}
	return ids
}

// Age is how long ago the last good snapshot ended. There must be one (Good is not nil). It is negative if a clock went wrong.
func (b Output) Age(now time.Time) time.Duration { return now.Sub(b.Good.Summary.FinishedAt) }

// OldAfter is the age from which the last good backup is worth a look, where none is scheduled. It is a hint in status and
// doctor, not a promise.
const OldAfter = 7 * term.Day
