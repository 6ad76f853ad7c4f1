package mount

import (
	"context"

	"golang.org/x/sys/unix"
)

// callerLeaves is always true: macOS has no /proc that shows which signal interrupted the caller.
func callerLeaves(context.Context) bool { return true }

// programOf returns the name of the program that process pid runs, at most 16 bytes; "" if it cannot be read.
func programOf(pid uint32) string {
	info, err := unix.SysctlKinfoProc("kern.proc.pid", int(pid))
	if err != nil {
		return ""
	}
	return unix.ByteSliceToString(info.Proc.P_comm[:])
}

// call is the kind of system call that a program waits in. macOS does not show it.
type call int

const unseen, looking, opening call = 0, 1, 2

func callOf(context.Context) call { return unseen }

func systemCall(context.Context) (call, bool) { return unseen, false }

func seesCalls(bool) bool { return false }

// canBeSilent is false: macFUSE does not support it.
const canBeSilent = false
