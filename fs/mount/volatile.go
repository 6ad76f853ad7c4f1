//go:build linux || darwin

package mount

import (
	"context"
	"syscall"

	"github.com/codafs/codafs/fs"
)

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
		s.Changed(n.file.Object().DocID) // the next user of the name gets the new version
	case e == syscall.EINTR, e == syscall.ESTALE:
		return e
	case what == opening:
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
