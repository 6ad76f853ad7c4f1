package main

import (
	"errors"
	"time"

	"github.com/codafs/codafs/snapshot/folder"
	"github.com/codafs/codafs/snapshot/sealed"
)

// backups describes the snapshots in an output folder.
type backups struct {
	all  []sealed.Listed
	good *sealed.Listed // the one that latest.txt names; nil if it cannot be read
}

// backupsIn reads an output folder. A missing folder has no backups.
func backupsIn(dir string) (b backups, err error) {
	b.all, err = sealed.List(dir)
	if errors.Is(err, folder.ErrNotSnapshot) {
		return b, nil
	}
	for i, l := range b.all {
		if l.Latest && l.Err == nil {
			b.good = &b.all[i]
		}
	}
	return b, err
}

// ids returns the ids of all snapshots.
func (b backups) ids() (ids []string) {
	for _, l := range b.all {
		ids = append(ids, l.ID)
	}
	return ids
}

// age is how long ago the last good snapshot ended.
func (b backups) age(now time.Time) time.Duration { return now.Sub(b.good.Summary.FinishedAt) }
