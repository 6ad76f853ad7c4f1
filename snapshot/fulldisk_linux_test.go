package snapshot_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/codafs/codafs/snapshot"
)

// mountSmall mounts a file system of 256 KiB at dir until the test ends.
func mountSmall(t *testing.T, dir string) {
	t.Helper()
	if err := syscall.Mount("codafs-test", dir, "tmpfs", 0, "size=256k"); err != nil {
		t.Skipf("mount: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Errorf("unmount: %v", err)
		}
	})
}

// TestAFullDisk fills a real one.
func TestAFullDisk(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("mounting a small file system needs root")
	}
	from, o := workspace(1), options(t)
	if err := os.MkdirAll(o.Output, 0o700); err != nil {
		t.Fatal(err)
	}
	mountSmall(t, o.Output)
	mustRun(t, from, o, 0)
	from.edit(from.entries[7].Path, strings.Repeat("a,b\n", 100_000))
	o.Now = clockAt(day.Add(time.Hour))
	s, err := snapshot.Run(t.Context(), from, o)
	if s.ExitCode != 13 || !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("exit code %d, error %v", s.ExitCode, err)
	}
	mustVerify(t, o.Output, 0)
	if got := latest(t, o.Output); got != "2026-03-07T101530Z" {
		t.Errorf("latest.txt names %q", got)
	}
	from.edit(from.entries[7].Path, "a,b\n")
	o.Now = clockAt(day.Add(2 * time.Hour))
	s = mustRun(t, from, o, 0)
	wantDocs(t, filepath.Join(o.Output, s.ID), from.content)
	mustVerify(t, o.Output, 0)
}
