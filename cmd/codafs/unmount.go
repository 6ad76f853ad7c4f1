package main

import (
	"github.com/codafs/codafs/fs/mount"
	"github.com/spf13/cobra"
)

func newUnmount(std streams) *cobra.Command {
	return &cobra.Command{
		Use:     "unmount MOUNTPOINT",
		Aliases: []string{"umount"},
		Short:   "Take a mount away",
		Long: `Take a codafs mount away, also one whose process died. Where files in it are still open, the
folder is free at once and the programs that have them open read on to the end. The process of a
mount that gives no answer for 5 seconds may be killed: whoever waits for it then gets an error.`,
		Example: `  codafs unmount ./mnt`,
		Args:    cobra.ExactArgs(1),

		ValidArgsFunction: completeMounts,
		RunE:              func(_ *cobra.Command, args []string) error { return mount.Unmount(args[0]) },
	}
}
