package main

import (
	"github.com/codafs/codafs/cmd/codafs/internal/config"
	"github.com/codafs/codafs/cmd/codafs/internal/daemon"
	"github.com/codafs/codafs/cmd/codafs/internal/status"
	"github.com/codafs/codafs/cmd/codafs/internal/term"
	"github.com/spf13/cobra"
)

// newStatus makes 'codafs status': how things are, in one screen, and as promised JSON (status.Status). It ends within some
// seconds even if Coda or a mount hangs: each mount is asked by a process of its own, Coda gets one request and 3 seconds.
// The exit code is 0 also when the service is down or a mount is dead, since that is what was asked for; a monitor reads
// the JSON. It is 10 for a named folder that is not a mount. 'doctor' is the command that judges, and says what to do.
func newStatus(std term.Streams) *cobra.Command {
	s := newSettings()
	var output string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "status [MOUNTPOINT]",
		Short: "Show whether Coda answers, the last backup, what is mounted, and how cache and rate limits are used",
		Long: `Show whether Coda can be reached (one request, unless --offline), and how old the last good backup in
--output is. Then the mount at MOUNTPOINT, or all mounts of this user: whether each answers, whose workspace it
shows, how old its list of docs is, and its last errors with their reasons. Then how full the cache is, and for each of Coda's
rate limits how much of its present window is used, what waits for it, and when that will be done: all codafs
processes of this token on this machine count together. All times are those of this machine's time zone.`,
		Example: `  codafs status
  codafs status --json ~/coda
  watch -n1 codafs status                 while a backup runs`,
		Args:              between(0, 1),
		ValidArgsFunction: completeMounts,
		RunE: func(cmd *cobra.Command, args []string) error {
			out, err := status.Collect(cmd.Context(), &s, std, args, output)
			if err != nil {
				return err
			}
			if asJSON {
				return term.PrintJSON(std.Out, out)
			}
			return out.Print(std.Out)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	config.PathVar(cmd.Flags(), &output, "output", "o", config.DefaultOutput, "`DIR` that holds the snapshots")
	// The one request is sent once, at the published rate, and exports nothing: the other flags would have no effect.
	s.RegisterService(cmd.Flags(), "rate", "max-retries", "export-timeout", "strict-latest")
	return cmd
}

// newAsk makes the hidden command by which a mount is asked: see daemon.AskCommand. It reads no settings and promises nothing
// to users.
func newAsk(std term.Streams) *cobra.Command {
	return &cobra.Command{
		Use:    daemon.AskCommand + " MOUNTPOINT",
		Hidden: true,
		Args:   between(1, 1),
		RunE:   func(_ *cobra.Command, args []string) error { return term.PrintJSON(std.Out, daemon.Ask(args[0])) },
	}
}
