package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/codafs/codafs/cmd/codafs/internal/config"
	"github.com/codafs/codafs/cmd/codafs/internal/term"
	"github.com/codafs/codafs/snapshot/folder"
	"github.com/codafs/codafs/snapshot/sealed"
	"github.com/spf13/cobra"
)

func newDiff(std term.Streams) *cobra.Command {
	var o config.OutputFolder
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
			a, b, err := twoSnapshots(o.Output, args)
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
	o.Register(cmd.Flags())
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

// twoSnapshots returns the two snapshots to compare: those that are named, as folders or as names in the output folder, else
// the two newest.
func twoSnapshots(output string, args []string) (a, b string, err error) {
	if output == "" {
		return "", "", config.ErrNoOutput
	}
	if len(args) == 2 {
		return named(output, args[0]), named(output, args[1]), nil
	}
	all, err := sealed.List(output)
	if err != nil {
		return "", "", err
	}
	if len(all) < 2 {
		return "", "", fmt.Errorf("%w: %s holds %d, and two are compared", folder.ErrNotSnapshot, output, len(all))
	}
	last := all[len(all)-2:]
	return filepath.Join(output, last[0].ID), filepath.Join(output, last[1].ID), nil
}

// named returns the folder of a named snapshot. The working folder is searched first.
func named(output, name string) string {
	inOutput := filepath.Join(output, name)
	if filepath.Base(name) != name || exists(name) || !exists(inOutput) {
		return name
	}
	return inOutput
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
