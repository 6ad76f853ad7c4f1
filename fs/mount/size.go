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
	if holds := n.holds.Load(); n.mayRepeat(ctx) {
		n.told.Add(1)
		if guess := n.estimated.Load(); n.size.Load() < 0 { // else a fetch may have missed that an estimate is given
			n.server.stats.estimated.Add(1)
			n.letGo(holds)
			return n.answer(ctx, guess, 0, out)
		}
	}
	is, err := n.ask(ctx)
	if err != nil {
		return n.fail("getattr", err)
	}
	if e := n.check(ctx, is); e != 0 {
		return e
	}
	if op := n.mustFetch(ctx, is); op != "" {
		is.count(&n.server.stats.fetched)
		told := n.told.Load()
		h, err := n.fetch(ctx)
		if err != nil {
			return n.fail(op, err)
		}
		n.server.contents.put(h)
		if n.server.silent && n.told.Load() != told && n.server.callOf(ctx) == caller.Opening {
			// The kernel got an estimate after it sent this request, and would take our answer for older than that.
			// After ESTALE open(2) looks the name up again, before the program sees an error.
			n.server.promises.give(ctx, n.id, is.version)
			return syscall.ESTALE
		}
	}
	holds := n.holds.Load()
	size, keep := n.sizeAtHand(is)
	if keep == 0 {
		n.letGo(holds)
	}
	if n.estimated.Load() > 0 {
		is.count(&n.server.stats.estimated)
	}
	return n.answer(ctx, size, keep, out)
}

// answer is the end of a GETATTR that succeeds.
func (n *fileNode) answer(ctx context.Context, size int64, keep time.Duration, out *fuse.AttrOut) syscall.Errno {
	if n.server.silent { // otherwise an OPEN may follow
		n.server.promises.end(ctx, n.id)
	}
	n.server.fileAttr(n.modTime, size, &out.Attr)
	out.SetTimeout(keep)
	return 0
}

// mayRepeat reports whether the last estimate will do: the caller in ctx only looks, and the tree said not long ago that it
// does not know the size. Of nearly all files in a large workspace nothing else is ever asked.
func (n *fileNode) mayRepeat(ctx context.Context) bool {
	is := n.held.Load()
	return n.estimated.Load() > 0 && (is == nil || !is.special()) && n.size.Load() < 0 && n.isUnknown() && n.server.mayEstimate(ctx)
}

// ask is get for a caller that wants attributes.
func (n *fileNode) ask(ctx context.Context) (*held, error) {
	if is := n.held.Load(); is != nil {
		return is, nil
	}
	return await(ctx, n.server, n.get, nil)
}

// mustFetch returns what the caller in ctx is doing that needs the content fetched first; "" if it needs none.
func (n *fileNode) mustFetch(ctx context.Context, is *held) (op string) {
	_, known := n.knownSize(is)
	switch {
	case known && n.server.silent && !n.atHand(is) && !n.server.opts.Offline && n.server.callOf(ctx) != caller.Looking:
		return "open" // also if it cannot be seen: an open that fetches nothing would read old bytes
	case known, !is.version.Volatile && n.server.mayEstimate(ctx), is.version.Costly && n.server.onlyLooks(ctx):
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
func (n *fileNode) atHand(is *held) bool {
	return !is.version.Unstamped && (is.file.AtHand(is.version) || n.server.contents.has(n))
}

// sizeAtHand returns the size to answer with, and its timeout. For an estimate that is 0: the next program to ask may
// need the exact size. It is also 0 if the content is not at hand and a GETATTR is all that an open causes.
func (n *fileNode) sizeAtHand(is *held) (int64, time.Duration) {
	if size, ok := n.knownSize(is); ok {
		n.estimated.Store(0)
		if is.version.Unstamped || n.server.silent && !n.atHand(is) {
			return size, 0
		}
		n.hold(is)
		return size, keep
	}
	guess := max(is.file.Estimate(is.version), 1) // never 0: tar and git do not open an empty file
	n.estimated.Store(guess)
	n.told.Add(1)
	if n.size.Load() >= 0 { // learned meanwhile; Open may have missed the estimate
		return n.sizeAtHand(is)
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
// means a lookup in the tree and a look at the disk. Programs that copy are not concerned: they have the file opened.
const unknownFor = time.Minute

// knownSize returns the exact size, if it is known without a fetch.
func (n *fileNode) knownSize(is *held) (int64, bool) {
	if size := n.size.Load(); size >= 0 {
		return size, true
	}
	if n.isUnknown() {
		return 0, false
	}
	size, ok := is.file.Size(is.version)
	if ok {
		n.learn(is, size)
	} else {
		n.unknown.Store(time.Now().UnixNano())
	}
	return size, ok
}

// isUnknown reports whether the tree has said lately that it does not know the size.
func (n *fileNode) isUnknown() bool {
	age := time.Now().UnixNano() - n.unknown.Load()
	return age >= 0 && age < int64(unknownFor)
}

// learn records the exact size, and counts an estimate that was smaller. The size differs from a known one only if the
// content was evicted and the service then gave other bytes under the same stamps.
func (n *fileNode) learn(is *held, size int64) {
	if n.size.Swap(size) >= 0 {
		return
	}
	if told := n.estimated.Load(); told > 0 && told < size {
		n.server.stats.tooSmall.Add(1)
		o := is.file.Object()
		n.server.opts.Log.Warn("an estimate was too small", "name", is.file.Name(), "kind", o.Kind, "doc", o.DocID, "id", o.ID,
			"estimate", told, "size", size)
	}
}

// stats are the counts behind [Stats].
type stats struct{ opens, fetched, estimated, tooSmall atomic.Int64 }

// count adds one, unless it is for a file of .codafs: see [Stats].
func (is *held) count(to *atomic.Int64) {
	if !is.version.Volatile {
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
