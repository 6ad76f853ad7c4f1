//go:build linux || darwin

package mount

import (
	"context"
	"syscall"

	"github.com/codafs/codafs/fs"
)

// Files whose bytes change without a stamp ([fs.Version].Unstamped): permissions, and values that change by themselves.
// What was fetched is good for a while; then
// whoever opens such a file, or asks for its attributes in order to copy it, has it fetched anew. The kernel keeps its
// name as any other, and never its attributes, so that it asks each time. Where the bytes are others, the answer is that
// the inode is stale, and the kernel looks the name up anew before the program hears of anything. That holds for names
// alone: who has the file open reads on in the version that it opened, and an ESTALE would be an error to it.

// check has an unstamped file fetched anew where the caller in ctx wants to know what is in it now. A failure is told to
// who opens the file; that one only asks for its attributes is no reason to fail.
func (n *fileNode) check(ctx context.Context) syscall.Errno {
	s := n.server
	if !n.version.Unstamped || s.opts.Offline || s.mayEstimate(ctx) || s.promises.has(ctx, n.file, n.version) {
		return 0
	}
	what, byName := unseen, n.opened.Load() == 0
	if s.silent {
		what, byName = systemCall(ctx)
	}
	if !byName && (what != unseen || !s.silent) {
		return 0
	}
	_, err := await(ctx, s, func(ctx context.Context) (struct{}, error) { return struct{}{}, n.renew(ctx) }, nil)
	switch e := errno(err); {
	case e == syscall.ESTALE && !byName:
		s.Changed(n.file.Object().DocID) // the next to use the name gets the other one
	case e == syscall.EINTR, e == syscall.ESTALE:
		return e
	case what == opening:
		return s.fail(n.file, "open", err)
	}
	return 0
}

// renew has what is unstamped fetched anew if it is old, and fails with [fs.ErrStale] where its name has another
// version now.
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

// fetchNow is fetch for who opens the file.
func (n *fileNode) fetchNow(ctx context.Context) (*held, error) {
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

// unstampedHandle is an unstamped file that somebody has open, where the kernel tells of that.
type unstampedHandle struct{ node *fileNode }

// Release implements [fusefs.FileReleaser].
func (h unstampedHandle) Release(context.Context) syscall.Errno {
	h.node.opened.Add(-1)
	return 0
}
