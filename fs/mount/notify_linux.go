package mount

import (
	"encoding/binary"
	"os"
	"slices"
	"strconv"
	"sync"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"
)

// canNotify says that the kernel can be told of changes.
const canNotify = true

// notifier writes to the kernel what go-fuse has no words for.
type notifier struct {
	dev int // this server's end of the mount, once more; -1 where it was not found
}

// connecting lets one mount after the other be made, for connect to tell whose is which.
var connecting sync.Mutex

// connect mounts raw at path. The kernel's end of the mount is kept from the programs that this
// process starts: go-fuse opens it without O_CLOEXEC when it mounts by itself. As long as one of them
// had it, the mount of a killed server would not be dead, and who waits in it would wait for ever.
func connect(raw fuse.RawFileSystem, path string, o *fuse.MountOptions) (*fuse.Server, notifier, error) {
	connecting.Lock()
	defer connecting.Unlock()
	before := devices()
	kernel, err := fuse.NewServer(raw, path, o)
	if err != nil {
		return nil, notifier{-1}, err
	}
	var own []int
	for _, fd := range devices() {
		syscall.CloseOnExec(fd)
		if !slices.Contains(before, fd) {
			own = append(own, fd)
		}
	}
	if len(own) != 1 {
		return kernel, notifier{-1}, nil
	}
	// A copy, since go-fuse closes its own at a time that is not ours.
	dev, err := unix.FcntlInt(uintptr(own[0]), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		dev = -1
	}
	return kernel, notifier{dev}, nil
}

// devices are this process's open ends of mounts. Without /proc there are none to be seen.
func devices() (fds []int) {
	const dir = "/proc/self/fd/"
	open, _ := os.ReadDir(dir)
	for _, e := range open {
		if target, _ := os.Readlink(dir + e.Name()); target != "/dev/fuse" {
			continue
		}
		if fd, err := strconv.Atoi(e.Name()); err == nil {
			fds = append(fds, fd)
		}
	}
	return fds
}

// expire has the kernel look name up in n when it is next used. What it finds to be the inode that it has
// goes on as it is, with its pages, for whoever is in it. Kernels before 6.2 do not
// know the flag, and drop the name and with it the pages, as go-fuse's NotifyEntry would have it.
func (k notifier) expire(n *dirNode, name string) {
	if k.dev < 0 {
		n.NotifyEntry(name)
		return
	}
	const header = 16 + 16 // struct fuse_out_header and fuse_notify_inval_entry_out of linux/fuse.h
	code := fuse.NOTIFY_INVAL_ENTRY
	size := header + len(name) + 1
	b := make([]byte, 0, size)
	b = binary.NativeEndian.AppendUint32(b, uint32(size))
	b = binary.NativeEndian.AppendUint32(b, uint32(-code))
	b = binary.NativeEndian.AppendUint64(b, 0) // it answers no request
	b = binary.NativeEndian.AppendUint64(b, n.StableAttr().Ino)
	b = binary.NativeEndian.AppendUint32(b, uint32(len(name)))
	b = binary.NativeEndian.AppendUint32(b, fuse.EXPIRE_ONLY)
	b = append(append(b, name...), 0)
	_, _ = unix.Write(k.dev, b) // the error is ENOENT where the kernel has forgotten the name by itself
}

// close is called when nothing is expired any more.
func (k notifier) close() {
	if k.dev >= 0 {
		unix.Close(k.dev)
	}
}
