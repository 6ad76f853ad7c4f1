package main

import (
	"path/filepath"

	"github.com/codafs/codafs/snapshot/format"
	"github.com/codafs/codafs/snapshot/sealed"
)

// listing is the output of 'codafs list --json'; its form is promised.
type listing struct {
	Folder    string           `json:"folder"`
	Snapshots []listedSnapshot `json:"snapshots"` // oldest first
}

type listedSnapshot struct {
	ID   string `json:"id"`
	Path string `json:"path"`
	// Latest says that latest.txt names this snapshot.
	Latest bool `json:"latest"`
	// Summary is its summary.json; absent if that cannot be read: then Error says why.
	Summary *format.Summary `json:"summary,omitempty"`
	Error   string          `json:"error,omitempty"`
}

func newListing(folder string, all []sealed.Listed) listing {
	l := listing{folder, []listedSnapshot{}}
	for _, s := range all {
		one := listedSnapshot{ID: s.ID, Path: filepath.Join(folder, s.ID), Latest: s.Latest}
		if s.Err != nil {
			one.Error = s.Err.Error()
		} else {
			one.Summary = &s.Summary
		}
		l.Snapshots = append(l.Snapshots, one)
	}
	return l
}
