//go:build linux || darwin

package mount

import (
	"context"
	"sync/atomic"
	"syscall"

	fusefs "github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"

	"github.com/codafs/codafs/fs"
)

// fileNode is the inode of one version of a file: its bytes and its size never change. Its fields do not change either,
// except the atomic ones.
type fileNode struct {
	fusefs.Inode
	base
	server  *Server
	file    fs.File
	version fs.Version

	size      atomic.Int64 // -1 while not known
	unknown   atomic.Int64 // when the tree was last asked for the size and did not know it, in Unix nanoseconds; 0 is never
	estimated atomic.Int64 // the last estimate that the kernel was given, 0 after the exact size
	told      atomic.Int64 // how many estimates the kernel was given
	forgotten atomic.Bool  // the kernel has forgotten the inode
	opened    atomic.Int64 // how many have it open; counted if it is unstamped and the kernel sends OPEN
}

func newFileNode(s *Server, f fs.File, v fs.Version) *fileNode {
	n := &fileNode{server: s, file: f, version: v}
	n.size.Store(-1)
	return n
}

// Open fetches the whole content: an open can be interrupted, a read cannot. In a silent mount GETATTR has fetched it
// already.
func (n *fileNode) Open(ctx context.Context, how uint32) (fusefs.FileHandle, uint32, syscall.Errno) {
	if how&syscall.O_ACCMODE != syscall.O_RDONLY || how&syscall.O_TRUNC != 0 {
		return nil, 0, syscall.EROFS
	}
	if n.server.silent {
		return nil, 0, syscall.ENOSYS // the kernel sends no OPEN after this one
	}
	guessed := n.estimated.Load() > 0
	h, err := n.fetchNow(ctx)
	if err != nil {
		return nil, 0, n.server.fail(n.file, "open", err)
	}
	n.server.contents.put(h)
	if stalesLookUp && (guessed || n.estimated.Load() > 0) {
		// The kernel has the estimate, and sendfile(2) and splice(2) use it. After ESTALE it looks the name up again
		// before the program sees an error, and gets the exact size.
		n.server.promises.give(ctx, n.file, n.version)
		return nil, 0, syscall.ESTALE
	}
	n.server.promises.end(ctx, n.file)
	flags := uint32(fuse.FOPEN_KEEP_CACHE | fuse.FOPEN_NOFLUSH)
	if n.version.Unstamped {
		n.opened.Add(1)
		return unstampedHandle{n}, flags, 0
	}
	return nil, flags, 0
}

// Flush has nothing to do. After ENOSYS the kernel does not send it again.
func (n *fileNode) Flush(context.Context, fusefs.FileHandle) syscall.Errno { return syscall.ENOSYS }
