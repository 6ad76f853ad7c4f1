package cache

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	iofs "io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestGetFillsOnceAlsoForOtherProcesses(t *testing.T) {
	for _, want := range []string{"", "small", large[:smallBytes], large} {
		t.Run(fmt.Sprint(len(want)), func(t *testing.T) {
			dir, n := t.TempDir(), 0
			for range 2 {
				d := openDisk(t, dir, Options{})
				for range 2 {
					c, err := d.Get(t.Context(), "key", text(want, &n))
					if got := read(t, c, err); got != want {
						t.Errorf("got %d bytes", len(got))
					}
				}
			}
			if n != 1 {
				t.Errorf("%d fills", n)
			}
			if left := temps(t, dir); len(left) != 0 {
				t.Errorf("temporary files are left: %v", left)
			}
		})
	}
}

func TestContentIsNotTakenForThatOfTheKeyItSpells(t *testing.T) {
	d, n := openDisk(t, t.TempDir(), Options{}), 0
	c, err := d.Get(t.Context(), "key", text("another key", &n))
	read(t, c, err)
	if c, ok := d.Lookup(t.Context(), "another key"); ok {
		t.Errorf("found %q", read(t, c, nil))
	}
	if _, ok := d.Size("another key"); ok {
		t.Error("it has a size")
	}
}

func TestLookupNeverFills(t *testing.T) {
	dir, n := t.TempDir(), 0
	d := openDisk(t, dir, Options{})
	if _, ok := d.Lookup(t.Context(), "key"); ok {
		t.Error("found in an empty cache")
	}
	c, err := d.Get(t.Context(), "key", text(large, &n))
	read(t, c, err)
	c, ok := openDisk(t, dir, Options{}).Lookup(t.Context(), "key")
	if !ok || read(t, c, nil) != large {
		t.Error("not found")
	}
}

func TestFilledIsWhenTheFillBegan(t *testing.T) {
	now := time.Date(2026, 3, 7, 10, 15, 30, 123, time.UTC)
	began := now
	dir := t.TempDir()
	d := openDisk(t, dir, Options{Now: func() time.Time { return now }})
	c, err := d.Get(t.Context(), "key", func(context.Context, io.Writer) error {
		now = now.Add(time.Minute)
		return nil
	})
	read(t, c, err)
	for _, d := range []*Disk{d, openDisk(t, dir, Options{})} {
		if got, ok := d.Filled("key"); !ok || !got.Equal(began) {
			t.Errorf("filled at %v, %v", got, ok)
		}
	}
	if _, ok := d.Filled("other"); ok {
		t.Error("filled what never was")
	}
}

func TestSumIsRemembered(t *testing.T) {
	dir, n := t.TempDir(), 0
	d, m := openDisk(t, dir, Options{}), NewMemory(1000)
	defer m.Close()
	for key, want := range map[string]string{"small": "small", "large": large} { // which is too large for this memory
		c, err := d.Get(t.Context(), key, text(want, &n))
		read(t, c, err)
		c, err = m.Get(t.Context(), key, text(want, &n))
		read(t, c, err)
		if err := os.RemoveAll(filepath.Join(dir, contentsDir)); err != nil {
			t.Fatal(err)
		}
		for _, store := range []interface {
			Sum(key string) ([sha256.Size]byte, bool)
		}{d, openDisk(t, dir, Options{}), m} {
			if got, ok := store.Sum(key); !ok || got != sha256.Sum256([]byte(want)) {
				t.Errorf("%T: the sum of %s is %x, %v", store, key, got, ok)
			}
			if got, ok := store.Sum("other"); ok {
				t.Errorf("%T: %x is the sum of what never was", store, got)
			}
		}
	}
}

func TestFilesAreForTheirOwnerOnly(t *testing.T) {
	dir, n := filepath.Join(t.TempDir(), "a", "b"), 0
	c, err := openDisk(t, dir, Options{}).Get(t.Context(), "key", text("secret", &n))
	read(t, c, err)
	files := 0
	err = filepath.WalkDir(dir, func(path string, e iofs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v", path, info.Mode())
		}
		if !e.IsDir() {
			files++
		}
		return nil
	})
	if err != nil || files != 3 {
		t.Errorf("%d files, error %v; want an entry, a content and the tag", files, err)
	}
}

func TestDeletedFolderIsMadeAgain(t *testing.T) {
	dir, n := filepath.Join(t.TempDir(), "cache"), 0
	d := openDisk(t, dir, Options{})
	c, err := d.Get(t.Context(), "key", text(huge, &n))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if read(t, c, nil) != huge {
		t.Error("what was open is not readable any more")
	}
	// Deleted once more in the middle of a fill, which has its temporary file there.
	c, err = d.Get(t.Context(), "key", func(ctx context.Context, w io.Writer) error {
		return errors.Join(text(huge, &n)(ctx, w), os.RemoveAll(dir))
	})
	if read(t, c, err) != huge {
		t.Error("wrong bytes")
	}
	c, err = d.Get(t.Context(), "key", text(huge, &n))
	if read(t, c, err) != huge || n != 3 {
		t.Errorf("wrong bytes, or %d fills", n)
	}
	c, err = openDisk(t, dir, Options{}).Get(t.Context(), "key", noFill)
	if read(t, c, err) != huge {
		t.Error("wrong bytes in a new process")
	}
}

func TestContentOutlivesTheStore(t *testing.T) {
	d, n := openDisk(t, t.TempDir(), Options{}), 0
	for _, want := range []string{"small", large} {
		c, err := d.Get(t.Context(), want, text(want, &n))
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if read(t, c, nil) != want {
				t.Error("wrong bytes")
			}
		}()
	}
	d.Close()
	if _, err := d.Get(t.Context(), "new", noFill); err != ErrClosed {
		t.Errorf("Get after Close: %v", err)
	}
}

func TestManyProcessesOnOneFolder(t *testing.T) {
	dir := t.TempDir()
	contents := make([]string, 8)
	for i := range contents {
		contents[i] = strings.Repeat(string(rune('a'+i)), smallBytes/2+i*smallBytes/4)
	}
	var workers sync.WaitGroup
	for p := range 2 {
		d := openDisk(t, dir, Options{MaxBytes: 4 * smallBytes})
		for w := range 4 {
			workers.Go(func() {
				for i := range 60 {
					k := (i*(2*w+1) + p) % len(contents)
					ask := d.Get
					if i%5 == w {
						ask = d.Put
					}
					n := 0
					c, err := ask(t.Context(), fmt.Sprint(k), text(contents[k], &n))
					if err != nil {
						t.Error(err)
						return
					}
					if got, err := io.ReadAll(io.NewSectionReader(c, 0, c.Size())); err != nil || string(got) != contents[k] {
						t.Errorf("key %d: %d bytes, error %v", k, len(got), err)
					}
					c.Close()
					if i%20 == 0 {
						if err := d.Trim(t.Context()); err != nil {
							t.Error(err)
						}
					}
				}
			})
		}
	}
	workers.Wait()
	if left := temps(t, dir); len(left) != 0 {
		t.Errorf("temporary files are left: %v", left)
	}
}

func TestReadAtKeepsToTheContent(t *testing.T) {
	d, n := openDisk(t, t.TempDir(), Options{}), 0
	for _, want := range []string{"small", large} {
		c, err := d.Get(t.Context(), want, text(want, &n))
		if err != nil {
			t.Fatal(err)
		}
		end := int64(len(want))
		p := make([]byte, 4)
		if n, err := c.ReadAt(p, end-2); n != 2 || err != io.EOF || !bytes.Equal(p[:2], []byte(want[end-2:])) {
			t.Errorf("at the end: %d, %v", n, err)
		}
		if n, err := c.ReadAt(p, end+5); n != 0 || err != io.EOF {
			t.Errorf("past the end: %d, %v", n, err)
		}
		if n, err := c.ReadAt(p, -1); n != 0 || err == nil {
			t.Errorf("before the start: %d, %v", n, err)
		}
		c.Close()
		if _, err := c.ReadAt(p, 0); !errors.Is(err, os.ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
	}
}
