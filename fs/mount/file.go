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

// fileNode is the inode of one version of a file: its bytes and its size never change. Apart from
// the atomics neither do its fields.
type fileNode struct {
	fusefs.Inode
	base
	server  *Server
	file    fs.File
	version fs.Version

	size      atomic.Int64 // -1 until it is known
	unknown   atomic.Int64 // when the tree was last asked for it and did not know, in Unix nanoseconds; 0 is never
	estimated atomic.Int64 // the estimate that the kernel was last told, 0 after the exact size
	told      atomic.Int64 // how many estimates it was told
	forgotten atomic.Bool  // the kernel has let go of it
	opened    atomic.Int64 // how many have it open, if it is unstamped and the kernel tells
}

func newFileNode(s *Server, f fs.File, v fs.Version) *fileNode {
	n := &fileNode{server: s, file: f, version: v}
	n.size.Store(-1)
	return n
}

// Open waits for the whole content: a read cannot be interrupted, an open can. Where the mount is silent,
// GETATTR has done so already.
func (n *fileNode) Open(ctx context.Context, how uint32) (fusefs.FileHandle, uint32, syscall.Errno) {
	if how&syscall.O_ACCMODE != syscall.O_RDONLY || how&syscall.O_TRUNC != 0 {
		return nil, 0, syscall.EROFS
	}
	if n.server.silent {
		return nil, 0, syscall.ENOSYS // once, and the kernel asks for no file any more
	}
	guessed := n.estimated.Load() > 0
	h, err := n.fetchNow(ctx)
	if err != nil {
		return nil, 0, n.server.fail(n.file, "open", err)
	}
	n.server.contents.put(h)
	if stalesLookUp && (guessed || n.estimated.Load() > 0) {
		// The kernel has the estimate, and sendfile(2) and splice(2) go by what it has. Told that this is stale, it
		// looks the name up again before the program hears of anything, and gets the exact size.
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

// Flush has nothing to do, and the kernel need not ask again.
func (n *fileNode) Flush(context.Context, fusefs.FileHandle) syscall.Errno { return syscall.ENOSYS }
