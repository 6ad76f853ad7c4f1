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

// listing is a folder as it was listed once. It never changes after it was added to the server's listings.
type listing struct {
	of     *dirNode
	serial uint64 // of the server's listings; 31 bits
	asked  uint64 // the count of changes when the tree was asked
	nodes  []fs.Node
}

const (
	// maxListings is how many listings of a folder are kept, each with different names. The kernel does not say who is
	// reading one.
	maxListings = 16
	// maxAllListings is how many are kept of all folders, and maxListed how many names these have, if there are more than
	// maxListings.
	maxAllListings, maxListed = 256, 50_000
)

// listings are the listings that were used last. So a program that is reading one goes on in it, even if others had the
// folder listed again. The zero value has none.
type listings struct {
	mu   sync.Mutex
	last []*listing // the one used last in front
}

// find returns the listing of a folder with a serial, nil if it was dropped.
func (l *listings) find(of *dirNode, serial uint64) *listing {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := slices.IndexFunc(l.last, func(one *listing) bool { return one.of == of && one.serial == serial })
	if i < 0 {
		return nil
	}
	return l.used(i)
}

// used moves the listing at i to the front. l.mu is held.
func (l *listings) used(i int) *listing {
	one := l.last[i]
	copy(l.last[1:i+1], l.last[:i])
	l.last[0] = one
	return one
}

// add keeps a listing, and drops those that were used longest ago. If there is one with the same names, the new one
// replaces it under the old serial: whoever is reading the old one goes on in the new one.
func (l *listings) add(one *listing) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if i := slices.IndexFunc(l.last, one.sameNames); i >= 0 {
		one.serial = l.last[i].serial
		l.last[i] = one
		l.used(i)
		return
	}
	ofFolder, all, names := 0, 0, 0
	l.last = slices.DeleteFunc(slices.Insert(l.last, 0, one), func(other *listing) bool {
		names += len(other.nodes)
		if other.of == one.of {
			ofFolder++
		}
		all++
		return other.of == one.of && ofFolder > maxListings || all > maxAllListings || all > maxListings && names > maxListed
	})
}

// forget drops the listings of a folder.
func (l *listings) forget(of *dirNode) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last = slices.DeleteFunc(l.last, func(one *listing) bool { return one.of == of })
}

func (l *listing) sameNames(other *listing) bool {
	return l.of == other.of && slices.EqualFunc(l.nodes, other.nodes, func(a, b fs.Node) bool { return a.Name() == b.Name() })
}

// The offset of an entry says where the next one is read: the upper bits are the serial of the listing, the lower ones
// its index.
const placeBits = 32

func offset(l *listing, place int) uint64 { return l.serial<<placeBits | uint64(place) }

// dirHandle is a folder that is being read: from opendir(3) to closedir(3), or in a silent mount, where the kernel
// sends neither, for one READDIR. go-fuse calls it from one goroutine at a time.
type dirHandle struct {
	node    *dirNode
	listing *listing
	next    int     // index of the entry that Readdirent returns next
	last    fs.Node // the node that it returned last; nil for "." and ".."
}

// OpendirHandle lists nothing: if the kernel has the listing cached, it sends no READDIR.
func (n *dirNode) OpendirHandle(context.Context, uint32) (fusefs.FileHandle, uint32, syscall.Errno) {
	flags := uint32(0)
	if n.server.names == keep {
		flags = fuse.FOPEN_CACHE_DIR | fuse.FOPEN_KEEP_CACHE
	}
	return &dirHandle{node: n}, flags, 0
}

// list asks the tree for the folder's entries.
func (h *dirHandle) list(ctx context.Context) syscall.Errno {
	n := h.node
	asked := n.server.changes.count.Load()
	n.busy.Add(1)
	defer n.busy.Add(-1)
	nodes, err := await(ctx, n.server, n.dir.Entries, nil)
	if err != nil {
		e := n.server.fail(n.dir, "readdir", err)
		if e == syscall.ENOENT {
			// readdir(3) takes ENOENT for the end of the folder. A folder that is gone, or that the token may not see
			// any more, would seem empty, and rsync --delete would empty its copy.
			return syscall.EIO
		}
		return e
	}
	if n.server.changes.count.Load() != asked {
		n.server.retell(n.dir.Object().DocID) // the kernel keeps this listing, which may be old
	}
	serial := n.server.serial.Add(1) & (1<<31 - 1)
	h.next, h.listing = 0, &listing{n, serial, asked, nodes}
	n.server.listings.add(h.listing)
	return 0
}

// Readdirent returns the next entry.
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
		// For a file this is not the number that stat shows: that depends on the version, which a listing does not ask
		// for. It is stable and unique.
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

// Seekdir goes to an entry's offset. At offset 0 it lists the folder again, as rewinddir(3) requires.
func (h *dirHandle) Seekdir(ctx context.Context, off uint64) syscall.Errno {
	if off == 0 {
		return h.list(ctx)
	}
	if h.listing == nil || h.listing.serial != off>>placeBits {
		if h.listing = h.node.server.listings.find(h.node, off>>placeBits); h.listing == nil {
			if e := h.list(ctx); e != 0 {
				return e
			}
		}
	}
	h.next = int(min(off&(1<<placeBits-1), uint64(len(h.listing.nodes)+2)))
	return 0
}

// Lookup is for READDIRPLUS, which calls it for the entry that Readdirent returned last. A file's attributes may cost a
// request for its stamps, so files have none: the kernel takes the name alone, and looks it up when a program wants to
// know more.
func (h *dirHandle) Lookup(ctx context.Context, name string, out *fuse.EntryOut) (*fusefs.Inode, syscall.Errno) {
	d, ok := h.last.(fs.Dir)
	if !ok {
		return nil, syscall.ENOENT
	}
	return h.node.folder(ctx, name, d, h.listing.asked, out), 0
}

// silent stops the kernel from sending OPENDIR and RELEASEDIR, which is most of the cost of a walk over cached folders.
// fileNode.Open does the same for files.
type silent struct{ fuse.RawFileSystem }

// OpenDir is called once: after ENOSYS the kernel does not send OPENDIR again.
func (silent) OpenDir(<-chan struct{}, *fuse.OpenIn, *fuse.OpenOut) fuse.Status { return fuse.ENOSYS }

func (s silent) ReadDir(cancel <-chan struct{}, in *fuse.ReadIn, out *fuse.DirEntryList) fuse.Status {
	return s.opened(cancel, in, func() fuse.Status { return s.RawFileSystem.ReadDir(cancel, in, out) })
}

func (s silent) ReadDirPlus(cancel <-chan struct{}, in *fuse.ReadIn, out *fuse.DirEntryList) fuse.Status {
	return s.opened(cancel, in, func() fuse.Status { return s.RawFileSystem.ReadDirPlus(cancel, in, out) })
}

// opened opens the folder of in for read: go-fuse can only read an open one.
func (s silent) opened(cancel <-chan struct{}, in *fuse.ReadIn, read func() fuse.Status) fuse.Status {
	var out fuse.OpenOut
	if status := s.RawFileSystem.OpenDir(cancel, &fuse.OpenIn{InHeader: in.InHeader}, &out); !status.Ok() {
		return status
	}
	in.Fh = out.Fh
	defer s.RawFileSystem.ReleaseDir(&fuse.ReleaseIn{InHeader: in.InHeader, Fh: in.Fh})
	return read()
}
