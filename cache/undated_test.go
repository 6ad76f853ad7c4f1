package cache

import (
	"context"
	"crypto/sha256"
	"io"
	iofs "io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// countFiles counts the files that d writes from now on.
func countFiles(d *Disk) *int {
	n := 0
	d.write = func(f *os.File, p []byte) (int, error) {
		n++
		return f.Write(p)
	}
	return &n
}

// put fills a key anew with text.
func put(t *testing.T, d *Disk, key, text string) {
	t.Helper()
	c, err := d.Put(t.Context(), key, func(_ context.Context, w io.Writer) error { _, err := io.WriteString(w, text); return err })
	if got := read(t, c, err); got != text {
		t.Errorf("%s has %q", key, got)
	}
}

// A list that is read anew and is still the same costs no file.
func TestTheSameBytesAreNotWrittenAgain(t *testing.T) {
	dir, clock := t.TempDir(), newClock()
	undated := func(key string) bool { return key != "dated" }
	open := func() (*Disk, *int) {
		d := openDisk(t, dir, Options{Now: clock.Now, Undated: undated})
		return d, countFiles(d)
	}
	d, files := open()
	for _, step := range []struct {
		what, key, text string
		files           int
	}{
		{"a content and its entry", "list", "a", 2},
		{"the same once more", "list", "a", 0},
		{"the same under another key", "last", "a", 1},
		{"others", "list", "b", 2},
		{"those from before", "list", "a", 1},
		{"the same with a time", "dated", "a", 1},
		{"once more, at another time", "dated", "a", 1},
		{"one that is not held in memory", "long", large, 2},
		{"the same once more", "long", large, 0},
		{"the same under another key", "also long", large, 1},
	} {
		before := *files
		put(t, d, step.key, step.text)
		if got := *files - before; got != step.files {
			t.Errorf("%s: %d files written, want %d", step.what, got, step.files)
		}
		clock.advance(2 * time.Hour)
	}
	again, files := open()
	put(t, again, "list", "a")
	if put(t, again, "long", large); *files != 0 {
		t.Errorf("in another process: %d files written", *files)
	}
}

// What stands there is looked at first: a file that was damaged or lost is written again.
func TestTheSameBytesHealAFile(t *testing.T) {
	undated := func(string) bool { return true }
	for name, hurt := range map[string]func(path string) error{
		"damaged": func(path string) error { return os.WriteFile(path, []byte("x"), 0o600) },
		"cut":     func(path string) error { return os.Truncate(path, 0) },
		"lost":    os.Remove,
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for _, text := range []string{"a", large} {
				put(t, openDisk(t, dir, Options{Undated: undated}), "list", text)
				d := openDisk(t, dir, Options{Undated: undated})
				if err := hurt(d.path(contentsDir, sha256.Sum256([]byte(text)))); err != nil {
					t.Fatal(err)
				}
				put(t, d, "list", text)
				c, ok := openDisk(t, dir, Options{}).Lookup(t.Context(), "list")
				if !ok {
					t.Fatal("it is not there")
				}
				if got := read(t, c, nil); got != text {
					t.Errorf("it has %d bytes, want %d", len(got), len(text))
				}
			}
		})
	}
}

// A content that is not written again goes as late as one that is, and last if its new key says so.
func TestTheSameBytesAreUsedAgain(t *testing.T) {
	dir, clock := t.TempDir(), newClock()
	d := openDisk(t, dir, Options{Now: clock.Now, Last: func(key string) bool { return key == "last" }, Undated: func(string) bool { return true }})
	put(t, d, "list", "a")
	clock.advance(3 * time.Hour)
	put(t, d, "list", "a")
	path := d.path(contentsDir, sha256.Sum256([]byte("a")))
	info, err := os.Lstat(path)
	if err != nil || !info.ModTime().Equal(clock.Now()) {
		t.Errorf("used at %v, want %v (%v)", info.ModTime(), clock.Now(), err)
	}
	put(t, d, "last", "a")
	if info, err = os.Lstat(path); err != nil || !goesLast(info) {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	var files int
	err = filepath.WalkDir(dir, func(_ string, e iofs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			files++
		}
		return err
	})
	if err != nil || files != 4 {
		t.Errorf("%d files, %v; want a content, two entries and the tag", files, err)
	}
}
