package mount

import (
	"context"

	"golang.org/x/sys/unix"
)

// callerLeaves is always true: macOS has no /proc to tell which signal interrupted the caller.
func callerLeaves(context.Context) bool { return true }

// programOf is the name of the program that process pid runs, 16 bytes at most. Where it cannot be told, it is "".
func programOf(pid uint32) string {
	info, err := unix.SysctlKinfoProc("kern.proc.pid", int(pid))
	if err != nil {
		return ""
	}
	return unix.ByteSliceToString(info.Proc.P_comm[:])
}

// call is what a program waits for an answer in. macOS does not tell.
type call int

const unseen, looking, opening call = 0, 1, 2

func doing(context.Context) call { return unseen }

func systemCall(context.Context) (call, bool) { return unseen, false }

func seesCalls(bool) bool { return false }

// canBeSilent is false: macFUSE does not know of it.
const canBeSilent = false
