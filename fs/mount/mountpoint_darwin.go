package mount

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// checkFUSE looks for macFUSE, which macOS comes without.
func checkFUSE() error {
	if _, err := os.Stat("/Library/Filesystems/macfuse.fs"); err != nil {
		return fmt.Errorf("%w: install macFUSE from https://macfuse.github.io (`codafs snapshot`, `cat` and `ls` need no FUSE)", ErrNoFUSE)
	}
	return nil
}

// mountAt reads the mount table without asking the mounts, some of which may not answer.
func mountAt(path string) (m mountInfo, ok bool) {
	n, err := unix.Getfsstat(nil, unix.MNT_NOWAIT)
	if err != nil {
		return mountInfo{}, false
	}
	table := make([]unix.Statfs_t, n)
	if n, err = unix.Getfsstat(table, unix.MNT_NOWAIT); err != nil {
		return mountInfo{}, false
	}
	for _, st := range table[:n] {
		if unix.ByteSliceToString(st.Mntonname[:]) == path {
			source := unix.ByteSliceToString(st.Mntfromname[:])
			m, ok = mountInfo{id: fmt.Sprint(st.Fsid), ours: source == fsName}, true
		}
	}
	return m, ok
}

// detach unmounts path: plainly if that can be done, by force while it is busy. Nothing mounted
// there is no error.
func detach(path string) (lazy bool, err error) {
	err = unix.Unmount(path, 0)
	if errors.Is(err, syscall.EBUSY) {
		lazy = true
		err = unix.Unmount(path, unix.MNT_FORCE)
	}
	if errors.Is(err, syscall.EINVAL) {
		err = nil
	}
	return lazy, err
}
