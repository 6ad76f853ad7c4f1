//go:build linux || darwin

package mount

import (
	"context"
	"slices"
	"sync/atomic"
	"syscall"
	"time"

	fusefs "github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// lookers are the programs that only look at sizes: they print them, and copy nothing by them. Each
// name is as long as the kernel keeps it, 15 bytes. A program that is missing here fetches, which is
// slow and right; one that is here and trusts sizes would go wrong.
var lookers = []string{
	"ls", "find", "du", "tree", "eza", "exa", "lsd", "fd", "fdfind", // listings
	"sh", "bash", "dash", "zsh", "fish", "ksh", // for globs, completion and test -f
	"nautilus", "nemo", "thunar", "Thunar", "dolphin", "pcmanfm", "pcmanfm-qt", "Finder", // file managers
	"mc", "ranger", "nnn", "lf", "vifm",
	"gvfsd", "gvfsd-metadata", "tracker-miner-f", "localsearch-3", // what runs beside them
	"updatedb", "updatedb.mlocat", "updatedb.plocat", "locate", "plocate", // the index of names
}

// Getattr is the one place where a stat fetches: the kernel holds no lock here.
func (n *fileNode) Getattr(ctx context.Context, _ fusefs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	_, known := n.knownSize()
	// A volatile file is another one at each lookup, so there is none to get the exact size with later.
	if !known && (n.version.Volatile || !n.server.mayEstimate(ctx)) {
		n.server.stats.fetched.Add(1)
		if _, err := await(ctx, n.server, n.fetchSize, nil); err != nil {
			return n.server.fail(n.file, "getattr", err)
		}
	}
	size, keep := n.sizeAtHand()
	if keep == 0 {
		n.server.stats.estimated.Add(1)
	}
	n.server.fileAttr(n.version, size, &out.Attr)
	out.SetTimeout(keep)
	return 0
}

// sizeAtHand is the size to answer with, and how long the kernel may keep it. An estimate it may not: the
// next one to ask may be a program that needs the size.
func (n *fileNode) sizeAtHand() (int64, time.Duration) {
	if size, ok := n.knownSize(); ok {
		n.estimated.Store(0)
		return size, keep
	}
	guess := n.estimate()
	n.estimated.Store(guess)
	if _, ok := n.knownSize(); ok { // learned in the meantime, and Open may have missed the estimate
		return n.sizeAtHand()
	}
	return guess, 0
}

// mayEstimate tells whether the caller in ctx is content with an estimate.
func (s *Server) mayEstimate(ctx context.Context) bool {
	switch s.opts.Sizes {
	case Exact:
		return false
	case Estimate:
		return true
	}
	caller, ok := fuse.FromContext(ctx)
	return ok && caller.Pid != 0 && slices.Contains(lookers, programOf(caller.Pid))
}

// knownSize is the exact size, if it is known without a fetch.
func (n *fileNode) knownSize() (int64, bool) {
	if size := n.size.Load(); size >= 0 {
		return size, true
	}
	size, ok := n.file.Size(n.version)
	if ok {
		n.learn(size)
	}
	return size, ok
}

func (n *fileNode) fetchSize(ctx context.Context) (int64, error) {
	c, err := n.file.Open(ctx, n.version)
	if err != nil {
		return 0, err
	}
	n.learn(c.Size())
	return c.Size(), c.Close()
}

// learn takes over the exact size, and notes an estimate that was smaller.
func (n *fileNode) learn(size int64) {
	if !n.size.CompareAndSwap(-1, size) {
		return
	}
	if told := n.estimated.Load(); told > 0 && told < size {
		n.server.stats.tooSmall.Add(1)
		o := n.file.Object()
		n.server.opts.Log.Warn("an estimate was too small", "name", n.file.Name(), "kind", o.Kind, "doc", o.DocID, "id", o.ID,
			"estimate", told, "size", size)
	}
}

// estimate is the size to tell where the exact one is not known. It is never 0: tar and git take an
// empty file for granted and do not open it.
func (n *fileNode) estimate() int64 { return max(n.file.Estimate(n.version), 1) }

// stats are the counts behind [Stats].
type stats struct{ opens, fetched, estimated, tooSmall atomic.Int64 }

// Stats tells what was counted so far.
func (s *Server) Stats() Stats {
	return Stats{
		Opens:     s.stats.opens.Load(),
		Fetched:   s.stats.fetched.Load(),
		Estimated: s.stats.estimated.Load(),
		TooSmall:  s.stats.tooSmall.Load(),
	}
}
