//go:build linux

package mount

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
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
	found, err := Mounts()
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{live, dead} {
		if !slices.Contains(found, dir) {
			t.Errorf("%s is not among %q", dir, found)
		}
	}
	if others, err := mountsOf(os.Getuid() + 1); slices.Contains(others, live) || err != nil {
		t.Errorf("another user has %q, %v", others, err)
	}
}

func TestMountpointInAMountIsRefused(t *testing.T) {
	dir := mountTree(t, newDir("", newDir("docs", newDir("doc"))), Options{})
	for _, inside := range []string{join(dir, "docs"), join(dir, "docs", "doc")} {
		if _, err := Mount(inside, newDir(""), Options{}); !errors.Is(err, ErrInside) {
			t.Errorf("%s: %v, want %v", inside, err, ErrInside)
		}
		wantState(t, inside, Plain)
	}
}

func TestUsersNeedLeaveToLetOthersIn(t *testing.T) {
	for conf, want := range map[string]bool{
		"": false, "#user_allow_other\n": false, "user_allow_other": true,
		"# of the system\nmount_max = 100\n user_allow_other \n": true, "user_allow_others\n": false,
	} {
		if got := allowsOther([]byte(conf)); got != want {
			t.Errorf("%q lets others in: %v", conf, got)
		}
	}
}
