//go:build !windows

package main

import (
	"errors"
	"os"
	"syscall"
)

// tryLock takes an exclusive lock on f, which ends with f or its process. It reports false
// where another open file has it.
func tryLock(f *os.File) (bool, error) {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}

// removeLock removes a file that is locked, while it is: whoever gets the lock then sees that the file is gone.
func removeLock(f *os.File) {
	os.Remove(f.Name())
	f.Close()
}
