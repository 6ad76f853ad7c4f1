package filelock_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/codafs/codafs/cache/filelock"
)

func open(t *testing.T, path string) *os.File {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// A lock is one open file's, ends with it, and keeps nobody from reading what it locks.
func TestTry(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	if err := os.WriteFile(path, []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	one, two := open(t, path), open(t, path)
	take := func(f *os.File, want bool) {
		t.Helper()
		if ok, err := filelock.Try(f); ok != want || err != nil {
			t.Errorf("got %v, %v; want %v", ok, err, want)
		}
	}
	take(one, true)
	take(two, false)
	if b, err := os.ReadFile(path); err != nil || string(b) != "content" {
		t.Errorf("it reads %q, %v while it is locked", b, err)
	}
	one.Close()
	take(two, true)
	if ok, err := filelock.Try(one); ok || err == nil {
		t.Errorf("a closed file: %v, %v", ok, err)
	}
}
