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
)

// dirNode is a folder's inode. Its fields never change, but for what guards itself.
type dirNode struct {
	fusefs.Inode
	base
	server *Server
	dir    fs.Dir

	busy     atomic.Int32 // lookups and listings under way, for which the kernel holds the folder
	names    givenNames
	listings listings
}

// Getattr asks nobody, but for the root's stamp when it is first looked at: else a folder's is what is known of it. An
// open on its way to something below the root does not wait: the stamp is none of its business.
func (n *dirNode) Getattr(ctx context.Context, _ fusefs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	d, ok := n.dir.(fs.Undated)
	if ok && d.ModTime().IsZero() && n.server.ready.Load() && doing(ctx) != opening {
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

// found is an entry that was looked up, with its current version if it is a file, and how long the kernel
// may keep it.
type found struct {
	node    fs.Node
	version fs.Version
	keep    time.Duration
}

// Lookup may ask for listings and stamps, never for content: the kernel holds the folder meanwhile.
func (n *dirNode) Lookup(ctx context.Context, name string, out *fuse.EntryOut) (*fusefs.Inode, syscall.Errno) {
	if len(name) > maxName {
		return nil, syscall.ENAMETOOLONG
	}
	n.busy.Add(1)
	defer n.busy.Add(-1)
	asked := n.server.changes.count.Load()
	f, err := await(ctx, n.server, func(ctx context.Context) (found, error) { return n.find(ctx, name) }, nil)
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

// notFound answers a lookup that failed. The kernel may keep a name that is not there as it may one that is.
func (n *dirNode) notFound(name string, f found, err error, asked uint64, out *fuse.EntryOut) syscall.Errno {
	var of fs.Node = n.dir
	if f.node != nil {
		of = f.node
	}
	e := n.server.fail(of, "lookup", err)
	if e == syscall.ENOENT && (!n.names.giveMissing(name) || n.server.keepSince(asked) == 0) {
		out.SetEntryTimeout(1) // go-fuse has the kernel keep the name where this is 0, and not keep it at all else
	}
	return e
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
	return found{node: node, version: version}, err
}

// folder gives the inode of a folder inside n. If the kernel knows that inode, go-fuse goes on with
// the node it has.
func (n *dirNode) folder(ctx context.Context, name string, d fs.Dir, asked uint64, out *fuse.EntryOut) *fusefs.Inode {
	n.names.give(name)
	keep := n.server.keepSince(asked)
	out.SetEntryTimeout(keep)
	out.SetAttrTimeout(min(keep, n.server.dirAttr(d, &out.Attr)))
	child := &dirNode{server: n.server, dir: d}
	return n.NewInode(ctx, child, fusefs.StableAttr{Mode: syscall.S_IFDIR, Ino: inode(d, "")})
}

// file gives the inode of what was found of file f in n.
func (n *dirNode) file(ctx context.Context, name string, f fs.File, found found, out *fuse.EntryOut) *fusefs.Inode {
	ino := inode(f, found.version.Key)
	child := n.known(name, ino)
	if child == nil {
		child = newFileNode(n.server, f, found.version)
	}
	size, keep := child.sizeAtHand()
	out.SetAttrTimeout(keep)
	n.server.fileAttr(found.version, size, &out.Attr)
	if !found.version.Volatile {
		out.SetEntryTimeout(found.keep)
	}
	return n.NewInode(ctx, child, fusefs.StableAttr{Mode: syscall.S_IFREG, Ino: ino})
}

// known is the node that the kernel has under name, if it is inode ino. It may know a size that
// the tree has forgotten; without it an open file would seem to shrink. One of another version is superseded.
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
