package caller

import (
	"context"

	"golang.org/x/sys/unix"
)

// Leaves is always true: macOS has no /proc that shows which signal interrupted the caller.
func Leaves(uint32) bool { return true }

// Program returns the name of the program that process pid runs, at most 16 bytes; "" if it cannot be read.
func Program(pid uint32) string {
	info, err := unix.SysctlKinfoProc("kern.proc.pid", int(pid))
	if err != nil {
		return ""
	}
	return unix.ByteSliceToString(info.Proc.P_comm[:])
}

// CallOf cannot see anything.
func CallOf(context.Context, uint32) (Call, bool) { return Unseen, false }

// SeesCalls is always false here.
func SeesCalls(bool) bool { return false }
