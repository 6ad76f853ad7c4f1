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
// the two atomics neither do its fields.
type fileNode struct {
	fusefs.Inode
	base
	server  *Server
	file    fs.File
	version fs.Version

	size   atomic.Int64 // -1 until it is known
	stored atomic.Bool  // the last byte is in the kernel's cache
}

func newFileNode(s *Server, f fs.File, v fs.Version) *fileNode {
	n := &fileNode{server: s, file: f, version: v}
	n.size.Store(-1)
	return n
}

// knownSize is the exact size, if it is known without a fetch.
func (n *fileNode) knownSize() (int64, bool) {
	if size := n.size.Load(); size >= 0 {
		return size, true
	}
	size, ok := n.file.Size(n.version)
	if ok {
		n.size.Store(size)
	}
	return size, ok
}

// Getattr is the one place where a stat fetches. It fetches for every caller: here is where
// programs that only look will be told by their names, and get an estimate with a timeout of 0.
func (n *fileNode) Getattr(ctx context.Context, _ fusefs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	size, ok := n.knownSize()
	if !ok {
		var err error
		if size, err = await(ctx, n.server, n.fetchSize, nil); err != nil {
			return n.server.fail(n.file, "getattr", err)
		}
	}
	n.server.fileAttr(n.version, size, &out.Attr)
	out.SetTimeout(sizeTimeout)
	return 0
}

func (n *fileNode) fetchSize(ctx context.Context) (int64, error) {
	c, err := n.file.Open(ctx, n.version)
	if err != nil {
		return 0, err
	}
	n.size.Store(c.Size())
	return c.Size(), c.Close()
}

// Open waits for the whole content: a read cannot be interrupted, an open can.
func (n *fileNode) Open(ctx context.Context, flags uint32) (fusefs.FileHandle, uint32, syscall.Errno) {
	if flags&syscall.O_ACCMODE != syscall.O_RDONLY || flags&syscall.O_TRUNC != 0 {
		return nil, 0, syscall.EROFS
	}
	open := func(ctx context.Context) (fs.Content, error) { return n.file.Open(ctx, n.version) }
	c, err := await(ctx, n.server, open, func(c fs.Content) { c.Close() })
	if err != nil {
		return nil, 0, n.server.fail(n.file, "open", err)
	}
	n.size.Store(c.Size())
	if err := n.storeLast(c); err != nil {
		c.Close()
		return nil, 0, n.server.fail(n.file, "open", err)
	}
	return n.server.newHandle(n, c), fuse.FOPEN_KEEP_CACHE | fuse.FOPEN_NOFLUSH, 0
}

// storeLast puts the last byte into the kernel's cache before the first open of the inode returns, which
// makes the kernel take over the size. sendfile(2) and splice(2) go by the size that it has, and
// ask for no other. Two first opens at a time store it twice, which does no harm.
func (n *fileNode) storeLast(c fs.Content) error {
	if c.Size() == 0 || n.stored.Load() {
		return nil
	}
	last := make([]byte, 1)
	if err := readFull(c, last, c.Size()-1); err != nil {
		return err
	}
	if e := n.WriteCache(c.Size()-1, last); e != 0 {
		// macFUSE cannot. The stat that open(2) makes to check permissions has told the size too.
		n.server.opts.Log.Debug("storing the last byte", "name", n.file.Name(), "err", e)
		return nil
	}
	n.stored.Store(true)
	return nil
}
