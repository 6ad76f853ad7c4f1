//go:build !windows

package open

import "os"

// removeLock removes a file while it is locked: whoever gets the lock later sees that the file is gone.
func removeLock(f *os.File) {
	os.Remove(f.Name())
	f.Close()
}
