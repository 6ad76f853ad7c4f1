//go:build linux || darwin

package mount

import (
	"github.com/hanwen/go-fuse/v2/fuse"
)

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
