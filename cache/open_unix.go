//go:build !windows

package cache

import "syscall"

// openAtOnce has a named pipe opened without waiting for its writer. It changes nothing for files.
const openAtOnce = syscall.O_NONBLOCK
