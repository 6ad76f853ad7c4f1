package status

import (
	"fmt"
	"time"

	"github.com/codafs/codafs/cmd/codafs/internal/backup"
	"github.com/codafs/codafs/cmd/codafs/internal/term"
	"github.com/codafs/codafs/snapshot/format"
)

// Backup is the last good backup in the output folder: what latest.txt names, complete or with named gaps. Later ones that
// failed or are suspect do not count; 'codafs doctor' speaks of those.
type Backup struct {
	Folder string `json:"folder"`
	// All other fields are absent if there is none. Problem says why the folder could not be read; a missing folder is none.
	ID         string        `json:"id,omitempty"`
	Result     format.Result `json:"result,omitempty"`
	FinishedAt time.Time     `json:"finished_at,omitzero"`
	AgeSeconds int64         `json:"age_seconds,omitempty"`
	Problem    string        `json:"problem,omitempty"`
}

// lastBackup looks for the last good backup in a folder, which may be missing. It reads summaries and checks no contents.
func lastBackup(folder string, now time.Time) Backup {
	s := Backup{Folder: folder}
	b, err := backup.ReadOutput(folder)
	if err != nil {
		s.Problem = err.Error()
	}
	if b.Good != nil {
		good := b.Good.Summary
		s.ID, s.Result, s.FinishedAt, s.AgeSeconds = b.Good.ID, good.Result, good.FinishedAt, int64(b.Age(now).Seconds())
	}
	return s
}

// cell is the status for people. An age beyond backup.OldAfter is yellow, as is no backup at all: neither is
// an error, since how often is often enough is the user's own affair.
func (s Backup) cell() term.Cell {
	switch {
	case s.Problem != "":
		return term.Colored(s.Problem, term.Red)
	case s.ID == "":
		return term.Colored("none in "+s.Folder, term.Yellow)
	}
	age := time.Duration(s.AgeSeconds) * time.Second
	c := term.Colored(fmt.Sprintf("%s ago (%s, %s) in %s", term.FormatAge(age), s.FinishedAt.Local().Format(term.DateTimeZone), s.Result, s.Folder), term.Green)
	if age > backup.OldAfter {
		c.Color = term.Yellow
	}
	return c
}
