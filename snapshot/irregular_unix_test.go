//go:build !windows

package snapshot_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/codafs/codafs/snapshot"
	"github.com/codafs/codafs/snapshot/sealed"
)

// pipe puts a FIFO in the place of a file. Who opens it to read waits for a writer that never comes.
func pipe(t *testing.T, path string) {
	t.Helper()
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Skipf("no pipes here: %v", err)
	}
}

func TestARecordThatIsAPipeIsNotWaitedFor(t *testing.T) {
	for _, name := range []string{"SHA256SUMS", "manifest.json", "summary.json"} {
		o := options(t)
		s := mustRun(t, workspace(1), o, 0)
		dir := filepath.Join(o.Output, s.ID)
		pipe(t, filepath.Join(dir, name))
		unreadable := func(d sealed.Damage) bool { return d.Path == name && d.Problem == sealed.Unreadable }
		if r := mustVerify(t, o.Output, 5); !slices.ContainsFunc(r.Damage, unreadable) {
			t.Errorf("%s: damage %v", name, r.Damage)
		}
		list, err := sealed.List(o.Output)
		if err != nil || (list[0].Err != nil) != (name == "summary.json") {
			t.Errorf("%s: list %v, %v", name, list, err)
		}
		if _, err := sealed.Diff(dir, dir); (err != nil) != (name == "manifest.json") {
			t.Errorf("%s: diff: %v", name, err)
		}
		kept, err := sealed.Prune(t.Context(), o.Output, sealed.Policy{Last: 1}, true)
		if err != nil || len(kept.Kept) != 1 {
			t.Errorf("%s: prune %v, %v", name, kept, err)
		}
		next := mustRun(t, workspace(1), atNext(&o), 0)
		if warned := len(next.Warnings) > 0; warned != (name != "SHA256SUMS") {
			t.Errorf("%s: warnings %q", name, next.Warnings)
		}
	}
}

func TestALatestThatIsAPipeIsNotWaitedFor(t *testing.T) {
	o := options(t)
	mustRun(t, workspace(1), o, 0)
	pipe(t, filepath.Join(o.Output, "latest.txt"))
	if r := mustVerify(t, o.Output, 5); len(r.Damage) != 1 || r.Damage[0].Path != "latest.txt" || r.Damage[0].Problem != sealed.Unreadable {
		t.Errorf("damage %v", r.Damage)
	}
	_, listErr := sealed.List(o.Output)
	_, runErr := snapshot.Run(t.Context(), workspace(1), atNext(&o))
	for _, err := range []error{listErr, runErr} {
		if snapshot.ExitCode(err) != 13 || !strings.Contains(err.Error(), "latest.txt is not a regular file") {
			t.Errorf("%v", err)
		}
	}
}

func TestAJournalThatIsAPipeIsNotWaitedFor(t *testing.T) {
	from, o := workspace(1), options(t)
	partial := interrupted(t, from, o)
	pipe(t, filepath.Join(partial, "journal.jsonl"))
	s := mustRun(t, from, atNext(&o), 0)
	wantDocs(t, filepath.Join(o.Output, s.ID), from.content)
	mustVerify(t, o.Output, 0)
}

// What .lock leads to would be overwritten with who holds it.
func TestALockThatIsNoFileIsRefused(t *testing.T) {
	o := options(t)
	s := mustRun(t, workspace(1), o, 0)
	lock, manifest := filepath.Join(o.Output, ".lock"), filepath.Join(s.ID, "manifest.json")
	refused := func() {
		t.Helper()
		_, err := snapshot.Run(t.Context(), workspace(1), atNext(&o))
		if snapshot.ExitCode(err) != 13 || !strings.Contains(err.Error(), ".lock is not a regular file") {
			t.Errorf("%v", err)
		}
	}
	pipe(t, lock)
	refused()
	if err := os.Remove(lock); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(manifest, lock); err != nil {
		t.Fatal(err)
	}
	refused()
	mustVerify(t, o.Output, 0)
}
