package main

import (
	"github.com/codafs/codafs/cmd/codafs/internal/term"
	"github.com/codafs/codafs/fs/mount/mountpoint"
	"github.com/spf13/cobra"
)

func newUnmount(std term.Streams) *cobra.Command {
	return &cobra.Command{
		Use:     "unmount MOUNTPOINT",
		Aliases: []string{"umount"},
		Short:   "Unmount a mount",
		Long: `Unmount a codafs mount, even if its process has died. If programs still have files of it open, the folder is free at
once, and those programs can read their files to the end. If the mount's process gives no answer for 5 seconds, it
may be killed; programs that wait for it then get an error.`,
		Example: `  codafs unmount ./mnt`,
		Args:    between(1, 1),

		ValidArgsFunction: completeMounts,
		RunE:              func(_ *cobra.Command, args []string) error { return mountpoint.Unmount(args[0]) },
	}
}
