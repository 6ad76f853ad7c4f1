//go:build linux || darwin

package mount

import (
	"context"
	"sync/atomic"
	"syscall"
	"time"

	fusefs "github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"

	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/mount/caller"
)

// dirNode is the inode of a folder. Its fields never change, except those with locks of their own.
type dirNode struct {
	fusefs.Inode
	base
	server *Server
	dir    fs.Dir

	busy  atomic.Int32 // lookups and listings under way, for which the kernel holds the folder
	names givenNames
	place place
}

// Getattr answers from what is known. Only the root's first one waits for its stamp. An open on its way to something
// below the root does not wait: it does not need the stamp.
func (n *dirNode) Getattr(ctx context.Context, _ fusefs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	d, ok := n.dir.(fs.Undated)
	if ok && d.ModTime().IsZero() && n.server.ready.Load() && n.server.callOf(ctx) != caller.Opening {
		_, err := await(ctx, n.server, func(ctx context.Context) (struct{}, error) {
			d.AwaitModTime(ctx)
			return struct{}{}, nil
		}, nil)
		if err != nil { // the caller leaves, or the mount ends
			return n.server.fail(n.dir, "getattr", err)
		}
	}
	out.SetTimeout(n.server.dirAttr(n.dir, &out.Attr))
	return 0
}

// lookupResult is the result of a lookup: a node, its current version if it is a file, and how long the kernel may keep
// the name.
type lookupResult struct {
	node    fs.Node
	version fs.Version
	keep    time.Duration
}

// Lookup may ask for lists and stamps, never for content: the kernel holds the folder's lock meanwhile.
func (n *dirNode) Lookup(ctx context.Context, name string, out *fuse.EntryOut) (*fusefs.Inode, syscall.Errno) {
	if len(name) > maxName {
		return nil, syscall.ENAMETOOLONG
	}
	n.busy.Add(1)
	defer n.busy.Add(-1)
	asked := n.server.changes.count.Load()
	f, err := await(ctx, n.server, func(ctx context.Context) (lookupResult, error) { return n.find(ctx, name) }, nil)
	if err != nil {
		return nil, n.notFound(name, f, err, asked, out)
	}
	switch child := f.node.(type) {
	case fs.Dir:
		return n.folder(ctx, name, child, asked, out), 0
	case fs.File:
		n.names.give(name)
		f.keep = n.server.keepSince(asked)
		if v, ok := n.server.promises.find(ctx, child); ok && v.Key != f.version.Key {
			f.version, f.keep = v, 0
		}
		return n.file(ctx, name, child, f, out), 0
	}
	return nil, syscall.EIO
}

// notFound answers a lookup that failed. The kernel may keep a missing name as long as an existing one.
func (n *dirNode) notFound(name string, f lookupResult, err error, asked uint64, out *fuse.EntryOut) syscall.Errno {
	var of fs.Node = n.dir
	if f.node != nil {
		of = f.node
	}
	e := n.server.fail(of, "lookup", err)
	if e == syscall.ENOENT && (!n.names.giveMissing(n.server, name) || n.server.keepSince(asked) == 0) {
		out.SetEntryTimeout(1) // if this is 0, go-fuse sets NegativeTimeout; otherwise the kernel does not keep the name
	}
	return e
}

// find looks a name up in the tree, and asks for the version if it is a file.
func (n *dirNode) find(ctx context.Context, name string) (lookupResult, error) {
	node, err := n.dir.Lookup(ctx, name)
	if err != nil {
		return lookupResult{}, err
	}
	file, ok := node.(fs.File)
	if !ok {
		return lookupResult{node: node}, nil
	}
	version, err := file.Version(ctx)
	return lookupResult{node: node, version: version}, err
}

// folder returns the inode of a folder in n. If the kernel knows this inode already, go-fuse uses the existing node.
func (n *dirNode) folder(ctx context.Context, name string, d fs.Dir, asked uint64, out *fuse.EntryOut) *fusefs.Inode {
	n.names.give(name)
	keep := n.server.keepSince(asked)
	out.SetEntryTimeout(keep)
	out.SetAttrTimeout(min(keep, n.server.dirAttr(d, &out.Attr)))
	child, ino := &dirNode{server: n.server, dir: d}, inode(d, "")
	child.place.inode = &child.Inode
	place := &child.place
	if now := n.GetChild(name); now != nil && now.StableAttr().Ino == ino {
		place = &now.Operations().(*dirNode).place
	}
	n.server.known.use(place)
	return n.NewInode(ctx, child, fusefs.StableAttr{Mode: syscall.S_IFDIR, Ino: ino})
}

// file returns the inode of file f in n, which a lookup has found. It makes a new node even if the kernel knows the inode:
// it may forget that one at the same time. go-fuse then takes the one that is right.
func (n *dirNode) file(ctx context.Context, name string, f fs.File, found lookupResult, out *fuse.EntryOut) *fusefs.Inode {
	ino := inode(f, found.version.Key)
	fresh := newFileNode(n.server, f, found.version)
	is := fresh.held.Load()
	child := n.known(name, ino)
	if child == nil {
		child = fresh
	}
	n.server.known.use(&child.place)
	size, keep := child.sizeAtHand(is)
	fresh.size.Store(child.size.Load())
	fresh.estimated.Store(child.estimated.Load())
	fresh.held.Store(child.held.Load())
	out.SetAttrTimeout(keep)
	n.server.fileAttr(found.version.ModTime, size, &out.Attr)
	if !found.version.Volatile {
		out.SetEntryTimeout(found.keep)
	}
	return n.NewInode(ctx, fresh, fusefs.StableAttr{Mode: syscall.S_IFREG, Ino: ino})
}

// known returns the node that the kernel has under name, if it is inode ino. That node may know a size that the tree
// has forgotten; without the size, an open file would seem to shrink. A node of another version is superseded.
func (n *dirNode) known(name string, ino uint64) *fileNode {
	child := n.GetChild(name)
	if child == nil {
		return nil
	}
	node, ok := child.Operations().(*fileNode)
	if !ok {
		return nil
	}
	if child.StableAttr().Ino != ino {
		node.supersede()
		return nil
	}
	return node
}
