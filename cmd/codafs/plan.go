package main

import (
	"context"
	"math"

	"github.com/codafs/codafs/cmd/codafs/internal/config"
	"github.com/codafs/codafs/cmd/codafs/internal/exit"
	"github.com/codafs/codafs/cmd/codafs/internal/term"
	"github.com/codafs/codafs/cmd/codafs/internal/writing"
	"github.com/codafs/codafs/fs/edit/outbox"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

const planHelp = `Compare edited CSV files of tables with what Coda has now, and print what would be changed there: cell by cell, with
what is held or rejected and why, and how many writes and minutes it takes. Nothing is changed.

FILE is a table's CSV file as the tree, a snapshot or a copy has it, edited in any program. It finds its table by the links
in its rows, by the id in its name, or by --table. FOLDER means all such files below it. Rows are matched by _row_id alone:
the order of rows and columns does not matter, a line without an id is a new row, and a missing line is kept unless --delete
is given. Only cells that differ from what the file's author saw are sent; cells that a program retyped (7 for 00007) are not.

The plan is kept: 'codafs apply ID' carries out exactly that.`

// newPlan makes 'codafs plan'. It sends no write. Its exit code is 0 whatever would be sent, for it is a question; 2 tells
// that a file is rejected. With --exit-code it is for scripts.
func newPlan(std term.Streams) *cobra.Command {
	s := newSettings()
	var f writing.Flags
	cmd := &cobra.Command{
		Use:   "plan FILE|FOLDER...",
		Short: "Show what edited files would change in Coda",
		Long:  planHelp,
		Example: `  codafs cat docs/Launch*/tables/table/Tasks*.csv > tasks.csv
  sed -i 's/In progress/Done/' tasks.csv
  codafs plan tasks.csv
  codafs plan --exit-code --json edited/      for scripts: 7 if there is something to send, 6 if something is held`,
		Args:              between(1, math.MaxInt),
		ValidArgsFunction: completeFiles,
		RunE: func(cmd *cobra.Command, args []string) error {
			return runPlan(cmd.Context(), &s, std, &f, args)
		},
	}
	registerPlanning(cmd.Flags(), &f)
	cmd.Flags().BoolVar(&f.ExitCode, "exit-code", false, "end with 6 if something is held, with 7 if something would be sent")
	s.RegisterWriting(cmd.Flags())
	s.Register(cmd.Flags())
	completeDocs(cmd, &s)
	return cmd
}

// registerPlanning adds the flags that say how files are compared.
func registerPlanning(flags *pflag.FlagSet, f *writing.Flags) {
	flags.StringVar(&f.Table, "table", "", "the `TABLE` of the file: its id, link or path")
	flags.StringVar(&f.Base, "base", "", "the version that was edited: a `SNAPSHOT`, or a CSV file of it")
	flags.BoolVar(&f.Delete, "delete", false, "delete the rows that the file lacks and --base has, if nobody changed them since")
	flags.StringVar(&f.MaxDelete, "max-delete", "", "delete at most `N|P%` rows (without it 10, and 10%)")
	flags.BoolVar(&f.NewOptions, "new-options", false, "allow values that are none of a select column's options")
	flags.StringArrayVar(&f.SendReformatted, "send-reformatted", nil, "send the cells of `COLUMN` that only look different, or were emptied (may be given more than once)")
	flags.BoolVar(&f.Mine, "mine", false, "send what the file has where Coda changed too")
	flags.BoolVar(&f.Theirs, "theirs", false, "leave rows as Coda has them where Coda changed too")
	flags.BoolVar(&f.Again, "again", false, "insert lines without an id that this file inserted before")
	flags.BoolVar(&f.JSON, "json", false, "print it as JSON")
}

func runPlan(ctx context.Context, s *config.Settings, std term.Streams, f *writing.Flags, args []string) error {
	if err := f.Check(); err != nil {
		return err
	}
	files, passed, err := writing.Files(args)
	if err != nil {
		return err
	}
	return atDesk(ctx, s, std, f, "plan", func(std term.Streams, d *writing.Desk) error {
		plans, err := d.Plans(ctx, files)
		if err != nil {
			return err
		}
		if err := showPlans(std, d, plans, passed); err != nil {
			return err
		}
		if code := f.PlanCode(plans); code != 0 {
			return exit.Error{Code: code}
		}
		return nil
	})
}

// showPlans prints plans for people, or as JSON.
func showPlans(std term.Streams, d *writing.Desk, plans []*outbox.Plan, passed int) error {
	if d.Flags.JSON {
		return term.PrintJSON(std.Out, d.ForJSON(plans, passed))
	}
	return d.ShowAll(std.Out, plans, passed)
}
