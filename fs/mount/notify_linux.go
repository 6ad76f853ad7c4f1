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

// canNotify says that the kernel can be notified of changes.
const canNotify = true

// maxBatch is how many messages a guard gets at a time.
const maxBatch = 256

// notifier sends the kernel notifications that go-fuse cannot send. Only one goroutine uses it.
type notifier struct {
	dev   int           // a copy of the server's descriptor of the mount; -1 if it was not found
	guard *guardProcess // sends in place of this process; nil if there is none
	batch [][]byte      // messages to the kernel that were not sent yet
}

// connecting makes mounts of this process one at a time, so that connect can tell their descriptors apart.
var connecting sync.Mutex

// connect mounts raw at path. It sets O_CLOEXEC on the descriptor of the mount, which go-fuse does not do when it
// mounts directly. Otherwise a program that this process starts would inherit it, and keep the mount of a killed server
// from becoming dead: programs that wait in it would wait for ever.
func connect(raw fuse.RawFileSystem, path string, o *fuse.MountOptions) (*fuse.Server, notifier, error) {
	connecting.Lock()
	defer connecting.Unlock()
	before := devices()
	kernel, err := fuse.NewServer(raw, path, o)
	if err != nil {
		return nil, notifier{dev: -1}, err
	}
	var own []int
	for _, fd := range devices() {
		syscall.CloseOnExec(fd)
		if !slices.Contains(before, fd) {
			own = append(own, fd)
		}
	}
	if len(own) != 1 {
		return kernel, notifier{dev: -1}, nil
	}
	// A copy, since go-fuse decides when it closes its own.
	dev, err := unix.FcntlInt(uintptr(own[0]), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		dev = -1
	}
	return kernel, notifier{dev: dev}, nil
}

// devices returns this process's descriptors of mounts. Without /proc it finds none.
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

// expireName makes the kernel look name up in n at its next use. If the lookup finds the same inode, the inode keeps
// its pages, and open files are not disturbed. Kernels before 6.2 ignore the flag: they drop the name and its pages, as
// go-fuse's NotifyEntry does.
func (s *Server) expireName(n *dirNode, name string) {
	if s.notify.dev < 0 {
		n.NotifyEntry(name)
		return
	}
	b := binary.NativeEndian.AppendUint64(nil, n.StableAttr().Ino) // struct fuse_notify_inval_entry_out of linux/fuse.h
	b = binary.NativeEndian.AppendUint32(b, uint32(len(name)))
	b = binary.NativeEndian.AppendUint32(b, fuse.EXPIRE_ONLY)
	s.tellKernel(fuse.NOTIFY_INVAL_ENTRY, append(append(b, name...), 0))
}

// expireFolder makes the kernel ask again for the attributes of n and for its listing.
func (s *Server) expireFolder(n *dirNode) {
	if s.notify.dev < 0 {
		n.NotifyContent(0, 0)
		return
	}
	b := binary.NativeEndian.AppendUint64(nil, n.StableAttr().Ino) // struct fuse_notify_inval_inode_out: all of its pages
	s.tellKernel(fuse.NOTIFY_INVAL_INODE, append(b, make([]byte, 16)...))
}

// tellKernel adds a notification to the batch, and sends the batch if it is full.
func (s *Server) tellKernel(code int32, body []byte) {
	const header = 16 // struct fuse_out_header
	b := binary.NativeEndian.AppendUint32(nil, uint32(header+len(body)))
	b = binary.NativeEndian.AppendUint32(b, uint32(-code))
	b = binary.NativeEndian.AppendUint64(b, 0)
	s.notify.batch = append(s.notify.batch, append(b, body...))
	if len(s.notify.batch) == maxBatch {
		s.tellBatch()
	}
}

// tellBatch sends the batch, and returns when the kernel has all of it.
func (s *Server) tellBatch() {
	batch := s.notify.batch
	s.notify.batch = nil
	if len(batch) == 0 {
		return
	}
	if s.notify.guard != nil {
		err := s.notify.guard.tell(batch)
		if err == nil || s.ctx.Err() != nil {
			return
		}
		s.opts.Log.Warn("the mount has no guard any more: killed at the wrong moment, it leaves whoever waits for it waiting", "err", err)
		s.notify.guard = nil
	}
	tellBatch(s.notify.dev, slices.Concat(batch...))
}

// close is called after the last notification.
func (k *notifier) close() {
	if k.dev >= 0 {
		unix.Close(k.dev)
	}
}
