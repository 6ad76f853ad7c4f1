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

// newDiff makes 'codafs diff': what changed between two backups, as lines of a word, a tab and a path, for people and for cut
// and grep alike. It reads the two manifests alone, so it is as fast for large files as for small ones, and does not notice
// damage: that is for 'verify'. Differences are no failure: the exit code is 0, as that of 'list', not that of diff(1); it is
// 10 where there are no two snapshots. Nothing is written, and nothing asked of Coda.
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

// noneOrTwo refuses a single snapshot: whether it was meant as the older or the newer one is not known.
func noneOrTwo(_ *cobra.Command, args []string) error {
	if len(args) != 0 && len(args) != 2 {
		return fmt.Errorf("two snapshots are compared, not %d", len(args))
	}
	return nil
}

// printDifference prints one line for each file that differs, in groups. The words are promised; 'codafs help diff' has them.
//
//	changed	docs/Hub__AbC/pages/Plan__canvas-1.md
//	renamed	docs/Hub__AbC/pages/Goals__canvas-2.md	(was docs/Hub__AbC/pages/Aims__canvas-2.md)
func printDifference(std term.Streams, d sealed.Difference) error {
	for _, group := range []struct {
		what    string
		changes []sealed.Change
	}{{"added", d.Added}, {"removed", d.Removed}, {"missing", d.Missing}, {"renamed", d.Renamed}, {"changed", d.Changed}} {
		// A tab, not a column: paths have any length, and cut -f2 takes them as they are.
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

// twoSnapshots returns the folders of the two snapshots to compare, the older one first: those that are named, as folders or
// as names in the output folder, else the two newest, whether good or not.
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
	// By their names, which are times; a suspect one counts as any other.
	last := all[len(all)-2:]
	return filepath.Join(output, last[0].ID), filepath.Join(output, last[1].ID), nil
}

// named returns the folder of a named snapshot. The working folder is searched first, as for any path; a name that is in
// neither place is returned as it is, so that the error speaks of what the user typed.
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
