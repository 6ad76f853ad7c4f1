package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/codafs/codafs/cmd/codafs/internal/config"
	"github.com/codafs/codafs/cmd/codafs/internal/term"
	"github.com/spf13/cobra"
)

// version is the program's; a release build sets it (-ldflags -X main.version=…, see the Makefile).
var version = "0.1.0-dev"

// tool is the program's name in manifests, in status.json, in manual pages, and as the User-Agent of requests to Coda.
func tool() string { return "codafs " + version }

// newSettings returns the settings of a command before its flags are set.
func newSettings() config.Settings { return config.Settings{Tool: tool()} }

// build describes the build of the program, for reports of faults; its JSON form is promised.
type build struct {
	Version string `json:"version"`
	// Commit and CommittedAt are set by the Go tool if it builds in a checkout, else absent. Modified says that the
	// checkout had changes beyond that commit: such a build is nobody's release.
	Commit      string    `json:"commit,omitempty"`
	CommittedAt time.Time `json:"committed_at,omitzero"`
	Modified    bool      `json:"modified"`
	Go          string    `json:"go"`
	OS          string    `json:"os"`
	Arch        string    `json:"arch"`
}

// thisBuild reads what the Go tool recorded in the program. A build from an archive of the source has no commit.
func thisBuild() build {
	b := build{Version: version, Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Commit = s.Value
		case "vcs.time":
			b.CommittedAt, _ = time.Parse(time.RFC3339, s.Value)
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	return b
}

// versionLine names the program and how it was built: what a report of a fault needs, in one line. Parts that are not known
// are left out.
//
//	codafs 1.2.0 (0123456789ab of 2026-03-07T10:15:30Z with changes, go1.26.0, linux/amd64)
func versionLine() string {
	b, from := thisBuild(), ""
	if b.Commit != "" && !b.CommittedAt.IsZero() {
		from = fmt.Sprintf("%.12s of %s", b.Commit, b.CommittedAt.UTC().Format(time.RFC3339))
		if b.Modified {
			from += " with changes"
		}
		from += ", "
	}
	return fmt.Sprintf("%s (%s%s, %s/%s)\n", tool(), from, b.Go, b.OS, b.Arch)
}

// newVersion makes 'codafs version', the long form of 'codafs --version', and with --json for scripts.
func newVersion(std term.Streams) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Long:  "Print the program's version, the Go release that built it, and the system that it was built for.",
		Args:  between(0, 0),
		RunE: func(*cobra.Command, []string) error {
			if asJSON {
				return term.PrintJSON(std.Out, thisBuild())
			}
			_, err := io.WriteString(std.Out, versionLine())
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}
