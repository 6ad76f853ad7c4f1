//go:build !windows

package backup

import "golang.org/x/sys/unix"

// openFilesLimit is how many files this process may have open, 0 if that is not known. Go raises the soft limit to the
// hard one when a program starts.
func openFilesLimit() int {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return 0
	}
	return int(min(limit.Cur, 1<<20))
}
