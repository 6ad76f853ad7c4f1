package caller

import (
	"context"

	"golang.org/x/sys/unix"
)

// Leaves is always true: macOS has no /proc that shows which signal interrupted the caller.
func Leaves(uint32) bool { return true }

// Callers sees the callers of one mount.
type Callers struct{}

// New returns Callers that must be closed.
func New() *Callers { return &Callers{} }

// Close has nothing to do.
func (*Callers) Close() {}

// Program returns the name of the program that process pid runs, at most 16 bytes; "" if it cannot be read.
func (*Callers) Program(pid uint32) string {
	info, err := unix.SysctlKinfoProc("kern.proc.pid", int(pid))
	if err != nil {
		return ""
	}
	return unix.ByteSliceToString(info.Proc.P_comm[:])
}

// CallOf cannot see anything.
func (*Callers) CallOf(context.Context, uint32) (Call, bool) { return Unseen, false }

// SeesCalls is always false here.
func SeesCalls(bool) bool { return false }
