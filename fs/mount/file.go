//go:build linux || darwin

package mount

import (
	"context"
	"errors"
	iofs "io/fs"
	"sync/atomic"
	"syscall"
	"time"

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
	id      uint64 // the same for all versions of the file
	modTime time.Time
	held    atomic.Pointer[held] // nil while the tree can say it again: see letGo
	holds   atomic.Uint32        // calls of hold

	size      atomic.Int64 // -1 while not known
	unknown   atomic.Int64 // when the tree was last asked for the size and did not know it, in Unix nanoseconds; 0 is never
	estimated atomic.Int64 // the last estimate that the kernel was given, 0 after the exact size
	told      atomic.Int64 // how many estimates the kernel was given
	forgotten atomic.Bool  // the kernel has forgotten the inode; it may be looked up at the same time, and live on
	opened    atomic.Int64 // how many have it open; counted if it is unstamped and the kernel sends OPEN

	place place
}

// held is what the tree says of a file version. It takes as much memory as the node itself.
type held struct {
	file    fs.File
	version fs.Version
}

func newFileNode(s *Server, f fs.File, v fs.Version) *fileNode {
	n := &fileNode{server: s, id: inode(f, ""), modTime: v.ModTime}
	n.held.Store(&held{f, v})
	n.place.inode = &n.Inode
	n.size.Store(-1)
	return n
}

// hold keeps what the tree says, since somebody may open the file without asking, or has it open.
func (n *fileNode) hold(is *held) {
	n.holds.Add(1)
	n.held.Store(is)
}

// special reports whether the tree cannot say the same again, or the bytes change without a stamp.
func (is *held) special() bool { return is.version.Volatile || is.version.Unstamped }

// letGo drops what the tree can say again, of a file whose bytes were not at hand: a program that opens it asks first. holds
// is the count of calls of hold before that was found out: if it has changed, the file is held.
func (n *fileNode) letGo(holds uint32) {
	is := n.held.Load()
	if is == nil || is.special() {
		return
	}
	n.held.Store(nil)
	if n.holds.Load() != holds {
		n.held.Store(is)
	}
}

// get returns what the tree says of this version. It may have to look the name up, under the context of the server: call it
// inside await. If the name has another version now, or is gone, the error is [fs.ErrStale].
func (n *fileNode) get(ctx context.Context) (*held, error) {
	if is := n.held.Load(); is != nil {
		return is, nil
	}
	found, err := n.look(ctx)
	if err != nil {
		return nil, err
	}
	is := &held{found.node.(fs.File), found.version}
	if inode(is.file, is.version.Key) != n.StableAttr().Ino {
		return nil, fs.ErrStale
	}
	n.held.CompareAndSwap(nil, is)
	return is, nil
}

// look looks up the name of n, which may have another version of the file by now.
func (n *fileNode) look(ctx context.Context) (lookupResult, error) {
	name, parent := n.Parent()
	if parent == nil {
		return lookupResult{}, fs.ErrStale
	}
	found, err := parent.Operations().(*dirNode).find(ctx, name)
	if f, ok := found.node.(fs.File); errors.Is(err, iofs.ErrNotExist) || err == nil && (!ok || inode(f, "") != n.id) {
		return lookupResult{}, fs.ErrStale
	}
	return found, err
}

// fail is [Server.fail] for an operation on n.
func (n *fileNode) fail(op string, err error) syscall.Errno {
	if is := n.held.Load(); is != nil {
		return n.server.fail(is.file, op, err)
	}
	if _, parent := n.Parent(); parent != nil {
		return n.server.fail(parent.Operations().(*dirNode).dir, op, err)
	}
	return errno(err)
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
	is, err := n.ask(ctx)
	if err != nil {
		return nil, 0, n.fail("open", err)
	}
	h, err := n.fetchNow(ctx, is)
	if err != nil {
		return nil, 0, n.fail("open", err)
	}
	n.server.contents.put(h)
	if onLinux && (guessed || n.estimated.Load() > 0) {
		// The kernel has the estimate, and sendfile(2) and splice(2) use it. After ESTALE it looks the name up again
		// before the program sees an error, and gets the exact size.
		n.server.promises.give(ctx, n.id, is.version)
		return nil, 0, syscall.ESTALE
	}
	n.server.promises.end(ctx, n.id)
	flags := uint32(fuse.FOPEN_KEEP_CACHE | fuse.FOPEN_NOFLUSH)
	if is.version.Unstamped {
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
func (n *fileNode) check(ctx context.Context, is *held) syscall.Errno {
	s := n.server
	if !is.version.Unstamped || s.opts.Offline || s.mayEstimate(ctx) || s.promises.has(ctx, is) {
		return 0
	}
	what, byName := caller.Unseen, n.opened.Load() == 0
	if s.silent {
		what, byName = s.callers.CallOf(ctx, threadOf(ctx))
	}
	if !byName && (what != caller.Unseen || !s.silent) {
		return 0
	}
	_, err := await(ctx, s, func(ctx context.Context) (struct{}, error) { return struct{}{}, is.renew(ctx) }, nil)
	switch e := errno(err); {
	case e == syscall.ESTALE && !byName:
		s.Changed(is.file.Object().DocID) // the next user of the name gets the new version
	case e == syscall.EINTR, e == syscall.ESTALE:
		return e
	case what == caller.Opening:
		return n.fail("open", err)
	}
	return 0
}

// renew fetches an unstamped file again if it is too old, and returns [fs.ErrStale] if its name has another version
// now.
func (is *held) renew(ctx context.Context) error {
	if f, ok := is.file.(fs.Renewable); ok && is.version.Unstamped {
		if err := f.RenewIfOld(ctx); err != nil {
			return err
		}
		if now, err := f.Version(ctx); err == nil && now.Key != is.version.Key {
			return fs.ErrStale
		}
	}
	return nil
}

// fetchNow is fetch for a caller that opens the file.
func (n *fileNode) fetchNow(ctx context.Context, is *held) (*openContent, error) {
	if n.server.promises.has(ctx, is) {
		return n.fetch(ctx)
	}
	return n.take(ctx, func(ctx context.Context, is *held) (fs.Content, error) {
		if err := is.renew(ctx); err != nil {
			return nil, err
		}
		return is.open(ctx)
	})
}

// unstampedHandle is an unstamped file that somebody has open, in a mount where the kernel sends OPEN.
type unstampedHandle struct{ node *fileNode }

// Release implements [fusefs.FileReleaser].
func (h unstampedHandle) Release(context.Context) syscall.Errno {
	h.node.opened.Add(-1)
	return 0
}
