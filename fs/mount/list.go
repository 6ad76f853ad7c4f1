//go:build linux || darwin

package mount

import (
	"context"
	"slices"
	"sync"
	"syscall"

	fusefs "github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"

	"github.com/codafs/codafs/fs"
)

// listing is a folder as it was once listed. It never changes once it was added to the folder's listings.
type listing struct {
	serial uint64 // of the server's listings; 31 bits
	asked  uint64 // the count of changes before the folder was listed
	nodes  []fs.Node
}

// maxListings is how many listings of a folder are kept, each of other names. The kernel does not say who is in the
// middle of one.
const maxListings = 16

// listings are those of a folder that were used last, so that whoever is in the middle of one reads on in it,
// also after others had the folder listed anew.
type listings struct {
	mu   sync.Mutex
	last []*listing // the one used last in front
}

func (l *listings) find(serial uint64) *listing {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := slices.IndexFunc(l.last, func(one *listing) bool { return one.serial == serial })
	if i < 0 {
		return nil
	}
	return l.used(i)
}

// used moves the listing at i to the front. l.mu is held.
func (l *listings) used(i int) *listing {
	one := l.last[i]
	l.last = slices.Insert(slices.Delete(l.last, i, i+1), 0, one)
	return one
}

// add keeps one, and lets go of the one that was used longest ago. It takes the place of one with the same names
// under that one's serial: whoever is in the middle of that reads on in this.
func (l *listings) add(one *listing) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if i := slices.IndexFunc(l.last, one.sameNames); i >= 0 {
		one.serial = l.last[i].serial
		l.last[i] = one
		l.used(i)
		return
	}
	l.last = slices.Insert(l.last[:min(len(l.last), maxListings-1)], 0, one)
}

func (l *listing) sameNames(other *listing) bool {
	return slices.EqualFunc(l.nodes, other.nodes, func(a, b fs.Node) bool { return a.Name() == b.Name() })
}

// An entry's offset is where the next one is read from: the serial of the listing above, its place below.
const placeBits = 32

func offset(l *listing, place int) uint64 { return l.serial<<placeBits | uint64(place) }

// dirHandle is a folder that is being read: from opendir(3) to closedir(3), or in a silent mount, where the kernel
// tells of neither, for one READDIR. go-fuse calls it from one goroutine at a time.
type dirHandle struct {
	node    *dirNode
	listing *listing
	next    int     // the entry that Readdirent gives
	last    fs.Node // the one that it gave last; nil for "." and ".."
}

// OpendirHandle lists nothing: where the kernel has the listing, nobody will ask for ours.
func (n *dirNode) OpendirHandle(context.Context, uint32) (fusefs.FileHandle, uint32, syscall.Errno) {
	flags := uint32(0)
	if n.server.names == keep {
		flags = fuse.FOPEN_CACHE_DIR | fuse.FOPEN_KEEP_CACHE
	}
	return &dirHandle{node: n}, flags, 0
}

// list reads the folder anew.
func (h *dirHandle) list(ctx context.Context) syscall.Errno {
	n := h.node
	asked := n.server.changes.count.Load()
	n.busy.Add(1)
	defer n.busy.Add(-1)
	nodes, err := await(ctx, n.server, n.dir.Entries, nil)
	if err != nil {
		e := n.server.fail(n.dir, "readdir", err)
		if e == syscall.ENOENT {
			// readdir(3) takes that for the end of the folder. One that is gone, or that a token may not see any more, would
			// seem empty, and rsync --delete would make it so.
			return syscall.EIO
		}
		return e
	}
	if n.server.changes.count.Load() != asked {
		n.server.retell(n.dir.Object().DocID) // the kernel keeps this listing, which may be old
	}
	serial := n.server.serial.Add(1) & (1<<31 - 1)
	h.next, h.listing = 0, &listing{serial, asked, nodes}
	n.listings.add(h.listing)
	return 0
}

// Readdirent gives the next entry.
func (h *dirHandle) Readdirent(ctx context.Context) (*fuse.DirEntry, syscall.Errno) {
	if h.listing == nil {
		if e := h.list(ctx); e != 0 {
			return nil, e
		}
	}
	e := &fuse.DirEntry{Mode: syscall.S_IFDIR, Off: offset(h.listing, h.next+1)}
	h.last = nil
	switch i := h.next - 2; {
	case i == -2:
		e.Name, e.Ino = ".", h.node.StableAttr().Ino
	case i == -1:
		e.Name, e.Ino = "..", h.node.parentIno()
	case i < len(h.listing.nodes):
		h.last = h.listing.nodes[i]
		// For a file this is not the number that stat gives: that depends on the version, which
		// a listing does not ask for. It is stable, and no other's.
		e.Name, e.Ino = h.last.Name(), inode(h.last, "")
		if _, ok := h.last.(fs.Dir); !ok {
			e.Mode = syscall.S_IFREG
		}
	default:
		return nil, 0
	}
	h.next++
	return e, 0
}

func (n *dirNode) parentIno() uint64 {
	if _, parent := n.Parent(); parent != nil {
		return parent.StableAttr().Ino
	}
	return rootIno
}

// Seekdir goes to an entry's offset. Back at the start, rewinddir(3) wants the folder as it is now.
func (h *dirHandle) Seekdir(ctx context.Context, off uint64) syscall.Errno {
	if off == 0 {
		return h.list(ctx)
	}
	if h.listing == nil || h.listing.serial != off>>placeBits {
		if h.listing = h.node.listings.find(off >> placeBits); h.listing == nil {
			if e := h.list(ctx); e != 0 {
				return e
			}
		}
	}
	h.next = int(min(off&(1<<placeBits-1), uint64(len(h.listing.nodes)+2)))
	return 0
}

// Lookup is for READDIRPLUS, which asks it for the entry that Readdirent gave last. A file's attributes may cost a
// request for its stamps, so there are none: the kernel takes the name alone, and looks it up when a program wants
// to know more.
func (h *dirHandle) Lookup(ctx context.Context, name string, out *fuse.EntryOut) (*fusefs.Inode, syscall.Errno) {
	d, ok := h.last.(fs.Dir)
	if !ok {
		return nil, syscall.ENOENT
	}
	return h.node.folder(ctx, name, d, h.listing.asked, out), 0
}
