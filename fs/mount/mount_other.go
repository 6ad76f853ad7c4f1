//go:build !linux && !darwin

package mount

import (
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/mount/mountpoint"
)

// Server is a mount that is being served; here there is none.
type Server struct{}

// Mount fails with [mountpoint.ErrNoFUSE].
func Mount(_ string, _ fs.Dir, o Options) (*Server, error) {
	return nil, mountpoint.Check(o.AllowOther)
}

// Wait returns at once.
func (*Server) Wait() {}

// Changed does nothing.
func (*Server) Changed(string) {}

// Stats are zero.
func (*Server) Stats() Stats { return Stats{} }

// Unmount does nothing.
func (*Server) Unmount() error { return nil }
