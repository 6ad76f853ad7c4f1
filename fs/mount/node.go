//go:build linux || darwin

package mount

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"syscall"
	"time"

	fusefs "github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"

	"github.com/codafs/codafs/fs"
)

const (
	rootIno   = 1
	blockSize = 4096
	maxName   = 255 // bytes, as Statfs says
	dirMode   = syscall.S_IFDIR | 0o555
	fileMode  = syscall.S_IFREG | 0o444
)

// inode returns the inode number of n; for a file, of its version with key. It has 63 bits, for programs that store it
// in a signed word. Folders without an id of their own (docs, pages) differ by their names, which never change.
func inode(n fs.Node, key string) uint64 {
	o := n.Object()
	h := sha256.New()
	name := ""
	if o.ID == "" {
		name = n.Name()
	}
	for _, part := range []string{string(o.Kind), o.DocID, o.ID, o.Type, name, key} {
		h.Write([]byte(part))
		h.Write([]byte{0})
	}
	ino := binary.LittleEndian.Uint64(h.Sum(nil)) >> 1
	return max(ino, rootIno+1)
}

// dirAttr fills in the attributes of folder d, and returns their timeout: 0 while the stamp is not known. A link count
// of 1 means "not counted"; programs take 2 for "no subfolders".
func (s *Server) dirAttr(d fs.Dir, a *fuse.Attr) (keep time.Duration) {
	a.Mode, a.Nlink = dirMode, 1
	at := d.ModTime()
	s.commonAttr(at, a)
	if at.IsZero() {
		return 0
	}
	return s.names
}

// fileAttr fills in the attributes of a file of size bytes.
func (s *Server) fileAttr(modTime time.Time, size int64, a *fuse.Attr) {
	a.Mode, a.Nlink = fileMode, 1
	a.Size = uint64(size)
	a.Blocks = uint64(size+511) / 512
	s.commonAttr(modTime, a)
}

// commonAttr fills in what files and folders have in common. A zero time stays 1970.
func (s *Server) commonAttr(modTime time.Time, a *fuse.Attr) {
	a.Blksize = blockSize
	a.Owner = fuse.Owner{Uid: uint32(s.opts.UID), Gid: uint32(s.opts.GID)}
	if !modTime.IsZero() {
		a.SetTimes(&modTime, &modTime, &modTime)
	}
}

// base is common to folders and files: nothing can be written, and the block size is set (bsdtar loops for ever if it
// is 0).
type base struct{ readOnly }

// Statfs leaves all counts at 0: the size of a workspace is not known.
func (base) Statfs(_ context.Context, out *fuse.StatfsOut) syscall.Errno {
	out.Bsize, out.Frsize, out.NameLen = blockSize, blockSize, maxName
	return 0
}

// readOnly answers EROFS to all writes. The mount is read-only too, so the kernel seldom sends them. But root can
// remount it, and go-fuse by itself lets unlink and rmdir succeed.
type readOnly struct{}

func (readOnly) Setattr(context.Context, fusefs.FileHandle, *fuse.SetAttrIn, *fuse.AttrOut) syscall.Errno {
	return syscall.EROFS
}

func (readOnly) Setxattr(context.Context, string, []byte, uint32) syscall.Errno {
	return syscall.EROFS
}

func (readOnly) Removexattr(context.Context, string) syscall.Errno { return syscall.EROFS }

func (readOnly) Create(context.Context, string, uint32, uint32, *fuse.EntryOut) (*fusefs.Inode, fusefs.FileHandle, uint32, syscall.Errno) {
	return nil, nil, 0, syscall.EROFS
}

func (readOnly) Tmpfile(context.Context, uint32, uint32, *fuse.EntryOut) (*fusefs.Inode, fusefs.FileHandle, uint32, syscall.Errno) {
	return nil, nil, 0, syscall.EROFS
}

func (readOnly) Mkdir(context.Context, string, uint32, *fuse.EntryOut) (*fusefs.Inode, syscall.Errno) {
	return nil, syscall.EROFS
}

func (readOnly) Mknod(context.Context, string, uint32, uint32, *fuse.EntryOut) (*fusefs.Inode, syscall.Errno) {
	return nil, syscall.EROFS
}

func (readOnly) Link(context.Context, fusefs.InodeEmbedder, string, *fuse.EntryOut) (*fusefs.Inode, syscall.Errno) {
	return nil, syscall.EROFS
}

func (readOnly) Symlink(context.Context, string, string, *fuse.EntryOut) (*fusefs.Inode, syscall.Errno) {
	return nil, syscall.EROFS
}

func (readOnly) Rename(context.Context, string, fusefs.InodeEmbedder, string, uint32) syscall.Errno {
	return syscall.EROFS
}

func (readOnly) Unlink(context.Context, string) syscall.Errno { return syscall.EROFS }

func (readOnly) Rmdir(context.Context, string) syscall.Errno { return syscall.EROFS }
