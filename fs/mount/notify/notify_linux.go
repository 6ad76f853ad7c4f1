package notify

import (
	"encoding/binary"
	"os"
	"slices"
	"strconv"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// Supported says that this system can be notified of changes.
const Supported = true

// Names of linux/fuse.h.
const (
	invalInode = 2      // FUSE_NOTIFY_INVAL_INODE
	invalEntry = 3      // FUSE_NOTIFY_INVAL_ENTRY
	prune      = 9      // FUSE_NOTIFY_PRUNE
	expireOnly = 1 << 0 // FUSE_EXPIRE_ONLY
)

// maxBatch is how many messages a guard gets at a time.
const maxBatch = 256

// Notifier sends one mount's notifications. Only one goroutine at a time may use it.
type Notifier struct {
	dev   int           // a copy of the server's descriptor of the mount; -1 if it was not found
	guard *guardProcess // sends in place of this process; nil if there is none
	batch [][]byte      // messages to the kernel that were not sent yet
}

// connecting makes mounts of this process one at a time, so that Connect can tell their descriptors apart.
var connecting sync.Mutex

// Connect calls mount, which mounts a file system, and returns the notifier of that mount. It sets O_CLOEXEC on the
// descriptor of the mount, which libraries do not do when they mount directly. Otherwise a program that this process
// starts would inherit it, and keep the mount of a killed server from becoming dead: programs that wait in it would wait
// for ever. The error is that of mount alone: a notifier that does not find the descriptor sends nothing.
func Connect(mount func() error) (*Notifier, error) {
	connecting.Lock()
	defer connecting.Unlock()
	before := devices()
	if err := mount(); err != nil {
		return &Notifier{dev: -1}, err
	}
	var own []int
	for _, fd := range devices() {
		syscall.CloseOnExec(fd)
		if !slices.Contains(before, fd) {
			own = append(own, fd)
		}
	}
	if len(own) != 1 {
		return &Notifier{dev: -1}, nil
	}
	// A copy, since the library decides when it closes its own.
	dev, err := unix.FcntlInt(uintptr(own[0]), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		dev = -1
	}
	return &Notifier{dev: dev}, nil
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

// ExpireName makes the kernel look name up in folder ino at its next use. If the lookup finds the same inode, the inode
// keeps its pages, and open files are not disturbed. Kernels before 6.2 ignore the flag: they drop the name and its pages,
// as libraries do. It returns false if it can send nothing: then the library must.
func (k *Notifier) ExpireName(ino uint64, name string) bool {
	return k.addName(ino, name, expireOnly)
}

// DropName makes the kernel drop name in folder ino, found or not. Who uses it goes on, but a folder that somebody stands in
// seems deleted. It returns false if it can send nothing.
func (k *Notifier) DropName(ino uint64, name string) bool { return k.addName(ino, name, 0) }

func (k *Notifier) addName(ino uint64, name string, flags uint32) bool {
	b := binary.NativeEndian.AppendUint64(nil, ino) // struct fuse_notify_inval_entry_out
	b = binary.NativeEndian.AppendUint32(b, uint32(len(name)))
	b = binary.NativeEndian.AppendUint32(b, flags)
	return k.add(invalEntry, append(append(b, name...), 0))
}

// maxForget is how many inodes a message names.
const maxForget = 512

// Forget makes the kernel forget those of the inodes that nobody uses, in this order: a folder is used while the kernel knows
// a name in it. It takes no folder's lock. Kernels before 6.18 refuse the message. It returns false if it can send
// nothing.
func (k *Notifier) Forget(inodes []uint64) bool {
	for some := range slices.Chunk(inodes, maxForget) {
		b := binary.NativeEndian.AppendUint32(nil, uint32(len(some))) // struct fuse_notify_prune_out
		b = append(b, make([]byte, 12)...)
		for _, ino := range some {
			b = binary.NativeEndian.AppendUint64(b, ino)
		}
		if !k.add(prune, b) {
			return false
		}
	}
	return true
}

// ExpireFolder makes the kernel ask again for the attributes of folder ino and for its listing. It returns false if it
// can send nothing.
func (k *Notifier) ExpireFolder(ino uint64) bool {
	b := binary.NativeEndian.AppendUint64(nil, ino) // struct fuse_notify_inval_inode_out: all of its pages
	return k.add(invalInode, append(b, make([]byte, 16)...))
}

// add adds a notification to the batch, and sends the batch if it is full.
func (k *Notifier) add(code uint32, body []byte) bool {
	if k.dev < 0 {
		return false
	}
	const header = 16 // struct fuse_out_header
	b := binary.NativeEndian.AppendUint32(nil, uint32(header+len(body)))
	b = binary.NativeEndian.AppendUint32(b, code)
	b = binary.NativeEndian.AppendUint64(b, 0)
	k.batch = append(k.batch, append(b, body...))
	if len(k.batch) == maxBatch {
		k.Send()
	}
	return true
}

// Send sends the batch, and returns when the kernel has all of it: it may have to wait for the lookups in a folder.
func (k *Notifier) Send() {
	batch := k.batch
	k.batch = nil
	if len(batch) == 0 {
		return
	}
	if k.guard != nil {
		err := k.guard.send(batch)
		if err == nil || k.guard.ctx.Err() != nil {
			return
		}
		k.guard.lost(err)
		k.guard = nil
	}
	sendBatch(k.dev, slices.Concat(batch...))
}

// Close is called after the last notification.
func (k *Notifier) Close() {
	if k.dev >= 0 {
		unix.Close(k.dev)
	}
}
