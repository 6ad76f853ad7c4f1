//go:build linux || darwin

package mount

import (
	"context"
	"syscall"

	fusefs "github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"

	"github.com/codafs/codafs/fs"
)

// OpendirHandle lists the folder: whoever opens one means to read it, and no lock of the kernel is
// held here, as there is in READDIR. Where the kernel has the listing, nobody will ask for ours.
func (n *dirNode) OpendirHandle(ctx context.Context, _ uint32) (fusefs.FileHandle, uint32, syscall.Errno) {
	h := &dirHandle{node: n}
	if n.server.names != keep {
		return h, 0, h.list(ctx)
	}
	const keepListing = fuse.FOPEN_CACHE_DIR | fuse.FOPEN_KEEP_CACHE
	if n.listed.Load() == n.server.changes.count.Load()+1 {
		return h, keepListing, 0
	}
	return h, keepListing, h.list(ctx)
}

// dirHandle is one open folder. go-fuse calls it from one goroutine at a time.
type dirHandle struct {
	node    *dirNode
	asked   uint64 // the count of changes before the folder was listed
	entries []fuse.DirEntry
	folders map[string]fs.Dir // those entries that READDIRPLUS gives attributes of
	next    int               // the entry that Readdirent gives
}

// list reads the folder anew.
func (h *dirHandle) list(ctx context.Context) syscall.Errno {
	n := h.node
	h.asked = n.server.changes.count.Load()
	nodes, err := await(ctx, n.server, n.dir.Entries, nil)
	if err != nil {
		return n.server.fail(n.dir, "readdir", err)
	}
	h.next = 0
	h.folders = map[string]fs.Dir{}
	h.entries = h.entries[:0]
	h.add(".", syscall.S_IFDIR, n.StableAttr().Ino)
	h.add("..", syscall.S_IFDIR, n.parentIno())
	for _, node := range nodes {
		mode := uint32(syscall.S_IFREG)
		if d, ok := node.(fs.Dir); ok {
			mode = syscall.S_IFDIR
			h.folders[d.Name()] = d
		}
		// For a file this is not the number that stat gives: that depends on the version, which
		// a listing does not ask for. It is stable, and no other's.
		h.add(node.Name(), mode, inode(node, ""))
	}
	return 0
}

func (h *dirHandle) add(name string, mode uint32, ino uint64) {
	off := uint64(len(h.entries) + 1)
	h.entries = append(h.entries, fuse.DirEntry{Name: name, Mode: mode, Ino: ino, Off: off})
}

func (n *dirNode) parentIno() uint64 {
	if _, parent := n.Parent(); parent != nil {
		return parent.StableAttr().Ino
	}
	return rootIno
}

// ready lists the folder where that was left out, or where it has changed since and nobody has seen
// the first entry yet.
func (h *dirHandle) ready(ctx context.Context) syscall.Errno {
	if h.entries == nil || h.next == 0 && h.asked != h.node.server.changes.count.Load() {
		return h.list(ctx)
	}
	return 0
}

// Readdirent gives the next entry.
func (h *dirHandle) Readdirent(ctx context.Context) (*fuse.DirEntry, syscall.Errno) {
	if e := h.ready(ctx); e != 0 {
		return nil, e
	}
	if h.next >= len(h.entries) {
		h.node.listed.Store(h.asked + 1)
		return nil, 0
	}
	e := h.entries[h.next]
	h.next++
	return &e, 0
}

// Seekdir goes to an entry's offset. Back at the start, rewinddir(3) wants the folder as it is now.
func (h *dirHandle) Seekdir(ctx context.Context, off uint64) syscall.Errno {
	if off == 0 {
		return h.list(ctx)
	}
	if e := h.ready(ctx); e != 0 {
		return e
	}
	h.next = int(min(off, uint64(len(h.entries))))
	return 0
}

// Lookup is for READDIRPLUS, which asks it for every entry. A file's attributes may cost a request for
// its stamps, so there are none: the kernel takes the name alone, and looks it up when a program wants
// to know more.
func (h *dirHandle) Lookup(ctx context.Context, name string, out *fuse.EntryOut) (*fusefs.Inode, syscall.Errno) {
	d, ok := h.folders[name]
	if !ok {
		return nil, syscall.ENOENT
	}
	return h.node.folder(ctx, d, h.node.server.keepSince(h.asked), out), 0
}
