package main

import (
	"bufio"
	"context"
	"fmt"
	"math"
	"os"
	"strings"

	"github.com/codafs/codafs/cmd/codafs/internal/config"
	"github.com/codafs/codafs/cmd/codafs/internal/exit"
	"github.com/codafs/codafs/cmd/codafs/internal/progress"
	"github.com/codafs/codafs/cmd/codafs/internal/term"
	"github.com/codafs/codafs/cmd/codafs/internal/writing"
	"github.com/codafs/codafs/fs/edit/outbox"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

const applyHelp = `Compare edited CSV files of tables with what Coda has now, as 'codafs plan' does, ask, and change Coda. What is written
is kept on disk before it is sent: whatever ends the program, nothing is lost and nothing is written twice. A write that
was sent and never answered is in doubt; it is looked for, and never sent again.

With the ID of a plan exactly that plan is carried out, once; what changed in Coda since is held. Without an argument it
goes on with what earlier runs have left. It waits until Coda shows the changes, unless --no-wait is given.

Exit codes: 0 all is in Coda, 2 something was rejected, 4 the token may not write, 6 something is held or in doubt, 11 another
codafs is sending, 13 the state folder cannot be used, 75 Coda cannot be reached: what waits is sent by the next run.`

// newApply makes 'codafs apply'. It is the only command that asks: with --yes it does not, for scripts.
func newApply(std term.Streams) *cobra.Command {
	s := newSettings()
	var f writing.Flags
	cmd := &cobra.Command{
		Use:   "apply [FILE|FOLDER|ID]...",
		Short: "Change Coda as edited files say",
		Long:  applyHelp,
		Example: `  codafs apply tasks.csv
  codafs apply --yes edited/
  codafs apply k3x9q2mv          the plan of that id`,
		Args:              between(0, math.MaxInt),
		ValidArgsFunction: completeFiles,
		RunE: func(cmd *cobra.Command, args []string) error {
			return runApply(cmd.Context(), &s, std, &f, args)
		},
	}
	registerPlanning(cmd.Flags(), &f)
	cmd.Flags().BoolVar(&f.Yes, "yes", false, "do not ask")
	registerSending(cmd.Flags(), &f)
	s.RegisterWriting(cmd.Flags())
	s.Register(cmd.Flags())
	completeDocs(cmd, &s)
	return cmd
}

// registerSending adds the flags of the commands that send.
func registerSending(flags *pflag.FlagSet, f *writing.Flags) {
	flags.BoolVar(&f.NoWait, "no-wait", false, "end when Coda has taken everything, before it shows")
	flags.BoolVar(&f.StaleOK, "stale-ok", false, "send also if Coda does not show its newest state")
}

func runApply(ctx context.Context, s *config.Settings, std term.Streams, f *writing.Flags, args []string) error {
	if err := f.Check(); err != nil {
		return err
	}
	return send(ctx, s, std, f, "apply", func(d *writing.Desk) ([]*outbox.Plan, int, error) { return plansOf(ctx, d, args) })
}

// atDesk opens a desk for a command and has it work there.
func atDesk(ctx context.Context, s *config.Settings, std term.Streams, f *writing.Flags, command string, work func(std term.Streams, d *writing.Desk) error) error {
	waits, std := progress.ShowWaits(std, command)
	defer waits.End()
	d, err := writing.Open(ctx, s, std, f)
	if err != nil {
		return err
	}
	defer d.Close()
	waits.Watch(d.Client)
	return work(std, d)
}

// send goes on with what waits, then makes plans and carries them out. plans also says how many files were passed over.
func send(ctx context.Context, s *config.Settings, std term.Streams, f *writing.Flags, command string, plans func(*writing.Desk) ([]*outbox.Plan, int, error)) error {
	return atDesk(ctx, s, std, f, command, func(std term.Streams, d *writing.Desk) error {
		run, err := d.Begin(ctx)
		if err != nil {
			return err
		}
		defer run.Close()
		all, passed, err := plans(d)
		if err != nil {
			return err
		}
		return carryOut(ctx, std, d, run, all, passed)
	})
}

// carryOut shows plans, sends them if whoever is asked agrees, and says what has become of them.
func carryOut(ctx context.Context, std term.Streams, d *writing.Desk, run *writing.Run, plans []*outbox.Plan, passed int) error {
	if !d.Flags.JSON {
		if err := d.ShowAll(std.Out, plans, passed); err != nil {
			return err
		}
	}
	if err := confirm(std, d.Flags, plans); err != nil {
		return err
	}
	sendErr := run.Send(ctx, plans)
	if err := showWrites(std, d.Flags.JSON, run.Jobs); err != nil {
		return err
	}
	if sendErr != nil {
		return sendErr
	}
	if code := run.Code(); code != 0 {
		return exit.Error{Code: code}
	}
	return nil
}

// plansOf makes the plans of files and folders, and finds those of ids. A file takes precedence over an id of the same name.
func plansOf(ctx context.Context, d *writing.Desk, args []string) (plans []*outbox.Plan, passed int, err error) {
	for _, arg := range args {
		if _, err := os.Stat(arg); err != nil && !strings.ContainsAny(arg, "/\\.") {
			p, err := d.Kept(ctx, arg)
			if err != nil {
				return nil, 0, err
			}
			plans = append(plans, p)
			continue
		}
		files, n, err := writing.Files([]string{arg})
		if err != nil {
			return nil, 0, err
		}
		of, err := d.Plans(ctx, files)
		if err != nil {
			return nil, 0, err
		}
		plans, passed = append(plans, of...), passed+n
	}
	return plans, passed, nil
}

// confirm asks whether the plans shall be carried out, if there is anything to send.
func confirm(std term.Streams, f *writing.Flags, plans []*outbox.Plan) error {
	sends := false
	for _, p := range plans {
		sends = sends || len(p.Problems) == 0 && len(p.Edits) > 0
	}
	if f.Yes || !sends {
		return nil
	}
	if !term.IsTerminal(std.In) {
		return exit.Usagef("nobody can be asked here: --yes applies it without a question")
	}
	fmt.Fprint(std.Err, "Change Coda like this? [y/N] ")
	answer, _ := bufio.NewReader(std.In).ReadString('\n') // no answer is no
	if word := strings.ToLower(strings.TrimSpace(answer)); word != "y" && word != "yes" {
		return exit.Error{Code: 1, Err: fmt.Errorf("nothing was changed")}
	}
	return nil
}

// showWrites prints jobs and what has become of them.
func showWrites(std term.Streams, asJSON bool, jobs []*outbox.Job) error {
	if asJSON {
		return term.PrintJSON(std.Out, writing.ListJobs(jobs))
	}
	var b strings.Builder
	writing.ShowJobs(&b, jobs)
	_, err := fmt.Fprint(std.Out, b.String())
	return err
}
