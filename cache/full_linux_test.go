package cache

import (
	"crypto/rand"
	"errors"
	"strings"
	"syscall"
	"testing"
)

// mountTmpfs makes a file system of its own for the test.
func mountTmpfs(t *testing.T, options string) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, options); err != nil {
		t.Skipf("needs the right to mount a tmpfs: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func TestCacheOpensOnAFullDisk(t *testing.T) {
	d := openDisk(t, mountTmpfs(t, "nr_inodes=2"), Options{})
	for _, ask := range []Fill{pieces(large, 1000), noFill} {
		c, err := d.Get(t.Context(), "key", ask)
		if read(t, c, err) != large {
			t.Error("wrong bytes")
		}
	}
}

// TestReallyFullDisk fills a small file system to its last block.
func TestReallyFullDisk(t *testing.T) {
	dir := mountTmpfs(t, "size=1m")
	d, err := OpenDisk(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	contents := map[string]string{}
	for i := range 60 { // 1.5 times what there is room for
		s := strings.Repeat(rand.Text(), 1000)[:25_000+i]
		contents[s[:20]] = s
		n := 0
		c, err := d.Get(t.Context(), s[:20], text(s, &n))
		if read(t, c, err) != s {
			t.Errorf("content %d: wrong bytes", i)
		}
	}
	if d.unwritten.Load() == 0 {
		t.Error("the disk was not full")
	}
	if _, err := d.Get(t.Context(), "large", pieces(strings.Repeat("x", unsavedMax+1), 1<<20)); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("error %v", err)
	}
	for key, s := range contents {
		c, err := d.Get(t.Context(), key, noFill)
		if read(t, c, err) != s {
			t.Error("wrong bytes later")
		}
	}
	// A new process finds what was written, and nothing else.
	again := openDisk(t, dir, Options{})
	defer again.Close()
	for key, s := range contents {
		if c, ok := again.Lookup(t.Context(), key); ok && read(t, c, nil) != s {
			t.Error("wrong bytes in a new process")
		}
	}
	if got := again.damaged.Load(); got != 0 {
		t.Errorf("%d damaged files were left", got)
	}
}
