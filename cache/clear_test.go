package cache

import (
	"context"
	"errors"
	"io"
	iofs "io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestClearRemovesWhatIsKeptAndNothingElse(t *testing.T) {
	dir := t.TempDir()
	d, err := OpenDisk(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	fills := 0
	get := func() *Content {
		c, err := d.Get(t.Context(), "key", func(_ context.Context, w io.Writer) error {
			fills++
			_, err := io.WriteString(w, strings.Repeat("x", 3*smallBytes))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	open := get()
	defer open.Close()
	shard, err := filepath.Glob(filepath.Join(dir, contentsDir, "*"))
	if err != nil || len(shard) != 1 {
		t.Fatal(shard, err)
	}
	foreign := []string{filepath.Join(dir, "letter.txt"), filepath.Join(shard[0], "thesis.txt")}
	for _, name := range foreign {
		if err := os.WriteFile(name, []byte("mine"), 0o600); err != nil {
			t.Fatal(err)
		}
	}

	r, err := d.Clear(t.Context())
	if want := (Removed{Contents: 1, Bytes: 3 * smallBytes, Entries: 1}); err != nil || r != want {
		t.Errorf("removed %+v, %v; want %+v", r, err, want)
	}
	for _, name := range foreign {
		if _, err := os.Stat(name); err != nil {
			t.Error(err)
		}
	}
	if n, err := io.Copy(io.Discard, io.NewSectionReader(open, 0, open.Size())); err != nil || n != 3*smallBytes {
		t.Errorf("the content that was open gave %d bytes, %v", n, err)
	}
	if size, ok := d.Size("key"); ok {
		t.Errorf("the size %d is still known", size)
	}
	get().Close()
	if fills != 2 {
		t.Errorf("%d fills, want 2", fills)
	}
	if s := stats(t, d); s.Contents != 2 || s.Entries != 1 { // the foreign file counts
		t.Errorf("after the second fill: %+v", s)
	}
}

func TestCheckTellsACacheFromOtherFolders(t *testing.T) {
	dir := t.TempDir()
	missing := filepath.Join(dir, "missing")
	if err := Check(missing); !errors.Is(err, iofs.ErrNotExist) || errors.Is(err, ErrNotCache) {
		t.Errorf("a missing folder: %v", err)
	}
	if _, err := os.Stat(missing); err == nil {
		t.Error("Check made the folder")
	}
	// Other programs' caches have a tag as well.
	tag := filepath.Join(dir, tagName)
	for _, text := range []string{"", "Signature: 8a477f597d28d172789f06886806bc55\n# This is a cache of cargo.\n"} {
		if text != "" {
			if err := os.WriteFile(tag, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := Check(dir); !errors.Is(err, ErrNotCache) {
			t.Errorf("a folder with the tag %q: %v", text, err)
		}
	}
	if err := Check(tag); !errors.Is(err, ErrNotCache) {
		t.Errorf("a file: %v", err)
	}
	mine := filepath.Join(dir, "mine")
	d, err := OpenDisk(mine, Options{})
	if err != nil {
		t.Fatal(err)
	}
	d.Close()
	if err := Check(mine); err != nil {
		t.Error(err)
	}
}
