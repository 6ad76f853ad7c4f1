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

// stalesLookUp is false: macOS would tell the program. It keeps no size that has a timeout of 0.
const stalesLookUp = false

// checkFUSE looks for macFUSE, which macOS comes without.
func checkFUSE() error {
	if _, err := os.Stat("/Library/Filesystems/macfuse.fs"); err != nil {
		return fmt.Errorf("%w: install macFUSE from https://macfuse.github.io (`codafs snapshot`, `cat` and `ls` need no FUSE)", ErrNoFUSE)
	}
	return nil
}

// mountAt finds what is mounted at path, last.
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

// readOnlyMount has macFUSE mount.
func readOnlyMount(m *fuse.MountOptions) { m.Options = append(m.Options, "ro") }

func mountFailed(path string, err error) error {
	return fmt.Errorf("mounting at %s: %s", path, strings.TrimSpace(err.Error()))
}

// detach unmounts path: plainly if that can be done, by force while it is busy; gone tells which.
// The error is EINVAL where nothing is mounted.
func detach(path string) (gone bool, err error) {
	err = unix.Unmount(path, 0)
	if errors.Is(err, syscall.EBUSY) {
		return false, unix.Unmount(path, unix.MNT_FORCE)
	}
	return err == nil, err
}

// abort forces the mount away.
func abort(path string, _ mountInfo) { _ = unix.Unmount(path, unix.MNT_FORCE) }
