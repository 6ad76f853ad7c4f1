//go:build linux || darwin

package mount

import (
	"context"
	"errors"
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
	estimated atomic.Int64 // the estimate that the kernel was last told, 0 after the exact size
}

func newFileNode(s *Server, f fs.File, v fs.Version) *fileNode {
	n := &fileNode{server: s, file: f, version: v}
	n.size.Store(-1)
	return n
}

// Open waits for the whole content: a read cannot be interrupted, an open can.
func (n *fileNode) Open(ctx context.Context, flags uint32) (fusefs.FileHandle, uint32, syscall.Errno) {
	if flags&syscall.O_ACCMODE != syscall.O_RDONLY || flags&syscall.O_TRUNC != 0 {
		return nil, 0, syscall.EROFS
	}
	guessed := n.estimated.Load() > 0
	c, err := await(ctx, n.server, n.content, func(c fs.Content) { c.Close() })
	if err != nil {
		return nil, 0, n.server.fail(n.file, "open", err)
	}
	n.learn(c.Size())
	if stalesLookUp && (guessed || n.estimated.Load() > 0) {
		// The kernel has the estimate, and sendfile(2) and splice(2) go by what it has. Told that this is stale, it
		// looks the name up again before the program hears of anything, and gets the exact size.
		c.Close()
		return nil, 0, syscall.ESTALE
	}
	n.server.stats.opens.Add(1)
	return n.server.newHandle(n, c), fuse.FOPEN_KEEP_CACHE | fuse.FOPEN_NOFLUSH, 0
}

// content fetches the version. Where that was superseded, it has the current one fetched before it says so:
// the kernel looks up anew just once, and must get an exact size then.
func (n *fileNode) content(ctx context.Context) (fs.Content, error) {
	c, err := n.file.Open(ctx, n.version)
	if errors.Is(err, fs.ErrStale) {
		if now, _, err := fs.OpenCurrent(ctx, n.file); err == nil {
			now.Close()
		}
	}
	return c, err
}
