package cache

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// openDisk opens a cache that the end of the test closes.
func openDisk(t *testing.T, dir string, o Options) *Disk {
	t.Helper()
	d, err := OpenDisk(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// text fills with s and counts itself in n.
func text(s string, n *int) Fill {
	return func(_ context.Context, w io.Writer) error {
		*n++
		_, err := io.WriteString(w, s)
		return err
	}
}

// noFill is for what must be served without a fill.
func noFill(context.Context, io.Writer) error { return errors.New("filled") }

// read gives all bytes of c and closes it.
func read(t *testing.T, c *Content, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(io.NewSectionReader(c, 0, c.Size()+1))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func hashOf(s string) sum { return sha256.Sum256([]byte(s)) }

// large is a content that is served from its file.
var large = strings.Repeat("0123456789abcdef", smallBytes/16+1)

// temps lists the temporary files.
func temps(t *testing.T, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, tempDir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	return names
}

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

func TestReadersShareOneFillAndOneFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := openDisk(t, t.TempDir(), Options{})
		release, n := make(chan struct{}), 0
		contents := make([]*Content, 10)
		var readers sync.WaitGroup
		for i := range contents {
			readers.Go(func() {
				var err error
				contents[i], err = d.Get(t.Context(), "key", func(ctx context.Context, w io.Writer) error {
					<-release
					return text(large, &n)(ctx, w)
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		close(release)
		readers.Wait()
		if n != 1 {
			t.Errorf("%d fills for 10 readers", n)
		}
		file := contents[0].blob.file
		for i, c := range contents {
			if c.blob.file != file {
				t.Error("a file of its own")
			}
			if read(t, c, nil) != large {
				t.Errorf("reader %d: wrong bytes after %d others closed", i, i)
			}
			if err := c.Close(); err == nil {
				t.Error("closed twice without an error")
			}
		}
		if _, err := file.Stat(); !errors.Is(err, os.ErrClosed) {
			t.Errorf("the file is still open: %v", err)
		}
	})
}

func TestReaderThatLeavesStopsNobodyElsesFill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := openDisk(t, t.TempDir(), Options{})
		release := make(chan struct{})
		fill := func(ctx context.Context, w io.Writer) error {
			<-release
			_, err := io.WriteString(w, "bytes")
			return errors.Join(err, ctx.Err())
		}
		ctx, leave := context.WithCancel(t.Context())
		var readers sync.WaitGroup
		readers.Go(func() {
			if _, err := d.Get(ctx, "key", fill); err != context.Canceled {
				t.Errorf("who left got %v", err)
			}
		})
		synctest.Wait()
		readers.Go(func() {
			c, err := d.Get(t.Context(), "key", noFill)
			if got := read(t, c, err); got != "bytes" {
				t.Errorf("who stayed got %q", got)
			}
		})
		synctest.Wait()
		leave()
		synctest.Wait()
		close(release)
		readers.Wait()
	})
}

func TestNothingIsKeptOfAFillThatFailed(t *testing.T) {
	failure := errors.New("failure")
	var leave context.CancelFunc
	stopped := func(written string) Fill {
		return func(ctx context.Context, w io.Writer) error {
			io.WriteString(w, written)
			leave()
			<-ctx.Done()
			return nil // as if that were all
		}
	}
	for name, fill := range map[string]Fill{
		"error": func(_ context.Context, w io.Writer) error {
			io.WriteString(w, large)
			return failure
		},
		"panic": func(_ context.Context, w io.Writer) error {
			io.WriteString(w, large)
			panic(failure)
		},
		"stopped":                     stopped(large),
		"stopped before it had begun": stopped(""),
	} {
		t.Run(name, func(t *testing.T) {
			var ctx context.Context
			ctx, leave = context.WithCancel(t.Context())
			defer leave()
			dir := t.TempDir()
			d := openDisk(t, dir, Options{})
			if _, err := d.Get(ctx, "key", fill); err == nil {
				t.Error("no error")
			}
			d.Close() // one that is being stopped may outlive its caller by a little
			if _, ok := d.Lookup(t.Context(), "key"); ok {
				t.Error("there is a content")
			}
			if _, ok := d.Size("key"); ok {
				t.Error("there is a size")
			}
			if left := temps(t, dir); len(left) != 0 {
				t.Errorf("temporary files are left: %v", left)
			}
			n := 0
			c, err := openDisk(t, dir, Options{}).Get(t.Context(), "key", text("good", &n))
			if got := read(t, c, err); got != "good" || n != 1 {
				t.Errorf("then got %q, %d fills", got, n)
			}
		})
	}
}

func TestPutFillsAnewWhileGetServesTheOld(t *testing.T) {
	dir, n := t.TempDir(), 0
	d, other := openDisk(t, dir, Options{}), openDisk(t, dir, Options{})
	c, err := d.Put(t.Context(), "key", text("old", &n))
	read(t, c, err)
	old, err := other.Get(t.Context(), "key", noFill)
	if err != nil {
		t.Fatal(err)
	}
	c, err = d.Put(t.Context(), "key", func(_ context.Context, w io.Writer) error {
		c, err := d.Get(t.Context(), "key", noFill)
		if got := read(t, c, err); got != "old" {
			t.Errorf("during the Put, Get gave %q", got)
		}
		return text("newer", &n)(t.Context(), w)
	})
	if got := read(t, c, err); got != "newer" || n != 2 {
		t.Errorf("Put gave %q after %d fills", got, n)
	}
	for _, d := range []*Disk{d, other} {
		c, err = d.Get(t.Context(), "key", noFill)
		if got := read(t, c, err); got != "newer" {
			t.Errorf("after the Put, Get gave %q", got)
		}
		if size, ok := d.Size("key"); size != 5 || !ok {
			t.Errorf("size %d, %v", size, ok)
		}
	}
	if got := read(t, old, nil); got != "old" {
		t.Errorf("what was open before the Put changed to %q", got)
	}
}

func TestPutThatFailsLeavesTheOld(t *testing.T) {
	d, n := openDisk(t, t.TempDir(), Options{}), 0
	c, err := d.Put(t.Context(), "key", text("old", &n))
	read(t, c, err)
	if _, err := d.Put(t.Context(), "key", noFill); err == nil {
		t.Error("no error")
	}
	c, err = d.Get(t.Context(), "key", noFill)
	if got := read(t, c, err); got != "old" {
		t.Errorf("got %q", got)
	}
}

func TestPutDoesNotTakeWhatARunningGetFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		looking, found := make(chan struct{}), make(chan struct{})
		k := &slowKeeper{looking: looking, found: found}
		s := newSharer(k)
		var callers sync.WaitGroup
		callers.Go(func() {
			c, err := s.get(t.Context(), "key", nil)
			if got := read(t, c, err); got != "old" {
				t.Errorf("get gave %q", got)
			}
		})
		<-looking
		callers.Go(func() {
			c, err := s.put(t.Context(), "key", nil)
			if got := read(t, c, err); got != "new" {
				t.Errorf("put gave %q", got)
			}
		})
		synctest.Wait()
		close(found)
		callers.Wait()
	})
}

// slowKeeper finds "old" once it may, and fills "new".
type slowKeeper struct{ looking, found chan struct{} }

func (k *slowKeeper) recall(string) *blob { return nil }
func (k *slowKeeper) find(context.Context, string) *blob {
	close(k.looking)
	<-k.found
	return &blob{data: []byte("old"), size: 3}
}

func (k *slowKeeper) fill(context.Context, string, Fill) (*blob, error) {
	return &blob{data: []byte("new"), size: 3}, nil
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

func TestFilesAreForTheirOwnerOnly(t *testing.T) {
	dir, n := filepath.Join(t.TempDir(), "a", "b"), 0
	c, err := openDisk(t, dir, Options{}).Get(t.Context(), "key", text("secret", &n))
	read(t, c, err)
	files := 0
	err = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
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
	c, err := d.Get(t.Context(), "key", text(large, &n))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if read(t, c, nil) != large {
		t.Error("what was open is not readable any more")
	}
	// Deleted once more in the middle of a fill.
	c, err = d.Get(t.Context(), "key", func(ctx context.Context, w io.Writer) error {
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
		return text(large, &n)(ctx, w)
	})
	if read(t, c, err) != large {
		t.Error("wrong bytes")
	}
	c, err = d.Get(t.Context(), "key", text(large, &n))
	if read(t, c, err) != large || n != 3 {
		t.Errorf("wrong bytes, or %d fills", n)
	}
	c, err = openDisk(t, dir, Options{}).Get(t.Context(), "key", noFill)
	if read(t, c, err) != large {
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

func TestCloseEndsAllGoroutines(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) { // fails if one is left
		d, err := OpenDisk(dir, Options{MaxBytes: 1})
		if err != nil {
			t.Fatal(err)
		}
		waits := make(chan error)
		go func() {
			_, err := d.Get(t.Context(), "key", func(ctx context.Context, _ io.Writer) error {
				<-ctx.Done()
				return ctx.Err()
			})
			waits <- err
		}()
		synctest.Wait()
		go d.Close()
		if err := <-waits; err != ErrClosed {
			t.Errorf("who waited got %v", err)
		}
	})
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
