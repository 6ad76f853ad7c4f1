//go:build !linux && !darwin

package mountpoint

import "fmt"

var errSystem = fmt.Errorf("%w on this system: `codafs snapshot`, `cat` and `ls` work without", ErrNoFUSE)

// Unmount fails with [ErrNoFUSE].
func Unmount(string) error { return errSystem }

// StateOf says that dir is a plain folder.
func StateOf(string) (State, error) { return Plain, nil }

// List returns none.
func List() ([]string, error) { return nil, nil }

// Check fails with [ErrNoFUSE].
func Check(bool) error { return errSystem }
