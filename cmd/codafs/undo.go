package main

import (
	"context"

	"github.com/codafs/codafs/cmd/codafs/internal/config"
	"github.com/codafs/codafs/cmd/codafs/internal/term"
	"github.com/codafs/codafs/cmd/codafs/internal/writing"
	"github.com/codafs/codafs/fs/edit/outbox"
	"github.com/spf13/cobra"
)

// newUndo makes 'codafs undo'. It is a write like others: it has a plan, an id, and can be undone.
func newUndo(std term.Streams) *cobra.Command {
	s := newSettings()
	var f writing.Flags
	cmd := &cobra.Command{
		Use:   "undo ID",
		Short: "Take back what was written to Coda",
		Long: `Take back what 'codafs writes' lists under an ID: cells get their old values where Coda still has those that were written, rows
that were inserted are deleted if nobody touched them, deleted rows are inserted again and get new ids. What somebody
changed since is held, with both values. What automations in Coda did meanwhile stays. It asks first, unless --yes is given.`,
		Example: "  codafs undo k3x9q2mv",
		Args:    between(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runUndo(cmd.Context(), &s, std, &f, args[0])
		},
	}
	cmd.Flags().BoolVar(&f.Yes, "yes", false, "do not ask")
	registerSending(cmd.Flags(), &f)
	cmd.Flags().BoolVar(&f.JSON, "json", false, "print it as JSON")
	s.RegisterWriting(cmd.Flags())
	s.Register(cmd.Flags())
	completeDocs(cmd, &s)
	return cmd
}

func runUndo(ctx context.Context, s *config.Settings, std term.Streams, f *writing.Flags, id string) error {
	return send(ctx, s, std, f, "undo", func(d *writing.Desk) ([]*outbox.Plan, int, error) {
		p, err := d.Undo(ctx, id)
		return []*outbox.Plan{p}, 0, err
	})
}
