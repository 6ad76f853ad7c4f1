package main

import (
	"github.com/codafs/codafs/cmd/codafs/internal/term"
	"github.com/codafs/codafs/fs/mount/mountpoint"
	"github.com/spf13/cobra"
)

// newUnmount makes 'codafs unmount', also called umount. It works whichever process serves the mount, and for mounts that are
// dead, stuck or in use, where umount(8) fails or waits. It ends with 0 when the folder is free, even if files of the mount
// are still open. What is not a codafs mount is refused (1) and left alone, and so is a mount that something else covers.
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
