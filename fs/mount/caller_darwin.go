package mount

import "context"

// callerLeaves is always true: macOS has no /proc to tell which signal interrupted the caller.
func callerLeaves(context.Context) bool { return true }
