//go:build !windows

package main

import "os"

// removeLock removes a file that is locked, while it is: whoever gets the lock then sees that the file is gone.
func removeLock(f *os.File) {
	os.Remove(f.Name())
	f.Close()
}
