//go:build linux || darwin

package mount

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// Mounts gives the mountpoints of this user's codafs mounts, live and dead, sorted. It asks none of them.
func Mounts() ([]string, error) {
	paths, err := mountsOf(os.Getuid())
	slices.Sort(paths)
	return slices.Compact(paths), err
}

// Check reports whether this machine can mount, with what to do where it cannot ([ErrNoFUSE]), and
// whether it lets other users in ([ErrNotAllowed]) where that is wanted.
func Check(allowOther bool) error {
	if err := checkFUSE(); err != nil {
		return err
	}
	if allowOther {
		return checkAllowOther()
	}
	return nil
}

// checkOutside refuses a folder in a codafs mount: the mount would serve its own mountpoint's path
// through the other one, for as long as that lives.
func checkOutside(path string) error {
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		m, ok := mountAt(dir)
		if ok && m.ours {
			return fmt.Errorf("%s: %w at %s: name a folder outside of it", path, ErrInside, dir)
		}
		if ok || dir == filepath.Dir(dir) {
			return nil
		}
	}
}
