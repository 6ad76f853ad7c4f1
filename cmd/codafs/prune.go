package main

import (
	"cmp"
	"fmt"

	"github.com/codafs/codafs/cmd/codafs/internal/config"
	"github.com/codafs/codafs/cmd/codafs/internal/term"
	"github.com/codafs/codafs/snapshot/sealed"
	"github.com/spf13/cobra"
)

// newPrune makes 'codafs prune', for the line after the nightly backup. It is the only command that removes backups, so it
// removes nothing without a rule that says what to keep (exit code 2), nothing while a snapshot runs in the folder (11), and
// nothing while the newest snapshot is suspect (1): the older ones may be what is left of the workspace. A rule keeps the
// newest of each of its periods, as restic's do.
//
// The ids of what is gone are data, one a line; the counts are a message. A removal that fails, or a signal, ends it: what
// was removed before is printed all the same.
func newPrune(std term.Streams) *cobra.Command {
	var p sealed.Policy
	var dryRun, asJSON bool
	var o config.OutputFolder
	cmd := &cobra.Command{
		Use:   "prune [DIR] --keep-…",
		Short: "Remove old backups by a policy",
		Long: `Remove the snapshots in DIR, an output folder, else in --output, that no rule keeps. Rules add up: a snapshot stays if any of them keeps it.
What latest.txt names, the newest complete snapshot, and those that are suspect stay always. At least one rule
must be named. The names of those that are removed are printed.`,
		Example: `  codafs prune ~/coda-backups --keep-daily 14 --keep-monthly 12 --keep-yearly 10
  codafs prune ~/coda-backups --keep-last 3 --dry-run`,
		Args: between(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir, err := o.Dir(cmd.Flags(), args)
			if err != nil {
				return err
			}
			done, err := sealed.Prune(cmd.Context(), dir, p, dryRun)
			// What was removed before a failure is gone all the same: it is printed, and then the failure.
			out := pruning{dryRun, done}
			if err == nil || len(done.Removed) > 0 {
				err = cmp.Or(err, out.print(std, asJSON, err == nil))
			}
			return err
		},
	}
	f := cmd.Flags()
	f.IntVar(&p.Last, "keep-last", 0, "keep the newest `N`")
	f.IntVar(&p.Daily, "keep-daily", 0, "keep the newest of each of the last `N` days that have one")
	f.IntVar(&p.Weekly, "keep-weekly", 0, "the same for `N` weeks")
	f.IntVar(&p.Monthly, "keep-monthly", 0, "the same for `N` months")
	f.IntVar(&p.Yearly, "keep-yearly", 0, "the same for `N` years")
	f.BoolVar(&dryRun, "dry-run", false, "remove nothing")
	f.BoolVar(&asJSON, "json", false, "print JSON: what was removed, what was kept and why")
	o.Register(f)
	return cmd
}

// pruning is the output of 'codafs prune'; its JSON form is promised. With DryRun, Removed is what would be removed, in the
// same order. Each snapshot that was there is in one of the two lists, unless the run was broken off.
type pruning struct {
	DryRun bool `json:"dry_run"`
	sealed.Pruned
}

// print prints the ids of what was, or would be, removed. If the run is done, it also prints the counts; if it was broken off
// they would look like a result.
func (p pruning) print(std term.Streams, asJSON, done bool) error {
	if asJSON {
		return term.PrintJSON(std.Out, p)
	}
	for _, id := range p.Removed {
		if _, err := fmt.Fprintln(std.Out, id); err != nil {
			return err
		}
	}
	removed := "removed"
	if p.DryRun {
		removed = "would be removed"
	}
	if done {
		fmt.Fprintf(std.Err, "codafs: %d kept, %d %s\n", len(p.Kept), len(p.Removed), removed)
	}
	return nil
}
