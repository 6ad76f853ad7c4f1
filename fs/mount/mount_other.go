//go:build !linux && !darwin

package mount

import (
	"fmt"

	"github.com/codafs/codafs/fs"
)

// Server is a mount that is being served; here there is none.
type Server struct{}

var errSystem = fmt.Errorf("%w on this system: `codafs snapshot`, `cat` and `ls` work without", ErrNoFUSE)

// Mount fails with [ErrNoFUSE].
func Mount(string, fs.Dir, Options) (*Server, error) { return nil, errSystem }

// Wait returns at once.
func (*Server) Wait() {}

// Changed does nothing.
func (*Server) Changed(string) {}

// Stats are zero.
func (*Server) Stats() Stats { return Stats{} }

// Unmount does nothing.
func (*Server) Unmount() error { return nil }

// Guard returns at once.
func Guard() {}

// Unmount fails with [ErrNoFUSE].
func Unmount(string) error { return errSystem }

// StateOf says that dir is a plain folder.
func StateOf(string) (State, error) { return Plain, nil }

// Mounts gives none.
func Mounts() ([]string, error) { return nil, nil }

// Check fails with [ErrNoFUSE].
func Check(bool) error { return errSystem }
