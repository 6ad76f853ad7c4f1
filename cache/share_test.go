package cache

import (
	"context"
	"errors"
	"io"
	"os"
	"sync"
	"testing"
	"testing/synctest"
)

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
