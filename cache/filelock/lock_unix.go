//go:build !windows

package filelock

import (
	"errors"
	"os"
	"syscall"
)

// Try takes an exclusive lock on f, which ends with f or its process. It reports false
// if another open file has it.
func Try(f *os.File) (bool, error) {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}
