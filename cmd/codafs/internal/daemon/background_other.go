//go:build !linux && !darwin

package daemon

import (
	"context"
	"fmt"

	"github.com/codafs/codafs/fs/mount/mountpoint"
)

func InBackground() bool { return false }

func StartBackground(context.Context) error {
	return fmt.Errorf("--background: %w on this system", mountpoint.ErrNoFUSE)
}

func TellReady() error { return nil }
