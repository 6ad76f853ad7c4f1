package snapshot_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/codafs/codafs/snapshot"
	"github.com/codafs/codafs/snapshot/folder"
	"github.com/codafs/codafs/snapshot/format"
	"github.com/codafs/codafs/snapshot/sealed"
)

func TestListGivesSealedSnapshotsOldestFirst(t *testing.T) {
	from, o := workspace(1), options(t)
	run := func(from *memory, at time.Time, code int) string {
		t.Helper()
		o.Now = clockAt(at)
		return mustRun(t, from, o, code).ID
	}
	var want []string
	for range 11 { // …Z-10 and …Z-11 come after …Z-2 and …Z-9
		want = append(want, run(from, day, 0))
	}
	want = append(want, run(workspace(0), day.Add(time.Hour), 3))
	broken := run(from, day.Add(2*time.Hour), 0)
	want = append(want, broken)
	if err := os.Remove(filepath.Join(o.Output, broken, "summary.json")); err != nil {
		t.Fatal(err)
	}
	from.indexErr = errors.New("down")
	o.Now = clockAt(day.Add(3 * time.Hour))
	if _, err := snapshot.Run(t.Context(), from, o); err == nil {
		t.Fatal("the last run went through")
	}
	list, err := sealed.List(o.Output)
	if err != nil || len(list) != len(want) {
		t.Fatalf("%d snapshots, %v; want %d", len(list), err, len(want))
	}
	for i, l := range list {
		if l.ID != want[i] || l.Latest != (l.ID == broken) || (l.Err != nil) != (l.ID == broken) {
			t.Errorf("%d is %s, latest %v, error %v; want %s", i, l.ID, l.Latest, l.Err, want[i])
		}
	}
	if r := list[11].Summary.Result; r != format.Suspect {
		t.Errorf("result %q", r)
	}
	if _, err := sealed.List(filepath.Join(o.Output, "none")); !errors.Is(err, folder.ErrNotSnapshot) {
		t.Errorf("a missing folder: %v", err)
	}
}
