//go:build linux

package mount

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/codafs/codafs/fs/mount/mountpoint"
)

func TestMountsAreThoseOfThisUserAliveOrDead(t *testing.T) {
	live := mountTree(t, newDir(""), Options{})
	dead := filepath.Join(t.TempDir(), "a name with blanks")
	if err := os.Mkdir(dead, 0o700); err != nil {
		t.Fatal(err)
	}
	p := serveElsewhere(t, dead)
	p.Kill()
	p.Wait()
	found, err := mountpoint.List()
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{live, dead} {
		if !slices.Contains(found, dir) {
			t.Errorf("%s is not among %q", dir, found)
		}
	}
}

func TestMountpointInAMountIsRefused(t *testing.T) {
	dir := mountTree(t, newDir("", newDir("docs", newDir("doc"))), Options{})
	for _, inside := range []string{join(dir, "docs"), join(dir, "docs", "doc")} {
		if _, err := Mount(inside, newDir(""), Options{}); !errors.Is(err, mountpoint.ErrInside) {
			t.Errorf("%s: %v, want %v", inside, err, mountpoint.ErrInside)
		}
		wantState(t, inside, mountpoint.Plain)
	}
}
