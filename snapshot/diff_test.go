package snapshot_test

import (
	"errors"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/snapshot"
	"github.com/codafs/codafs/snapshot/folder"
	"github.com/codafs/codafs/snapshot/sealed"
)

func TestDiffFollowsObjectsNotPaths(t *testing.T) {
	from, o := workspace(1), options(t)
	a := mustRun(t, from, o, 0)
	before := slices.Clone(from.entries)
	moved, both, edited, failed, deleted := before[3], before[4], before[5], before[6], before[7]

	move := func(i int) {
		e := &from.entries[i]
		e.Path = "docs/Elsewhere/" + path.Base(e.Path)
		from.content[e.Path] = from.content[before[i].Path]
	}
	move(3)
	move(4)
	from.edit(from.entries[4].Path, "edited and moved")
	from.edit(edited.Path, "edited")
	from.entries[6].Failure = &fs.Failure{Code: "server_error"}
	from.entries = slices.Delete(from.entries, 7, 8)
	added := fs.Entry{Path: "docs/New.md", Kind: fs.KindPage, DocID: "doc0", ObjectID: "canvas-9", Name: "New"}
	from.add(added, "new")
	o.Now = clockAt(day.Add(time.Hour))
	b := mustRun(t, from, o, 3)

	change := func(e fs.Entry, now string) sealed.Change {
		c := sealed.Change{Kind: e.Kind, DocID: e.DocID, ObjectID: e.ObjectID, Name: e.Name, Path: e.Path}
		if now != "" {
			c.Path, c.OldPath = now, e.Path
		}
		return c
	}
	list := func(all ...sealed.Change) []sealed.Change {
		slices.SortFunc(all, func(a, b sealed.Change) int { return strings.Compare(a.Path, b.Path) })
		return all
	}
	bothNow := change(both, from.entries[4].Path)
	want := sealed.Difference{
		Added: list(change(added, "")), Removed: list(change(deleted, "")), Missing: list(change(failed, "")),
		Renamed: list(change(moved, from.entries[3].Path), bothNow), Changed: list(change(edited, ""), bothNow),
	}
	got, err := sealed.Diff(filepath.Join(o.Output, a.ID), filepath.Join(o.Output, b.ID))
	if err != nil || asJSON(got) != asJSON(want) {
		t.Errorf("%v\n%s\nwant %s", err, asJSON(got), asJSON(want))
	}
	got, err = sealed.Diff(filepath.Join(o.Output, a.ID), filepath.Join(o.Output, a.ID))
	if none := asJSON(got); err != nil || none != `{"added":[],"removed":[],"missing":[],"renamed":[],"changed":[]}` {
		t.Errorf("with itself: %s, %v", none, err)
	}
}

func TestDiffWantsSnapshots(t *testing.T) {
	o := options(t)
	s := mustRun(t, workspace(1), o, 0)
	good := filepath.Join(o.Output, s.ID)
	for _, pair := range [][2]string{{o.Output, good}, {good, o.Output}, {good, good + "-2"}} {
		if _, err := sealed.Diff(pair[0], pair[1]); !errors.Is(err, folder.ErrNotSnapshot) || snapshot.ExitCode(err) != 10 {
			t.Errorf("%q: %v", pair, err)
		}
	}
}
