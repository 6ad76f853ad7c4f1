package main

import (
	"errors"
	"time"

	"github.com/codafs/codafs/snapshot"
)

// backups is what there is in an output folder.
type backups struct {
	all  []snapshot.Listed
	good *snapshot.Listed // the one that latest.txt names, if it can be read
}

// backupsIn looks into an output folder; one that is not there has none.
func backupsIn(dir string) (b backups, err error) {
	b.all, err = snapshot.List(dir)
	if errors.Is(err, snapshot.ErrNotSnapshot) {
		return b, nil
	}
	for i, l := range b.all {
		if l.Latest && l.Err == nil {
			b.good = &b.all[i]
		}
	}
	return b, err
}

// ids names all of them.
func (b backups) ids() (ids []string) {
	for _, l := range b.all {
		ids = append(ids, l.ID)
	}
	return ids
}

// age is how long ago the last good one ended.
func (b backups) age(now time.Time) time.Duration { return now.Sub(b.good.Summary.FinishedAt) }
