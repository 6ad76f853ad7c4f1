package main

import (
	"fmt"

	"github.com/codafs/codafs/cmd/codafs/internal/term"
	"github.com/codafs/codafs/snapshot/sealed"
	"github.com/spf13/cobra"
)

func newDiff(std term.Streams) *cobra.Command {
	var o outputFolder
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "diff [A B]",
		Short: "Compare two backups",
		Long: `Show what changed from snapshot A to snapshot B. Without A and B, these are the two newest in --output; A and B may
also be names of snapshots in it, such as latest.

There is one line for each file that differs: a word, and the path.
  added      only B has it
  removed    only A has it
  missing    only A has it, because fetching it for B failed: B's summary.json has the reason
  renamed    the path is another; objects are known by their ids
  changed    the content is another`,
		Example: `  codafs diff
  codafs diff ~/coda-backups/2026-03-06T101530Z ~/coda-backups/latest`,
		Args: noneOrTwo,
		RunE: func(_ *cobra.Command, args []string) error {
			a, b, err := o.pair(args)
			if err != nil {
				return err
			}
			d, err := sealed.Diff(a, b)
			if err != nil {
				return err
			}
			if asJSON {
				return term.PrintJSON(std.Out, d)
			}
			return printDifference(std, d)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	o.register(cmd.Flags())
	return cmd
}

func noneOrTwo(_ *cobra.Command, args []string) error {
	if len(args) != 0 && len(args) != 2 {
		return fmt.Errorf("two snapshots are compared, not %d", len(args))
	}
	return nil
}

func printDifference(std term.Streams, d sealed.Difference) error {
	for _, group := range []struct {
		what    string
		changes []sealed.Change
	}{{"added", d.Added}, {"removed", d.Removed}, {"missing", d.Missing}, {"renamed", d.Renamed}, {"changed", d.Changed}} {
		for _, c := range group.changes {
			line := group.what + "\t" + term.Printable(c.Path)
			if c.OldPath != "" {
				line += "\t(was " + term.Printable(c.OldPath) + ")"
			}
			if _, err := fmt.Fprintln(std.Out, line); err != nil {
				return err
			}
		}
	}
	return nil
}
