package cache

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const small = "a small content, bytes of which go wrong"

// damaged fills a cache with want, has damage spoil the file of the given kind, and then
// asks a new Disk for it: not one wrong byte may come, and one fill must heal it.
func damaged(t *testing.T, dir, kind, want string, damage func(path string, good []byte)) {
	t.Helper()
	n := 0
	d, err := OpenDisk(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	c, err := d.Get(t.Context(), "key", text(want, &n))
	if read(t, c, err) != want {
		t.Fatal("wrong bytes before the damage")
	}
	d.Close()
	path := d.path(kind, hashOf("key"))
	if kind == contentsDir {
		path = d.path(kind, hashOf(want))
	}
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	damage(path, good)

	if d, err = OpenDisk(dir, Options{}); err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if c, ok := d.Lookup(t.Context(), "key"); ok {
		t.Errorf("Lookup gave %q", read(t, c, nil))
	}
	if size, ok := d.Size("key"); ok && size != int64(len(want)) {
		t.Errorf("size %d", size)
	}
	n = 0
	c, err = d.Get(t.Context(), "key", text(want, &n))
	if got := read(t, c, err); got != want || n != 1 {
		t.Errorf("got %q, %d fills", got, n)
	}
	again, err := os.ReadFile(path)
	if err != nil || len(again) != len(good) {
		t.Errorf("not healed: %d bytes, %v", len(again), err)
	}
}

func overwrite(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestTornFilesAreFilledAgain(t *testing.T) {
	for _, kind := range []string{entriesDir, contentsDir} {
		t.Run(kind, func(t *testing.T) {
			dir := t.TempDir()
			for length, more := 0, true; more; length++ {
				damaged(t, dir, kind, small, func(path string, good []byte) {
					overwrite(t, path, good[:length])
					more = length+1 < len(good)
				})
			}
		})
	}
}

func TestFlippedBitsAreFoundAtEachByte(t *testing.T) {
	for _, kind := range []string{entriesDir, contentsDir} {
		t.Run(kind, func(t *testing.T) {
			dir := t.TempDir()
			for at, more := 0, true; more; at++ {
				damaged(t, dir, kind, small, func(path string, good []byte) {
					bad := []byte(string(good))
					bad[at] ^= 1 << (at % 8)
					overwrite(t, path, bad)
					more = at+1 < len(good)
				})
			}
		})
	}
}

func TestDamageInLargeFilesIsFound(t *testing.T) {
	dir := t.TempDir()
	for _, at := range []int{0, 1, smallBytes - 1, smallBytes, len(large) - 1} {
		damaged(t, dir, contentsDir, large, func(path string, good []byte) {
			overwrite(t, path, good[:at])
		})
		damaged(t, dir, contentsDir, large, func(path string, good []byte) {
			bad := []byte(string(good))
			bad[at] ^= 0x20
			overwrite(t, path, bad)
		})
	}
}

func TestForeignFilesAreNotServed(t *testing.T) {
	dir := t.TempDir()
	for name, damage := range map[string]func(path string, good []byte){
		"longer": func(path string, good []byte) { overwrite(t, path, append(good, '\n')) },
		"huge":   func(path string, _ []byte) { overwrite(t, path, []byte(strings.Repeat("x", 1<<20))) },
		"gone": func(path string, _ []byte) {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		},
		"a folder": func(path string, _ []byte) {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			if err := os.Mkdir(path, 0o700); err != nil {
				t.Fatal(err)
			}
		},
	} {
		for _, kind := range []string{entriesDir, contentsDir} {
			if name == "a folder" && kind == entriesDir {
				continue // it cannot be healed; see below
			}
			t.Run(name+" in "+kind, func(t *testing.T) { damaged(t, dir, kind, small, damage) })
		}
	}
}

func TestEntryOfAnotherKeyIsNotServed(t *testing.T) {
	dir := t.TempDir()
	d, n := openDisk(t, dir, Options{}), 0
	c, err := d.Get(t.Context(), "other", text("another's secret", &n))
	read(t, c, err)
	entry, err := os.ReadFile(d.path(entriesDir, hashOf("other")))
	if err != nil {
		t.Fatal(err)
	}
	damaged(t, dir, entriesDir, small, func(path string, _ []byte) { overwrite(t, path, entry) })
}

func TestFolderInAnEntrysPlaceCostsTheKeepingOnly(t *testing.T) {
	for want, fills := range map[string]int{small: 1, large: 1, huge: 2} { // what a fill held is found in memory
		d, n := openDisk(t, t.TempDir(), Options{}), 0
		if err := os.MkdirAll(filepath.Join(d.path(entriesDir, hashOf("key")), "sub"), 0o700); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			c, err := d.Get(t.Context(), "key", text(want, &n))
			if read(t, c, err) != want {
				t.Error("wrong bytes")
			}
		}
		if n != fills {
			t.Errorf("%d bytes: %d fills, want %d", len(want), n, fills)
		}
	}
}

func TestDamageAfterTheFirstUseIsFound(t *testing.T) {
	d, n := openDisk(t, t.TempDir(), Options{}), 0
	for range 2 { // once after a fill, once after a verification
		c, err := d.Get(t.Context(), "key", text(large, &n))
		read(t, c, err)
		path := d.path(contentsDir, hashOf(large))
		overwrite(t, path, []byte(strings.ToUpper(large)))
		later := time.Now().Add(time.Second) // than any stamp it had, also where stamps are coarse
		if err := os.Chtimes(path, later, later); err != nil {
			t.Fatal(err)
		}
	}
	c, err := d.Get(t.Context(), "key", text(large, &n))
	if read(t, c, err) != large || n != 3 {
		t.Errorf("wrong bytes, or %d fills", n)
	}
	if got := d.damaged.Load(); got != 2 {
		t.Errorf("%d damaged files counted", got)
	}
}

func TestFileCutWhileOpenEndsInAnError(t *testing.T) {
	d, n := openDisk(t, t.TempDir(), Options{}), 0
	c, err := d.Get(t.Context(), "key", text(large, &n))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := os.Truncate(d.path(contentsDir, hashOf(large)), 10); err != nil {
		t.Fatal(err)
	}
	p := make([]byte, len(large))
	if n, err := c.ReadAt(p, 0); n != 10 || err == nil || err.Error() != "unexpected EOF" {
		t.Errorf("%d bytes, error %v", n, err)
	}
}

func TestVerifiedFileIsNotReadAgain(t *testing.T) {
	dir, n := t.TempDir(), 0
	c, err := openDisk(t, dir, Options{}).Get(t.Context(), "key", text(large, &n))
	read(t, c, err)

	d := openDisk(t, dir, Options{})
	c, err = d.Get(t.Context(), "key", noFill)
	read(t, c, err)
	// Bytes change behind its back, and the stamp does not: only hashing could tell.
	path := d.path(contentsDir, hashOf(large))
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	overwrite(t, path, []byte(strings.ToUpper(large)))
	if err := os.Chtimes(path, info.ModTime(), info.ModTime()); err != nil {
		t.Fatal(err)
	}
	c, err = d.Get(t.Context(), "key", noFill)
	if read(t, c, err) != strings.ToUpper(large) {
		t.Error("hashed at each use")
	}
}
