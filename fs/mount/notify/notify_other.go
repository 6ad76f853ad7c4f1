//go:build !linux

package notify

import (
	"context"
	"errors"
	"os/exec"
)

// Supported is false: macFUSE's support of notifications differs from version to version.
const Supported = false

// Notifier sends nothing: here the kernel cannot be notified.
type Notifier struct{}

// Connect calls mount. The library itself sets O_CLOEXEC on the descriptor here.
func Connect(mount func() error) (*Notifier, error) { return &Notifier{}, mount() }

// ExpireName returns false: the library must send it.
func (*Notifier) ExpireName(uint64, string) bool { return false }

// ExpireFolder returns false: the library must send it.
func (*Notifier) ExpireFolder(uint64) bool { return false }

// DropName returns false: nothing is sent.
func (*Notifier) DropName(uint64, string) bool { return false }

// Forget returns false: nothing is sent.
func (*Notifier) Forget([]uint64) bool { return false }

// Send does nothing.
func (*Notifier) Send() {}

// Close does nothing.
func (*Notifier) Close() {}

// StartGuard is for Linux: no notification can block here.
func (*Notifier) StartGuard(context.Context, *exec.Cmd, string, string, func(error)) error {
	return errors.ErrUnsupported
}

// Guard returns at once.
func Guard() {}
