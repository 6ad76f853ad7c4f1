package main

import (
	"context"
	"io"
	"os"

	"github.com/codafs/codafs/cmd/codafs/internal/config"
	"github.com/codafs/codafs/cmd/codafs/internal/exit"
	"github.com/codafs/codafs/cmd/codafs/internal/target"
	"github.com/codafs/codafs/cmd/codafs/internal/term"
	"github.com/codafs/codafs/cmd/codafs/internal/writing"
	"github.com/codafs/codafs/fs/edit/outbox"
	"github.com/spf13/cobra"
)

// newAppend makes 'codafs append'. It does not ask: whoever types it means it, and cron has nobody to ask.
func newAppend(std term.Streams) *cobra.Command {
	s := newSettings()
	var f writing.Flags
	var key string
	cmd := &cobra.Command{
		Use:   "append TABLE [FILE|-]",
		Short: "Add rows to a table",
		Long: `Add rows to a table, from a FILE or from standard input: CSV with a header, or JSON objects, one a line. Columns are found by their
headers; those that are left out stay empty. Each run adds its rows, so do not run it twice for the same data.

With --key COLUMN a row that has the same value there is updated, and one is added only if there is none. Nothing is asked, and
each write is kept on disk first, as 'codafs apply' does; its exit codes are the same.`,
		Example: `  echo '{"Task":"Write","Hours":2}' | codafs append grid-AbCdE
  codafs append --key Email 'https://coda.io/d/CRM_dAbCDeFGH1a#People_tuXyz12' people.csv`,
		Args:              between(1, 2),
		ValidArgsFunction: completeTree(&s),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runAppend(cmd.Context(), &s, std, &f, args, key)
		},
	}
	cmd.Flags().StringVar(&key, "key", "", "update the row that has the same value in `COLUMN`, if there is one")
	cmd.Flags().BoolVar(&f.NewOptions, "new-options", false, "allow values that are none of a select column's options")
	registerSending(cmd.Flags(), &f)
	cmd.Flags().BoolVar(&f.JSON, "json", false, "print it as JSON")
	s.RegisterWriting(cmd.Flags())
	s.Register(cmd.Flags())
	completeDocs(cmd, &s)
	return cmd
}

func runAppend(ctx context.Context, s *config.Settings, std term.Streams, f *writing.Flags, args []string, key string) error {
	data, err := input(std, args[1:])
	if err != nil {
		return err
	}
	if err := target.Adopt(s, args[0]); err != nil {
		return err
	}
	f.Yes = true // see newAppend
	return send(ctx, s, std, f, "append", func(d *writing.Desk) ([]*outbox.Plan, int, error) {
		o, err := d.Find.Table(ctx, args[0])
		if err != nil {
			return nil, 0, err
		}
		p, err := d.Append(ctx, o, data, key)
		return []*outbox.Plan{p}, 0, err
	})
}

// input is a file that is named, or standard input.
func input(std term.Streams, names []string) ([]byte, error) {
	if len(names) == 0 || names[0] == "-" {
		return io.ReadAll(std.In)
	}
	data, err := os.ReadFile(names[0])
	if err != nil {
		return nil, exit.UsageError{Err: err}
	}
	return data, nil
}
