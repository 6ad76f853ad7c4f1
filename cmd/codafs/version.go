package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version is the program's; a release build sets it.
var version = "0.1.0-dev"

// tool names the program in manifests and to Coda.
func tool() string { return "codafs " + version }

// versionLine names the program and what it was built with.
func versionLine() string {
	return fmt.Sprintf("%s (%s%s, %s/%s)\n", tool(), builtFrom(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

func newVersion(std streams) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Long:  "Print the program's version, the Go release that built it, and the system that it was built for.",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := io.WriteString(std.out, versionLine())
			return err
		},
	}
}

// builtFrom is the commit and its date, as the Go tool notes them in a program that it builds in a
// checkout: "ab12cd34ef56 of 2026-03-07T10:15:30Z, ". It is empty elsewhere.
func builtFrom() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	noted := map[string]string{}
	for _, s := range info.Settings {
		noted[s.Key] = s.Value
	}
	commit, date := noted["vcs.revision"], noted["vcs.time"]
	if commit == "" || date == "" {
		return ""
	}
	if noted["vcs.modified"] == "true" {
		date += " with changes"
	}
	return fmt.Sprintf("%.12s of %s, ", commit, date)
}
