package main

import (
	"github.com/codafs/codafs/cmd/codafs/internal/config"
	"github.com/codafs/codafs/cmd/codafs/internal/doctor"
	"github.com/codafs/codafs/cmd/codafs/internal/exit"
	"github.com/codafs/codafs/cmd/codafs/internal/term"
	"github.com/spf13/cobra"
)

// newDoctor makes 'codafs doctor', for somebody for whom something does not work: one line for each thing that codafs needs,
// and below it what to do. The lines are data, on standard output. It never asks whether to repair something, and repairs
// nothing (package doctor).
//
// Its exit code is for scripts: 1 if there is a problem, that is, something that will stop the user. A warning does not count.
// --max-retries is accepted and means nothing here: the checks are to end soon (doctorTime).
func newDoctor(std term.Streams) *cobra.Command {
	d := doctor.Options{Settings: newSettings()}
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Check all that codafs needs, and say what to do",
		Long: `Check the API token, the way to Coda and the clock, FUSE, the cache folder, the output folder (how
old the last good backup is, how much room there is, and when systemd or cron make the next one), and the
mounts of this user. One line each: ok, warning or problem, and what to do. Coda gets a few requests,
with --offline none. One of them starts the export of a page, since nothing else shows whether the token may: the only
one that is not a GET. Nothing in Coda is changed by it, and what comes is thrown away.

Exit codes: 0 no problem (there may be warnings), 1 a problem, 2 usage error.`,
		Example: `  codafs doctor
  codafs doctor --output ~/coda-backups --allow-other
  codafs doctor --json | jq -r '.checks[] | select(.state != "ok") | .text'`,
		Args: between(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			d.ConfigFile, _ = config.File(cmd.Flags())
			// The default folder is a guess: that there is nothing in it is then no finding of its own.
			d.OutputByDefault = config.OriginOf(cmd.Flags().Lookup("output")) == config.FromDefault
			out, err := d.Examine(cmd.Context())
			if err != nil {
				return err
			}
			if asJSON {
				err = term.PrintJSON(std.Out, out)
			} else {
				err = out.Print(std.Out)
			}
			if err == nil && out.Problems > 0 {
				err = exit.Error{Code: exit.Failed}
			}
			return err
		},
	}
	f := cmd.Flags()
	f.BoolVar(&asJSON, "json", false, "print JSON")
	config.PathVar(f, &d.Output, "output", "o", config.DefaultOutput, "`DIR` that holds, or will hold, snapshots")
	f.BoolVar(&d.AllowOther, "allow-other", false, "also check whether other users can be let into a mount")
	d.RegisterService(f, "max-retries")
	d.RegisterDocs(f)
	completeDocs(cmd, &d.Settings)
	f.Lookup("exclude-doc").Hidden = true // it would have no effect on the checks
	return cmd
}
