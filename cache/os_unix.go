//go:build !windows

package cache

import (
	"os"
	"syscall"

	"github.com/codafs/codafs/cache/filelock"
)

// lockTemp locks a temporary file that was just made, until f is closed. It reports false if another
// process took the file for a dead one's first. On a file system without locks, nobody can lock it.
func lockTemp(f *os.File) bool {
	if free, err := filelock.Try(f); err == nil && !free {
		return false
	}
	var st syscall.Stat_t
	err := syscall.Fstat(int(f.Fd()), &st)
	return err != nil || st.Nlink > 0
}

// tempInUse reports whether a process has the temporary file open. On a file system without locks, that is not known.
func tempInUse(path string) (release func(), used bool) {
	f, err := os.OpenFile(path, os.O_RDWR|openAtOnce, 0)
	if err != nil {
		return func() {}, false
	}
	free, err := filelock.Try(f)
	if err == nil && !free {
		f.Close()
		return func() {}, true
	}
	return func() { f.Close() }, false
}

// openAtOnce has a named pipe opened without waiting for its writer. It changes nothing for files.
const openAtOnce = syscall.O_NONBLOCK
