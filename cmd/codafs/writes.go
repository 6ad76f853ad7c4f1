package main

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/codafs/codafs/cmd/codafs/internal/config"
	"github.com/codafs/codafs/cmd/codafs/internal/exit"
	"github.com/codafs/codafs/cmd/codafs/internal/open"
	"github.com/codafs/codafs/cmd/codafs/internal/term"
	"github.com/codafs/codafs/cmd/codafs/internal/writing"
	"github.com/codafs/codafs/fs/edit/outbox"
	"github.com/spf13/cobra"
)

// newWrites makes 'codafs writes'. It reads the outbox alone: nothing is sent, but for the question whose token this is.
func newWrites(std term.Streams) *cobra.Command {
	s := newSettings()
	var f writing.Flags
	var watch bool
	cmd := &cobra.Command{
		Use:   "writes",
		Short: "List what was written to Coda, and what waits or is held",
		Long: `List the outbox: each file that was applied, and what has become of its edits. What is held, rejected or in doubt has a line
with the reason. 'codafs apply' goes on with what waits, 'codafs drop ID' gives it up.`,
		Example: `  codafs writes
  codafs writes --json | jq '.jobs[].edits[] | select(.status == "held") | .why'`,
		Args: between(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runWrites(cmd.Context(), &s, std, &f, watch)
		},
	}
	cmd.Flags().BoolVar(&watch, "watch", false, "print it again when it changes, until nothing waits")
	cmd.Flags().BoolVar(&f.JSON, "json", false, "print it as JSON")
	s.RegisterWriting(cmd.Flags())
	s.Register(cmd.Flags())
	completeDocs(cmd, &s)
	return cmd
}

// watchEvery is how often --watch looks.
const watchEvery = time.Second

func runWrites(ctx context.Context, s *config.Settings, std term.Streams, f *writing.Flags, watch bool) error {
	d, err := writing.Open(ctx, s, std, f)
	if err != nil {
		return err
	}
	defer d.Close()
	var last []byte
	for {
		jobs, err := d.Jobs()
		if err != nil {
			return err
		}
		var b bytes.Buffer
		if err := showWrites(term.Streams{Out: &b}, f.JSON, jobs); err != nil {
			return err
		}
		if !bytes.Equal(b.Bytes(), last) {
			if _, err := std.Out.Write(b.Bytes()); err != nil {
				return err
			}
		}
		last = b.Bytes()
		moves := func(j *outbox.Job) bool {
			return len(j.Those(func(st outbox.Status) bool { return st == outbox.Planned || st == outbox.Sending || st.Under() })) > 0
		}
		if !watch || !slices.ContainsFunc(jobs, moves) {
			return nil
		}
		select {
		case <-time.After(watchEvery):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// newDrop makes 'codafs drop'. What Coda has taken already it does not take back.
func newDrop(std term.Streams) *cobra.Command {
	s := newSettings()
	var f writing.Flags
	cmd := &cobra.Command{
		Use:   "drop ID",
		Short: "Give up what waits to be written, is held or in doubt",
		Long: `Give up what is still open of a plan that was applied, or the plan itself if it was not. Nothing of it is sent any more. What
Coda has taken already stays there. 'codafs drop --demo all' forgets all that was written to the demo.`,
		Example: "  codafs drop k3x9q2mv",
		Args:    between(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runDrop(cmd.Context(), &s, std, &f, args[0])
		},
	}
	s.RegisterWriting(cmd.Flags())
	s.Register(cmd.Flags())
	completeDocs(cmd, &s)
	return cmd
}

func runDrop(ctx context.Context, s *config.Settings, std term.Streams, f *writing.Flags, id string) error {
	if s.Demo && id == "all" {
		return open.ForgetDemo(s)
	}
	d, err := writing.Open(ctx, s, std, f)
	if err != nil {
		return err
	}
	defer d.Close()
	j, err := d.Drop(id)
	if err != nil || j == nil {
		return err
	}
	if err := showWrites(std, false, []*outbox.Job{j}); err != nil {
		return err
	}
	if len(j.Those(outbox.Status.Under)) > 0 {
		return exit.Error{Code: 6}
	}
	return nil
}
