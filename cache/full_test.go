package cache

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// fullAfter makes d's disk full after so many more bytes.
func fullAfter(d *Disk, room int) {
	d.write = func(f *os.File, p []byte) (int, error) {
		if len(p) <= room {
			room -= len(p)
			return f.Write(p)
		}
		n, err := f.Write(p[:room])
		room -= n
		return n, errors.Join(err, syscall.ENOSPC)
	}
}

// pieces fills with s in writes of n bytes.
func pieces(s string, n int) Fill {
	return func(_ context.Context, w io.Writer) error {
		for len(s) > 0 {
			k := min(n, len(s))
			if _, err := io.WriteString(w, s[:k]); err != nil {
				return err
			}
			s = s[k:]
		}
		return nil
	}
}

func TestFullDiskServesFromMemory(t *testing.T) {
	held, long := strings.Repeat(large, 3), huge+large
	for _, room := range []int{0, 1, smallBytes - 1, smallBytes, smallBytes + 1, len(held) - 1, len(held), len(held) + 10} {
		servesFromMemory(t, held, room)
	}
	for _, room := range []int{0, heldByFill, heldByFill + 1, len(huge), len(long) - 1, len(long), len(long) + 10} {
		servesFromMemory(t, long, room)
	}
}

// servesFromMemory has a disk with that much room keep a content.
func servesFromMemory(t *testing.T, want string, room int) {
	t.Helper()
	dir := t.TempDir()
	d := openDisk(t, dir, Options{})
	fullAfter(d, room)
	for _, ask := range []Fill{pieces(want, 7777), noFill} {
		c, err := d.Get(t.Context(), "key", ask)
		if err != nil {
			t.Fatalf("room for %d: %v", room, err)
		}
		if room < len(want) && c.blob.file != nil {
			t.Errorf("room for %d: it has a file", room)
		}
		if read(t, c, nil) != want {
			t.Errorf("room for %d: wrong bytes", room)
		}
		if room >= len(want) {
			break // the content was written, its entry not: it is not found again
		}
		if size, ok := d.Size("key"); size != int64(len(want)) || !ok {
			t.Errorf("room for %d: size %d, %v", room, size, ok)
		}
		if sum, ok := d.Sum("key"); sum != sha256.Sum256([]byte(want)) || !ok {
			t.Errorf("room for %d: sum %x, %v", room, sum, ok)
		}
		if filled, ok := d.Filled("key"); filled.IsZero() || !ok {
			t.Errorf("room for %d: filled %v, %v", room, filled, ok)
		}
	}
	if left := temps(t, dir); len(left) != 0 {
		t.Errorf("room for %d: temporary files are left: %v", room, left)
	}
}

func TestFolderThatCannotBeWrittenServesFromMemory(t *testing.T) {
	dir := t.TempDir()
	d := openDisk(t, dir, Options{})
	if err := os.Remove(filepath.Join(dir, tempDir)); err != nil {
		t.Fatal(err)
	}
	overwrite(t, filepath.Join(dir, tempDir), nil) // a file: no temporary one can be made in it
	for _, want := range []string{"", small, large} {
		for _, ask := range []Fill{pieces(want, 1000), noFill} {
			c, err := d.Get(t.Context(), want, ask)
			if read(t, c, err) != want {
				t.Errorf("%d bytes: wrong ones", len(want))
			}
		}
	}
}

func TestFullDiskRefusesWhatIsTooLargeForMemory(t *testing.T) {
	for _, room := range []int{0, unsavedMax / 2, unsavedMax + smallBytes} {
		var log bytes.Buffer
		dir := t.TempDir()
		d := openDisk(t, dir, Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
		fullAfter(d, room)
		swallow := func(_ context.Context, w io.Writer) error { // a fill that loses the cause
			if pieces(strings.Repeat("x", unsavedMax+2*smallBytes), 1<<20)(nil, w) != nil {
				return errors.New("it did not work")
			}
			return nil
		}
		for range 3 {
			if _, err := d.Get(t.Context(), "key", swallow); !errors.Is(err, syscall.ENOSPC) {
				t.Errorf("room for %d: error %v", room, err)
			}
		}
		c, err := d.Get(t.Context(), "as large as may be", pieces(strings.Repeat("x", unsavedMax), 1<<20))
		if got := read(t, c, err); len(got) != unsavedMax {
			t.Errorf("room for %d: %d bytes", room, len(got))
		}
		if lines := strings.Count(log.String(), "\n"); lines != 1 {
			t.Errorf("room for %d: %d log lines:\n%s", room, lines, log.String())
		}
		if left := temps(t, dir); len(left) != 0 {
			t.Errorf("room for %d: temporary files are left: %v", room, left)
		}
	}
}

func TestDiskThatHasRoomAgainKeepsAgain(t *testing.T) {
	var log bytes.Buffer
	dir, n := t.TempDir(), 0
	d := openDisk(t, dir, Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	for range 2 {
		fullAfter(d, 0)
		c, err := d.Put(t.Context(), "key", text("in memory", &n))
		read(t, c, err)
		d.write = (*os.File).Write
		c, err = d.Put(t.Context(), "key", text("on disk", &n))
		read(t, c, err)
		c, err = d.Get(t.Context(), "key", noFill)
		if got := read(t, c, err); got != "on disk" {
			t.Errorf("got %q", got)
		}
	}
	c, err := openDisk(t, dir, Options{}).Get(t.Context(), "key", noFill)
	if got := read(t, c, err); got != "on disk" {
		t.Errorf("a new process got %q", got)
	}
	if lines := strings.Count(log.String(), "\n"); lines != 2 {
		t.Errorf("%d log lines for 2 breakdowns:\n%s", lines, log.String())
	}
}
