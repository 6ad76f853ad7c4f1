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
var lookers = slices.Concat(listers, []string{
	"sh", "bash", "dash", "zsh", "fish", "ksh", // for globs, completion and test -f
	"nautilus", "nemo", "thunar", "Thunar", "dolphin", "pcmanfm", "pcmanfm-qt", "Finder", // file managers
	"mc", "ranger", "nnn", "lf", "vifm",
	"gvfsd", "gvfsd-metadata", "tracker-miner-f", "localsearch-3", // what runs beside them
	"updatedb", "updatedb.mlocat", "updatedb.plocat", "locate", "plocate", // the index of names
})

// listers are those that open no file of what they list.
var listers = []string{"ls", "find", "du", "tree", "eza", "exa", "lsd", "fd", "fdfind"}

// Getattr is the one place where a stat fetches: the kernel holds no lock here. In a silent mount it is also all
// that open(2) makes the kernel ask, of a file that is not at hand.
func (n *fileNode) Getattr(ctx context.Context, _ fusefs.FileHandle, out *fuse.AttrOut) syscall.Errno {
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
		if n.server.silent && n.told.Load() != told && doing(ctx) == opening {
			// The kernel heard an estimate since it asked, and would take our answer for older than that. Told that the
			// inode is stale, open(2) looks the name up again, before the program hears of anything.
			n.server.promises.give(ctx, n.file, n.version)
			return syscall.ESTALE
		}
	}
	size, keep := n.sizeAtHand()
	if n.estimated.Load() > 0 {
		n.count(&n.server.stats.estimated)
	}
	if n.server.silent { // else an open may follow
		n.server.promises.end(ctx, n.file)
	}
	n.server.fileAttr(n.version, size, &out.Attr)
	out.SetTimeout(keep)
	return 0
}

// mustFetch reports what the caller in ctx is doing that wants the content to be fetched first, "" for nothing.
func (n *fileNode) mustFetch(ctx context.Context) (op string) {
	_, known := n.knownSize()
	switch {
	case known && n.server.silent && !n.atHand() && !n.server.opts.Offline && doing(ctx) != looking:
		return "open" // also where it cannot be told: an open that fetches nothing would show what is old
	case known, !n.version.Volatile && n.server.mayEstimate(ctx), n.version.Costly && n.server.onlyLooks(ctx):
		return ""
	}
	// A volatile file is another one at each lookup, so there is none to get the exact size with later.
	return "getattr"
}

// onlyLooks reports whether the caller in ctx surely opens nothing now, for itself or for another. An open that heard an
// estimate of a volatile file could not be mended: looked up again, that is another file, of unknown size too.
func (s *Server) onlyLooks(ctx context.Context) bool {
	caller, ok := fuse.FromContext(ctx)
	if !ok || caller.Pid == 0 || s.opts.Sizes == Exact {
		return false
	}
	program := programOf(caller.Pid)
	return slices.Contains(listers, program) || s.silent && slices.Contains(lookers, program) && doing(ctx) == looking
}

// atHand reports whether the file can be opened and read without a question to anybody.
func (n *fileNode) atHand() bool {
	return !n.version.Unstamped && (n.file.AtHand(n.version) || n.server.contents.has(n))
}

// sizeAtHand is the size to answer with, and how long the kernel may keep it. An estimate it may not: the
// next one to ask may be a program that needs the size. Nor may it keep the size of what is not at
// hand, where it asks for nothing but that when a file is opened.
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
	if n.size.Load() >= 0 { // learned in the meantime, and Open may have missed the estimate
		return n.sizeAtHand()
	}
	return guess, 0
}

// mayEstimate reports whether the caller in ctx is content with an estimate. A shell that only looks may also be
// opening the file for a program that does not; in a silent mount this is the last chance to tell.
func (s *Server) mayEstimate(ctx context.Context) bool {
	switch s.opts.Sizes {
	case Exact:
		return false
	case Estimate:
		return true
	}
	caller, ok := fuse.FromContext(ctx)
	if !ok || caller.Pid == 0 || !slices.Contains(lookers, programOf(caller.Pid)) {
		return false
	}
	return !s.silent || s.opts.Offline || doing(ctx) == looking
}

// unknownFor is how long the tree's word counts that it does not know a size. What the mount fetches itself it learns at
// once. Only read-ahead and other processes of the same cache can make a size known otherwise, and to ask for that is to
// look at the disk: without this a stat did so four times.
const unknownFor = time.Second

// knownSize is the exact size, if it is known without a fetch.
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

// learn takes over the exact size, and notes an estimate that was smaller. It is another than before only where the
// content was evicted, and the service gave other bytes under the same stamps.
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

// estimate is the size to tell where the exact one is not known. It is never 0: tar and git take an
// empty file for granted and do not open it.
func (n *fileNode) estimate() int64 { return max(n.file.Estimate(n.version), 1) }

// stats are the counts behind [Stats].
type stats struct{ opens, fetched, estimated, tooSmall atomic.Int64 }

// count adds one, unless n is one of .codafs.
func (n *fileNode) count(to *atomic.Int64) {
	if !n.version.Volatile {
		to.Add(1)
	}
}

// Stats reports what was counted so far.
func (s *Server) Stats() Stats {
	return Stats{
		Opens:     s.stats.opens.Load(),
		Fetched:   s.stats.fetched.Load(),
		Estimated: s.stats.estimated.Load(),
		TooSmall:  s.stats.tooSmall.Load(),
		Silent:    s.silent,
	}
}
