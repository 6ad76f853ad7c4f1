//go:build !windows

package dirs

import (
	"bytes"
	"errors"
	"fmt"
	iofs "io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
)

// openTest makes Dirs of a new folder, which counts the folders that it opens.
func openTest(t *testing.T) (d *Dirs, dir string, opened map[string]int) {
	t.Helper()
	dir = t.TempDir()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	d, opened = New(root), map[string]int{}
	open, mu := d.open, sync.Mutex{}
	d.open = func(name string) (*os.File, error) {
		mu.Lock()
		opened[name]++
		mu.Unlock()
		return open(name) // which opens those above it
	}
	t.Cleanup(func() {
		d.Close()
		root.Close()
	})
	return d, dir, opened
}

func write(t *testing.T, elem ...string) {
	t.Helper()
	name := filepath.Join(elem...)
	if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o700), os.WriteFile(name, []byte(filepath.Base(name)), 0o600)); err != nil {
		t.Fatal(err)
	}
}

// Each folder is opened once, however many files in it are read and linked, by several goroutines too.
func TestFoldersAreOpenedOnce(t *testing.T) {
	d, dir, opened := openTest(t)
	const folders, files = 3, 100
	var workers sync.WaitGroup
	for f := range folders {
		from, to := fmt.Sprintf("old/docs/%d", f), fmt.Sprintf("new/docs/%d", f)
		for i := range files {
			write(t, dir, from, fmt.Sprint(i))
		}
		if err := errors.Join(d.Mkdir(to, 0o700), d.Mkdir(to, 0o700)); err != nil {
			t.Fatal(err)
		}
		for w := range 4 {
			workers.Go(func() {
				for i := w; i < files; i += 4 {
					name := fmt.Sprint("/", i)
					var got bytes.Buffer
					if n, err := d.Read(t.Context(), from+name, &got); err != nil || got.String() != fmt.Sprint(i) || n != int64(got.Len()) {
						t.Errorf("%s%s: %q, %d bytes, %v", from, name, got.String(), n, err)
					}
					if err := d.Link(from+name, to+name); err != nil {
						t.Error(err)
					}
				}
			})
		}
		workers.Wait()
	}
	for f := range folders {
		for i := range files {
			name := fmt.Sprintf("docs/%d/%d", f, i)
			a, errA := os.Stat(filepath.Join(dir, "old", name))
			b, errB := os.Stat(filepath.Join(dir, "new", name))
			if err := errors.Join(errA, errB); err != nil || !os.SameFile(a, b) {
				t.Errorf("%s is not linked: %v", name, err)
			}
		}
		for _, name := range []string{fmt.Sprintf("old/docs/%d", f), fmt.Sprintf("new/docs/%d", f)} {
			if n := opened[name]; n < 1 || n > 4 { // once, unless several began at the same moment
				t.Errorf("%s was opened %d times", name, n)
			}
		}
	}
	for _, name := range []string{".", "old", "new", "old/docs", "new/docs"} { // on the way to all of them
		if n := opened[name]; n < 1 || n > 4 {
			t.Errorf("%s was opened %d times", name, n)
		}
	}
	if len(d.held) > most {
		t.Errorf("%d folders are open", len(d.held))
	}
}

// A folder behind a link that stays below the root is found.
func TestALinkToAFolderBelowTheRootIsFollowed(t *testing.T) {
	d, dir, _ := openTest(t)
	write(t, dir, "real", "sub", "x")
	if err := os.Symlink("real", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	if n, err := d.Read(t.Context(), "link/sub/x", &bytes.Buffer{}); n != 1 || err != nil {
		t.Errorf("%d bytes, %v", n, err)
	}
}

// A folder that was renamed, and another one in its place: who says so gets what is there now.
func TestForgottenFoldersAreOpenedAgain(t *testing.T) {
	d, dir, _ := openTest(t)
	write(t, dir, "a", "x")
	if _, err := d.Read(t.Context(), "a/x", &bytes.Buffer{}); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, "a"), filepath.Join(dir, "b")); err != nil {
		t.Fatal(err)
	}
	d.Forget()
	if _, err := d.Read(t.Context(), "a/x", &bytes.Buffer{}); !errors.Is(err, iofs.ErrNotExist) {
		t.Errorf("error %v", err)
	}
	if _, err := d.Read(t.Context(), "b/x", &bytes.Buffer{}); err != nil {
		t.Error(err)
	}
}

// However many folders there are, few are open.
func TestFewFoldersAreOpen(t *testing.T) {
	d, dir, _ := openTest(t)
	for i := range 3 * most {
		write(t, dir, fmt.Sprint(i), "x") // "." is one of them
		if _, err := d.Read(t.Context(), fmt.Sprintf("%d/x", i), &bytes.Buffer{}); err != nil {
			t.Fatal(err)
		}
	}
	if len(d.held) != most {
		t.Errorf("%d folders are open, want %d", len(d.held), most)
	}
	for _, in := range d.held {
		if in.users != 1 {
			t.Errorf("%s has %d users", in.name, in.users)
		}
	}
}

// Nothing outside of the root is reached, nothing but regular files is read, and nothing is waited for.
func TestOnlyRegularFilesBelowTheRoot(t *testing.T) {
	d, dir, _ := openTest(t)
	outside := t.TempDir()
	write(t, outside, "secret")
	write(t, dir, "in", "file")
	for name, target := range map[string]string{"in/link": "file", "in/away": filepath.Join(outside, "secret"), "door": outside} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "in", "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	rel, err := filepath.Rel(dir, filepath.Join(outside, "secret"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"in", ".", "..", "in/..", "in/link", "in/away", "in/pipe", "in/file/x", "door/secret", "in/none", rel, "in/../" + rel} {
		var got bytes.Buffer
		if n, err := d.Read(t.Context(), name, &got); err == nil || n > 0 || got.Len() > 0 {
			t.Errorf("%s: %q, %v", name, got.String(), err)
		}
	}
	for _, name := range []string{"door/secret", rel, "in/../" + rel} {
		if err := d.Link(name, "in/mine"); err == nil {
			t.Errorf("%s was linked", name)
		}
		if err := d.Link("in/file", name+"2"); err == nil {
			t.Errorf("%s2 was made", name)
		}
		if err := d.Mkdir(name+"3", 0o700); err == nil {
			t.Errorf("%s3 was made", name)
		}
	}
	if err := d.Mkdir("in/file", 0o700); err == nil {
		t.Error("a folder is where a file is")
	}
	if err := d.Mkdir("new/and/deep", 0o700); err != nil {
		t.Error(err)
	}
}
