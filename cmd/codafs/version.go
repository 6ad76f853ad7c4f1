package main

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"
)

// version is the program's; a release build sets it.
var version = "0.1.0-dev"

// tool names the program in manifests and to Coda.
func tool() string { return "codafs " + version }

func newVersion(std streams) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintf(std.out, "%s (%s, %s/%s)\n", tool(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		},
	}
}
