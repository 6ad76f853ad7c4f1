//go:build !linux && !darwin

package main

import (
	"context"
	"fmt"

	"github.com/codafs/codafs/fs/mount/mountpoint"
)

func inBackground() bool { return false }

func startBackground(context.Context) error {
	return fmt.Errorf("--background: %w on this system", mountpoint.ErrNoFUSE)
}

func tellReady() error { return nil }
