//go:build !linux && !darwin

package daemon

import (
	"context"
	"fmt"

	"github.com/codafs/codafs/fs/mount/mountpoint"
)

// InBackground is never true where there are no mounts.
func InBackground() bool { return false }

// StartBackground fails.
func StartBackground(context.Context) error {
	return fmt.Errorf("--background: %w on this system", mountpoint.ErrNoFUSE)
}

// TellReady is never called here.
func TellReady() error { return nil }
