package main

import "os"

// removeLock removes a file that is locked. Windows removes none that is open, here or elsewhere.
func removeLock(f *os.File) {
	f.Close()
	os.Remove(f.Name())
}
