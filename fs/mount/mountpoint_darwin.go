package mount

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"
)

// stalesLookUp is false: macOS would pass ESTALE on to the program. It caches no size with a timeout of 0.
const stalesLookUp = false

// checkFUSE looks for macFUSE, which is not part of macOS.
func checkFUSE() error {
	if _, err := os.Stat("/Library/Filesystems/macfuse.fs"); err != nil {
		return fmt.Errorf("%w: install macFUSE from https://macfuse.github.io (`codafs snapshot`, `cat` and `ls` need no FUSE)", ErrNoFUSE)
	}
	return nil
}

// mountAt finds the mount at path: the last one, if there are several.
func mountAt(path string) (m mountInfo, ok bool) {
	table, err := mountTable()
	if err != nil {
		return mountInfo{}, false
	}
	for _, st := range table {
		if unix.ByteSliceToString(st.Mntonname[:]) == path {
			source := unix.ByteSliceToString(st.Mntfromname[:])
			m, ok = mountInfo{id: fmt.Sprint(st.Fsid), ours: source == fsName}, true
		}
	}
	return m, ok
}

// readOnlyMount makes macFUSE mount read-only.
func readOnlyMount(m *fuse.MountOptions) { m.Options = append(m.Options, "ro") }

func mountFailed(path string, err error) error {
	return fmt.Errorf("mounting at %s: %s", path, strings.TrimSpace(err.Error()))
}

// detach unmounts path, by force if it is busy; gone says that no force was needed. The error is EINVAL if nothing is
// mounted.
func detach(path string) (gone bool, err error) {
	err = unix.Unmount(path, 0)
	if errors.Is(err, syscall.EBUSY) {
		return false, unix.Unmount(path, unix.MNT_FORCE)
	}
	return err == nil, err
}

// abort ends the mount by force.
func abort(path string, _ mountInfo) { _ = unix.Unmount(path, unix.MNT_FORCE) }
