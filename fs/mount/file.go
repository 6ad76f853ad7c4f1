//go:build linux || darwin

package mount

import (
	"context"
	"sync/atomic"
	"syscall"

	fusefs "github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"

	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/mount/caller"
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
	forgotten atomic.Bool  // the kernel has forgotten the inode; it may be looked up at the same time, and live on
	opened    atomic.Int64 // how many have it open; counted if it is unstamped and the kernel sends OPEN

	place place
}

func newFileNode(s *Server, f fs.File, v fs.Version) *fileNode {
	n := &fileNode{server: s, file: f, version: v}
	n.place.inode = &n.Inode
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
	if onLinux && (guessed || n.estimated.Load() > 0) {
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

// Files whose bytes change without a stamp ([fs.Version].Unstamped): permissions, and values that change by themselves.
// Fetched bytes are good for a while. After that, a program that opens such a file, or asks for its attributes in order
// to copy it, has it fetched again. The kernel keeps its name as any other, but never its attributes, so that it always
// asks. If the bytes have changed, the answer is ESTALE, and the kernel looks the name up again before the program sees
// an error. This works for names only: a program that has the file open goes on in the version that it opened, and
// would see an ESTALE as an error.

// check fetches an unstamped file again if the caller in ctx wants to know its present content. An error is returned to
// a caller that opens the file; for one that only asks for attributes the old ones will do.
func (n *fileNode) check(ctx context.Context) syscall.Errno {
	s := n.server
	if !n.version.Unstamped || s.opts.Offline || s.mayEstimate(ctx) || s.promises.has(ctx, n.file, n.version) {
		return 0
	}
	what, byName := caller.Unseen, n.opened.Load() == 0
	if s.silent {
		what, byName = s.callers.CallOf(ctx, threadOf(ctx))
	}
	if !byName && (what != caller.Unseen || !s.silent) {
		return 0
	}
	_, err := await(ctx, s, func(ctx context.Context) (struct{}, error) { return struct{}{}, n.renew(ctx) }, nil)
	switch e := errno(err); {
	case e == syscall.ESTALE && !byName:
		s.Changed(n.file.Object().DocID) // the next user of the name gets the new version
	case e == syscall.EINTR, e == syscall.ESTALE:
		return e
	case what == caller.Opening:
		return s.fail(n.file, "open", err)
	}
	return 0
}

// renew fetches an unstamped file again if it is too old, and returns [fs.ErrStale] if its name has another version
// now.
func (n *fileNode) renew(ctx context.Context) error {
	if f, ok := n.file.(fs.Renewable); ok && n.version.Unstamped {
		if err := f.RenewIfOld(ctx); err != nil {
			return err
		}
		if now, err := f.Version(ctx); err == nil && now.Key != n.version.Key {
			return fs.ErrStale
		}
	}
	return nil
}

// fetchNow is fetch for a caller that opens the file.
func (n *fileNode) fetchNow(ctx context.Context) (*openContent, error) {
	if n.server.promises.has(ctx, n.file, n.version) {
		return n.fetch(ctx)
	}
	return n.take(ctx, func(ctx context.Context) (fs.Content, error) {
		if err := n.renew(ctx); err != nil {
			return nil, err
		}
		return n.open(ctx)
	})
}

// unstampedHandle is an unstamped file that somebody has open, in a mount where the kernel sends OPEN.
type unstampedHandle struct{ node *fileNode }

// Release implements [fusefs.FileReleaser].
func (h unstampedHandle) Release(context.Context) syscall.Errno {
	h.node.opened.Add(-1)
	return 0
}
