//go:build !windows

package folder

import (
	iofs "io/fs"
	"os"
	"syscall"
)

// unlock ends the lock. Closing f would, too, but not while a process that is just being
// started has f as well: a fork has all open files up to its exec.
func unlock(f *os.File) { _ = syscall.Flock(int(f.Fd()), syscall.LOCK_UN) }

// syncDir makes the names in an open folder durable.
func syncDir(f *os.File) error { return f.Sync() }

// nameErrors are what a file system answers to a name that it cannot hold.
var nameErrors = []error{
	syscall.ENAMETOOLONG, syscall.EILSEQ, syscall.EINVAL,
	syscall.EEXIST, syscall.ENOTDIR, syscall.EISDIR,
}

// linkErrors are what a file system answers that makes no hard link between two names.
var linkErrors = []error{syscall.EXDEV, syscall.EMLINK}

// unsupportedErrors are what a file system answers that has no modes or times, or that
// cannot sync a folder.
var unsupportedErrors = []error{syscall.EPERM, syscall.ENOTSUP, syscall.EINVAL, syscall.ENOSYS}

// onDisk reports which file it is, and what it takes. Some file systems do not tell the latter.
func onDisk(info iofs.FileInfo) (file inode, bytes int64, ok bool) {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return file, 0, false
	}
	bytes = int64(st.Blocks) * 512
	if bytes == 0 && info.Mode().IsRegular() {
		bytes = info.Size()
	}
	return inode{uint64(st.Dev), uint64(st.Ino)}, bytes, true
}
