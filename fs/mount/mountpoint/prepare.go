//go:build linux || darwin

package mountpoint

import (
	"errors"
	"fmt"
	iofs "io/fs"
	"os"
	"path/filepath"
)

// Prepare checks that dir can be mounted on, detaches dead mounts there, and returns its path: absolute and without links.
// It must be an empty folder outside of every codafs mount. The errors are [ErrMounted] if a live mount is there,
// [ErrInside], [ErrNotDir], [ErrNotEmpty] and [iofs.ErrNotExist].
func Prepare(dir string) (string, error) {
	path, err := realPath(dir)
	if err != nil {
		return "", err
	}
	if err := checkOutside(path); err != nil {
		return "", err
	}
	for {
		switch state, err := StateOf(path); {
		case err != nil:
			return "", err
		case state == Live:
			return "", fmt.Errorf("%s: %w: read it there, or run `codafs unmount` first", dir, ErrMounted)
		// Something else may be mounted there, if its root is an empty folder: a new disk, for example.
		case state != Dead:
			return path, checkDir(path)
		}
		// Dead mounts stack. Each turn detaches one, or fails.
		if _, err := Detach(path); err != nil {
			return "", fmt.Errorf("detaching the dead mount at %s: %w", dir, err)
		}
	}
}

// checkDir refuses what is not a folder, and a folder that is not empty: a mount would hide its content, and over /proc
// or a home folder would break the whole machine.
func checkDir(path string) error {
	st, err := os.Stat(path)
	if errors.Is(err, iofs.ErrNotExist) {
		return fmt.Errorf("the mountpoint is missing (%w); make it first: mkdir -p %s", iofs.ErrNotExist, path)
	}
	if err != nil {
		return err
	}
	if !st.IsDir() {
		return fmt.Errorf("%s: %w", path, ErrNotDir)
	}
	names, err := os.ReadDir(path)
	if err == nil && len(names) > 0 {
		return fmt.Errorf("%s: %w, and a mount would hide what is in it: name an empty one", path, ErrNotEmpty)
	}
	return nil
}

// checkOutside refuses a folder inside a codafs mount: the new mount's own mountpoint would be served by the other one,
// for as long as that lives.
func checkOutside(path string) error {
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		m, ok := At(dir)
		if ok && m.Ours {
			return fmt.Errorf("%s: %w at %s: name a folder outside of it", path, ErrInside, dir)
		}
		if ok || dir == filepath.Dir(dir) {
			return nil
		}
	}
}
