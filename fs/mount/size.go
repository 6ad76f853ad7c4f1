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

	"github.com/codafs/codafs/fs/mount/caller"
)

// statOnlyPrograms are the programs that only look at sizes: they print them, and copy nothing by them. Names are cut
// to the 15 bytes that the kernel keeps. A program that is missing here fetches, which is slow and right. A program
// that is listed here but trusts sizes would go wrong.
var statOnlyPrograms = slices.Concat(listers, []string{
	"sh", "bash", "dash", "zsh", "fish", "ksh", // for globs, completion and test -f
	"nautilus", "nemo", "thunar", "Thunar", "dolphin", "pcmanfm", "pcmanfm-qt", "Finder", // file managers
	"mc", "ranger", "nnn", "lf", "vifm",
	"gvfsd", "gvfsd-metadata", "tracker-miner-f", "localsearch-3", // their helpers
	"updatedb", "updatedb.mlocat", "updatedb.plocat", "locate", "plocate", // the index of names
})

// listers are programs that never open the files that they list.
var listers = []string{"ls", "find", "du", "tree", "eza", "exa", "lsd", "fd", "fdfind"}

// Getattr is the only place where a stat fetches: the kernel holds no lock here. In a silent mount, GETATTR is also the
// only request that open(2) causes for a file that is not at hand.
func (n *fileNode) Getattr(ctx context.Context, _ fusefs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	n.forgotten.Store(false)
	if e := n.check(ctx); e != 0 {
		return e
	}
	if op := n.mustFetch(ctx); op != "" {
		n.count(&n.server.stats.fetched)
		told := n.told.Load()
		h, err := n.fetch(ctx)
		if err != nil {
			return n.server.fail(n.file, op, err)
		}
		n.server.contents.put(h)
		if n.server.silent && n.told.Load() != told && n.server.callOf(ctx) == caller.Opening {
			// The kernel got an estimate after it sent this request, and would take our answer for older than that.
			// After ESTALE open(2) looks the name up again, before the program sees an error.
			n.server.promises.give(ctx, n.file, n.version)
			return syscall.ESTALE
		}
	}
	size, keep := n.sizeAtHand()
	if n.estimated.Load() > 0 {
		n.count(&n.server.stats.estimated)
	}
	if n.server.silent { // otherwise an OPEN may follow
		n.server.promises.end(ctx, n.file)
	}
	n.server.fileAttr(n.version, size, &out.Attr)
	out.SetTimeout(keep)
	return 0
}

// mustFetch returns what the caller in ctx is doing that needs the content fetched first; "" if it needs none.
func (n *fileNode) mustFetch(ctx context.Context) (op string) {
	_, known := n.knownSize()
	switch {
	case known && n.server.silent && !n.atHand() && !n.server.opts.Offline && n.server.callOf(ctx) != caller.Looking:
		return "open" // also if it cannot be seen: an open that fetches nothing would read old bytes
	case known, !n.version.Volatile && n.server.mayEstimate(ctx), n.version.Costly && n.server.onlyLooks(ctx):
		return ""
	}
	// Each lookup of a volatile file returns another one, so the exact size cannot be had later.
	return "getattr"
}

// onlyLooks reports whether the caller in ctx surely opens nothing now, neither for itself nor for another program. An
// open that was given an estimate for a volatile file cannot be corrected: another lookup returns another file, of
// unknown size too.
func (s *Server) onlyLooks(ctx context.Context) bool {
	thread := threadOf(ctx)
	if thread == 0 || s.opts.Sizes == Exact {
		return false
	}
	program := s.callers.Program(thread)
	return slices.Contains(listers, program) || s.silent && slices.Contains(statOnlyPrograms, program) && s.callOf(ctx) == caller.Looking
}

// atHand reports whether the file can be opened and read without a request to the service.
func (n *fileNode) atHand() bool {
	return !n.version.Unstamped && (n.file.AtHand(n.version) || n.server.contents.has(n))
}

// sizeAtHand returns the size to answer with, and its timeout. For an estimate that is 0: the next program to ask may
// need the exact size. It is also 0 if the content is not at hand and a GETATTR is all that an open causes.
func (n *fileNode) sizeAtHand() (int64, time.Duration) {
	if size, ok := n.knownSize(); ok {
		n.estimated.Store(0)
		if n.version.Unstamped || n.server.silent && !n.atHand() {
			return size, 0
		}
		return size, keep
	}
	guess := n.estimate()
	n.estimated.Store(guess)
	n.told.Add(1)
	if n.size.Load() >= 0 { // learned meanwhile; Open may have missed the estimate
		return n.sizeAtHand()
	}
	return guess, 0
}

// mayEstimate reports whether an estimate will do for the caller in ctx. A shell that only looks may also be opening
// the file for a program that needs the size; in a silent mount this request is the last chance to find out.
func (s *Server) mayEstimate(ctx context.Context) bool {
	switch s.opts.Sizes {
	case Exact:
		return false
	case Estimate:
		return true
	}
	thread := threadOf(ctx)
	if thread == 0 || !slices.Contains(statOnlyPrograms, s.callers.Program(thread)) {
		return false
	}
	return !s.silent || s.opts.Offline || s.callOf(ctx) == caller.Looking
}

// unknownFor is how long the tree's answer counts that a size is not known. Fetches by the mount itself are learned at
// once. Only read-ahead and other processes with the same cache can make a size known otherwise, and asking for that
// means a look at the disk: without this limit a stat made four of them.
const unknownFor = time.Second

// knownSize returns the exact size, if it is known without a fetch.
func (n *fileNode) knownSize() (int64, bool) {
	if size := n.size.Load(); size >= 0 {
		return size, true
	}
	now := time.Now().UnixNano()
	if age := now - n.unknown.Load(); age >= 0 && age < int64(unknownFor) {
		return 0, false
	}
	size, ok := n.file.Size(n.version)
	if ok {
		n.learn(size)
	} else {
		n.unknown.Store(now)
	}
	return size, ok
}

// learn records the exact size, and counts an estimate that was smaller. The size differs from a known one only if the
// content was evicted and the service then gave other bytes under the same stamps.
func (n *fileNode) learn(size int64) {
	if n.size.Swap(size) >= 0 {
		return
	}
	if told := n.estimated.Load(); told > 0 && told < size {
		n.server.stats.tooSmall.Add(1)
		o := n.file.Object()
		n.server.opts.Log.Warn("an estimate was too small", "name", n.file.Name(), "kind", o.Kind, "doc", o.DocID, "id", o.ID,
			"estimate", told, "size", size)
	}
}

// estimate is the size to answer if the exact one is not known. It is never 0: tar and git do not open an empty file.
func (n *fileNode) estimate() int64 { return max(n.file.Estimate(n.version), 1) }

// stats are the counts behind [Stats].
type stats struct{ opens, fetched, estimated, tooSmall atomic.Int64 }

// count adds one, unless n is a file of .codafs: see [Stats].
func (n *fileNode) count(to *atomic.Int64) {
	if !n.version.Volatile {
		to.Add(1)
	}
}

// Stats returns the counts so far.
func (s *Server) Stats() Stats {
	return Stats{
		Opens:     s.stats.opens.Load(),
		Fetched:   s.stats.fetched.Load(),
		Estimated: s.stats.estimated.Load(),
		TooSmall:  s.stats.tooSmall.Load(),
		Silent:    s.silent,
	}
}
