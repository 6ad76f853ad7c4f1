//go:build !windows

package cache

import (
	"os"
	"syscall"
	"testing"
)

// A named pipe in a file's place must not have its readers wait for a writer that never comes.
func TestPipesAreNotWaitedFor(t *testing.T) {
	for _, kind := range []string{entriesDir, contentsDir} {
		for name, want := range map[string]string{"small": small, "large": large} {
			t.Run(name+" in "+kind, func(t *testing.T) {
				damaged(t, t.TempDir(), kind, want, func(path string, _ []byte) {
					if err := os.Remove(path); err != nil {
						t.Fatal(err)
					}
					if err := syscall.Mkfifo(path, 0o600); err != nil {
						t.Fatal(err)
					}
				})
			})
		}
	}
}
