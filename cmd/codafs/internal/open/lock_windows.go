package open

import "os"

// removeLock closes a locked file and removes it: Windows removes no open file.
func removeLock(f *os.File) {
	f.Close()
	os.Remove(f.Name())
}
