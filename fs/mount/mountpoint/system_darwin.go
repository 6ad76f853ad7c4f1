package mountpoint

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// checkFUSE looks for macFUSE, which is not part of macOS.
func checkFUSE() error {
	if _, err := os.Stat("/Library/Filesystems/macfuse.fs"); err != nil {
		return fmt.Errorf("%w: install macFUSE from https://macfuse.github.io (`codafs snapshot`, `cat` and `ls` need no FUSE)", ErrNoFUSE)
	}
	return nil
}

// At finds the mount at path: the last one, if there are several.
func At(path string) (m Info, ok bool) {
	table, err := mountTable()
	if err != nil {
		return Info{}, false
	}
	for _, st := range table {
		if unix.ByteSliceToString(st.Mntonname[:]) == path {
			source := unix.ByteSliceToString(st.Mntfromname[:])
			m, ok = Info{ID: fmt.Sprint(st.Fsid), Ours: source == FSName}, true
		}
	}
	return m, ok
}

// DirectMount is for Linux: macFUSE mounts by a helper.
func DirectMount() (flags uintptr, ok bool) { return 0, false }

// MountError puts the error of a failed mount at path into words.
func MountError(path string, err error) error {
	return fmt.Errorf("mounting at %s: %s", path, strings.TrimSpace(err.Error()))
}

// Detach unmounts path, by force if it is busy; gone says that no force was needed. The error is EINVAL if nothing is
// mounted.
func Detach(path string) (gone bool, err error) {
	err = unix.Unmount(path, 0)
	if errors.Is(err, syscall.EBUSY) {
		return false, unix.Unmount(path, unix.MNT_FORCE)
	}
	return err == nil, err
}

// abort ends the mount by force.
func abort(path string, _ Info) { _ = unix.Unmount(path, unix.MNT_FORCE) }

// DetachBelow needs a mount table that shows what is below a mount; macOS has none.
func DetachBelow(string, string) error { return errors.ErrUnsupported }

func mountsOf(uid int) (paths []string, err error) {
	table, err := mountTable()
	for _, st := range table {
		if st.Owner == uint32(uid) && unix.ByteSliceToString(st.Mntfromname[:]) == FSName {
			paths = append(paths, unix.ByteSliceToString(st.Mntonname[:]))
		}
	}
	return paths, err
}

// mountTable reads the mount table without asking the mounts: some may not answer.
func mountTable() ([]unix.Statfs_t, error) {
	n, err := unix.Getfsstat(nil, unix.MNT_NOWAIT)
	if err != nil {
		return nil, err
	}
	table := make([]unix.Statfs_t, n)
	n, err = unix.Getfsstat(table, unix.MNT_NOWAIT)
	return table[:max(0, min(n, len(table)))], err
}

// checkAllowOther leaves the decision to macFUSE, whose rule changed between releases.
func checkAllowOther() error { return nil }
