package main

import (
	"context"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/codafs/codafs/cmd/codafs/internal/config"
	"github.com/codafs/codafs/cmd/codafs/internal/exit"
	"github.com/codafs/codafs/cmd/codafs/internal/term"
)

func newDoctor(std term.Streams) *cobra.Command {
	d := doctor{Settings: newSettings()}
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
			out, err := d.examine(cmd.Context())
			if err != nil {
				return err
			}
			if asJSON {
				err = term.PrintJSON(std.Out, out)
			} else {
				err = out.print(std.Out)
			}
			if err == nil && out.Problems > 0 {
				err = exit.Error{Code: exit.Failed}
			}
			return err
		},
	}
	f := cmd.Flags()
	f.BoolVar(&asJSON, "json", false, "print JSON")
	config.PathVar(f, &d.output, "output", "o", config.DefaultOutput, "`DIR` that holds, or will hold, snapshots")
	f.BoolVar(&d.allowOther, "allow-other", false, "also check whether other users can be let into a mount")
	d.RegisterService(f, "max-retries")
	d.RegisterDocs(f)
	completeDocs(cmd, &d.Settings)
	f.Lookup("exclude-doc").Hidden = true // it would have no effect on the checks
	return cmd
}

// doctor has the settings of the checks.
type doctor struct {
	config.Settings
	output     string
	allowOther bool
}

// finding is one line of the output of 'codafs doctor'.
type finding struct {
	Check string `json:"check"`
	State string `json:"state"` // ok, warning or problem
	Text  string `json:"text"`
	Do    string `json:"do,omitempty"`
}

const (
	isOK      = "ok"
	isWarning = "warning"
	isProblem = "problem"
)

// examination is the output of 'codafs doctor'; its JSON form is promised.
type examination struct {
	Tool     string    `json:"tool"`
	Problems int       `json:"problems"`
	Warnings int       `json:"warnings"`
	Checks   []finding `json:"checks"`
}

// doctorTime limits how long the service may take to answer.
const doctorTime = 20 * time.Second

// examine makes all checks, in the order in which they are shown. A failed check is a finding; the error is a usage
// error.
func (d *doctor) examine(ctx context.Context) (examination, error) {
	file, _ := config.File(d.Flags)
	out := examination{Tool: d.Tool, Checks: []finding{checkConfig(file)}}
	service, err := d.checkService(ctx)
	if err != nil {
		return out, err
	}
	out.Checks = append(out.Checks, service...)
	out.Checks = append(out.Checks, d.checkFUSE(), d.checkCache())
	switch {
	case d.output == "":
	case config.OriginOf(d.Flags.Lookup("output")) == config.FromDefault && !exists(d.output):
		out.Checks = append(out.Checks, noOutput(ctx, d.output)...)
	default:
		out.Checks = append(out.Checks, checkOutput(ctx, d.output)...)
	}
	out.Checks = append(out.Checks, checkMounts(ctx)...)
	for _, c := range out.Checks {
		switch c.State {
		case isProblem:
			out.Problems++
		case isWarning:
			out.Warnings++
		}
	}
	return out, nil
}

func (e examination) print(w io.Writer) error {
	var t term.Table
	colors := map[string]term.Color{isOK: term.Green, isWarning: term.Yellow, isProblem: term.Red}
	for _, c := range e.Checks {
		t = append(t, []term.Cell{term.Colored(c.State, colors[c.State]), term.Colored(c.Check, term.NoColor), term.Colored(c.Text, term.NoColor)})
		if c.Do != "" {
			t.Add("", "", "-> "+c.Do)
		}
	}
	return t.Print(w)
}
