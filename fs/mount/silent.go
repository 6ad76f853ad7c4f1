//go:build linux || darwin

package mount

import (
	"github.com/hanwen/go-fuse/v2/fuse"
)

// silent keeps the kernel from telling when a folder is opened and closed, which is most of what a walk over
// what it has cached costs. fileNode.Open does the same for files.
type silent struct{ fuse.RawFileSystem }

// OpenDir is asked once.
func (silent) OpenDir(<-chan struct{}, *fuse.OpenIn, *fuse.OpenOut) fuse.Status { return fuse.ENOSYS }

func (s silent) ReadDir(cancel <-chan struct{}, in *fuse.ReadIn, out *fuse.DirEntryList) fuse.Status {
	return s.opened(cancel, in, func() fuse.Status { return s.RawFileSystem.ReadDir(cancel, in, out) })
}

func (s silent) ReadDirPlus(cancel <-chan struct{}, in *fuse.ReadIn, out *fuse.DirEntryList) fuse.Status {
	return s.opened(cancel, in, func() fuse.Status { return s.RawFileSystem.ReadDirPlus(cancel, in, out) })
}

// opened runs read with the folder of in opened for it: go-fuse reads no other.
func (s silent) opened(cancel <-chan struct{}, in *fuse.ReadIn, read func() fuse.Status) fuse.Status {
	var out fuse.OpenOut
	if status := s.RawFileSystem.OpenDir(cancel, &fuse.OpenIn{InHeader: in.InHeader}, &out); !status.Ok() {
		return status
	}
	in.Fh = out.Fh
	defer s.RawFileSystem.ReleaseDir(&fuse.ReleaseIn{InHeader: in.InHeader, Fh: in.Fh})
	return read()
}
