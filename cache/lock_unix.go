//go:build !windows

package cache

import (
	"errors"
	"os"
	"syscall"
)

// lockTemp locks a temporary file that was just made, until f is closed. It reports false where another
// process took the file for a dead one's first. Where a file system has no locks, nobody gets this one.
func lockTemp(f *os.File) bool {
	if free, err := tryLock(f); err == nil && !free {
		return false
	}
	var st syscall.Stat_t
	err := syscall.Fstat(int(f.Fd()), &st)
	return err != nil || st.Nlink > 0
}

// tempInUse reports whether a process has the temporary file open. Where a file system has no locks, that is not known.
func tempInUse(path string) (release func(), used bool) {
	f, err := os.OpenFile(path, os.O_RDWR|openAtOnce, 0)
	if err != nil {
		return func() {}, false
	}
	free, err := tryLock(f)
	if err == nil && !free {
		f.Close()
		return func() {}, true
	}
	return func() { f.Close() }, false
}

// tryLock takes an exclusive lock on f, which ends with f or its process. It reports false where another
// open file has it.
func tryLock(f *os.File) (bool, error) {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}
