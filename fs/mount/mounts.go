//go:build linux || darwin

package mount

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// Mounts returns the mountpoints of this user's codafs mounts, live and dead, sorted. It sends them no request.
func Mounts() ([]string, error) {
	paths, err := mountsOf(os.Getuid())
	slices.Sort(paths)
	return slices.Compact(paths), err
}

// Check reports whether this machine can mount; the error says what to do if it cannot ([ErrNoFUSE]). With allowOther
// it also checks whether other users may be let in ([ErrNotAllowed]).
func Check(allowOther bool) error {
	if err := checkFUSE(); err != nil {
		return err
	}
	if allowOther {
		return checkAllowOther()
	}
	return nil
}

// checkOutside refuses a folder inside a codafs mount: the new mount's own mountpoint would be served by the other one,
// for as long as that lives.
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
