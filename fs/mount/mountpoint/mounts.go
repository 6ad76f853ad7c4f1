//go:build linux || darwin

package mountpoint

import (
	"os"
	"slices"
)

// List returns the mountpoints of this user's codafs mounts, live and dead, sorted. It sends them no request.
func List() ([]string, error) {
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
