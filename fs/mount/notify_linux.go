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

// maxBatch is how many messages a guard gets at a time.
const maxBatch = 256

// notifier writes to the kernel what go-fuse has no words for. One goroutine tells.
type notifier struct {
	dev   int           // this server's end of the mount, once more; -1 where it was not found
	guard *guardProcess // tells in this process's place; nil where there is none
	batch [][]byte      // messages for the kernel that it was not told yet
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
	// A copy, since go-fuse closes its own at a time that is not ours.
	dev, err := unix.FcntlInt(uintptr(own[0]), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		dev = -1
	}
	return kernel, notifier{dev: dev}, nil
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

// expireName has the kernel look name up in n when it is next used. What it finds to be the inode that it has
// goes on as it is, with its pages, for whoever is in it. Kernels before 6.2 do not
// know the flag, and drop the name and with it the pages, as go-fuse's NotifyEntry would have it.
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

// expireFolder has the kernel ask anew for the attributes of n, and for its listing.
func (s *Server) expireFolder(n *dirNode) {
	if s.notify.dev < 0 {
		n.NotifyContent(0, 0)
		return
	}
	b := binary.NativeEndian.AppendUint64(nil, n.StableAttr().Ino) // struct fuse_notify_inval_inode_out: all of its pages
	s.tellKernel(fuse.NOTIFY_INVAL_INODE, append(b, make([]byte, 16)...))
}

// tellKernel has the kernel told of its own accord, which answers no request, with the next batch.
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

// tellBatch returns when the kernel was told all of tellKernel.
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

// close is called when nothing is expired any more.
func (k *notifier) close() {
	if k.dev >= 0 {
		unix.Close(k.dev)
	}
}
