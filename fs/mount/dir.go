//go:build linux || darwin

package mount

import (
	"context"
	"syscall"

	fusefs "github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"

	"github.com/codafs/codafs/fs"
)

// dirNode is a folder's inode. Its fields never change.
type dirNode struct {
	fusefs.Inode
	base
	server *Server
	dir    fs.Dir
}

// Getattr asks nobody: a folder's stamp is what is known of it.
func (n *dirNode) Getattr(_ context.Context, _ fusefs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	n.server.dirAttr(n.dir, &out.Attr)
	out.SetTimeout(entryTimeout)
	return 0
}

// found is an entry that was looked up, with its current version if it is a file.
type found struct {
	node    fs.Node
	version fs.Version
}

// Lookup may ask for listings and stamps, never for content: the kernel holds the folder meanwhile.
func (n *dirNode) Lookup(ctx context.Context, name string, out *fuse.EntryOut) (*fusefs.Inode, syscall.Errno) {
	if len(name) > maxName {
		return nil, syscall.ENAMETOOLONG
	}
	f, err := await(ctx, n.server, func(ctx context.Context) (found, error) { return n.find(ctx, name) }, nil)
	if err != nil {
		var of fs.Node = n.dir
		if f.node != nil {
			of = f.node
		}
		return nil, n.server.fail(of, "lookup", err)
	}
	switch child := f.node.(type) {
	case fs.Dir:
		return n.folder(ctx, child, out), 0
	case fs.File:
		return n.file(ctx, name, child, f.version, out), 0
	}
	return nil, syscall.EIO
}

func (n *dirNode) find(ctx context.Context, name string) (found, error) {
	node, err := n.dir.Lookup(ctx, name)
	if err != nil {
		return found{}, err
	}
	file, ok := node.(fs.File)
	if !ok {
		return found{node: node}, nil
	}
	version, err := file.Version(ctx)
	return found{node, version}, err
}

// folder gives the inode of a folder inside n. If the kernel knows that inode, go-fuse goes on with
// the node it has.
func (n *dirNode) folder(ctx context.Context, d fs.Dir, out *fuse.EntryOut) *fusefs.Inode {
	n.server.dirAttr(d, &out.Attr)
	out.SetEntryTimeout(entryTimeout)
	out.SetAttrTimeout(entryTimeout)
	child := &dirNode{server: n.server, dir: d}
	return n.NewInode(ctx, child, fusefs.StableAttr{Mode: syscall.S_IFDIR, Ino: inode(d, "")})
}

// file gives the inode of version v of a file in n.
func (n *dirNode) file(ctx context.Context, name string, f fs.File, v fs.Version, out *fuse.EntryOut) *fusefs.Inode {
	ino := inode(f, v.Key)
	child := n.known(name, ino)
	if child == nil {
		child = newFileNode(n.server, f, v)
	}
	size, ok := child.knownSize()
	if ok {
		out.SetAttrTimeout(sizeTimeout)
	} else {
		size = unknownSize
	}
	n.server.fileAttr(v, size, &out.Attr)
	if !v.Volatile {
		out.SetEntryTimeout(entryTimeout)
	}
	return n.NewInode(ctx, child, fusefs.StableAttr{Mode: syscall.S_IFREG, Ino: ino})
}

// known is the node that the kernel has under name, if it is inode ino. It may know a size that
// the tree has forgotten; without it an open file would seem to shrink.
func (n *dirNode) known(name string, ino uint64) *fileNode {
	child := n.GetChild(name)
	if child == nil || child.StableAttr().Ino != ino {
		return nil
	}
	node, _ := child.Operations().(*fileNode)
	return node
}

// OpendirHandle lists the folder: whoever opens one means to read it, and no lock of the kernel is
// held here. The listing is not kept by the kernel.
func (n *dirNode) OpendirHandle(ctx context.Context, _ uint32) (fusefs.FileHandle, uint32, syscall.Errno) {
	h := &dirHandle{node: n}
	return h, 0, h.list(ctx)
}

// dirHandle is one open folder. go-fuse calls it from one goroutine at a time.
type dirHandle struct {
	node    *dirNode
	entries []fuse.DirEntry
	folders map[string]fs.Dir // those entries that READDIRPLUS gives attributes of
	next    int               // the entry that Readdirent gives
}

// list reads the folder anew.
func (h *dirHandle) list(ctx context.Context) syscall.Errno {
	n := h.node
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

// Readdirent gives the next entry.
func (h *dirHandle) Readdirent(context.Context) (*fuse.DirEntry, syscall.Errno) {
	if h.next >= len(h.entries) {
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
	return h.node.folder(ctx, d, out), 0
}
