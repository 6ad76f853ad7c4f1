package mountpoint

import (
	"errors"

	"golang.org/x/sys/unix"
)

// DetachBelow unmounts the codafs mount with an id, although other mounts cover it. They must survive, but the kernel
// removes them together with the mount below. So each is copied, unmounted, and put back. This needs root and Linux
// 5.2.
func DetachBelow(path, id string) (err error) {
	var above []int // copies, the topmost first
	for {
		m, ok := At(path)
		if !ok {
			break // it was unmounted meanwhile
		}
		if m.ID == id {
			_, err = Detach(path)
			break
		}
		var copied int
		if copied, err = unix.OpenTree(unix.AT_FDCWD, path, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC|unix.AT_RECURSIVE|unix.AT_SYMLINK_NOFOLLOW); err != nil {
			break
		}
		if err = unix.Unmount(path, unix.UMOUNT_NOFOLLOW|unix.MNT_DETACH); err != nil {
			err = errors.Join(err, unix.Close(copied))
			break
		}
		above = append(above, copied)
	}
	// Put back even after a failure, the lowest first, as they were.
	for len(above) > 0 {
		last := len(above) - 1
		err = errors.Join(err, unix.MoveMount(above[last], "", unix.AT_FDCWD, path, unix.MOVE_MOUNT_F_EMPTY_PATH), unix.Close(above[last]))
		above = above[:last]
	}
	return err
}
