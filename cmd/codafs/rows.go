package main

import (
	"bufio"
	"context"
	"io"
	"iter"
	"os"

	"github.com/codafs/codafs/cmd/codafs/internal/config"
	"github.com/codafs/codafs/cmd/codafs/internal/exit"
	"github.com/codafs/codafs/cmd/codafs/internal/open"
	"github.com/codafs/codafs/cmd/codafs/internal/progress"
	"github.com/codafs/codafs/cmd/codafs/internal/target"
	"github.com/codafs/codafs/cmd/codafs/internal/term"
	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/rest"
	"github.com/codafs/codafs/fs/source/codadocs/codaedit"
	"github.com/codafs/codafs/fs/source/codadocs/codatext"
	"github.com/spf13/cobra"
)

// newRows makes 'codafs rows': the rows of one table, as Coda has them now. The first query is Coda's own filter, so that of a
// large table only what is wanted is sent; further ones are applied here. Nothing is printed before all rows were read: no
// reader takes a part of a table for the whole.
func newRows(std term.Streams) *cobra.Command {
	s := newSettings()
	var queries []string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "rows TABLE",
		Short: "Print rows of a table, all or some of them",
		Long: `Print the rows of a table or view as Coda has them now, as CSV with the columns of the tree's files.

TABLE is an id, a link, or a path in a tree, a mount or a snapshot. With --query only rows that have a value in a column
are printed; Coda applies the first one, and further ones are applied here. COLUMN is the column's header or id.`,
		Example: `  codafs rows --demo grid-Rm4_pq-T2x --query 'Status:At risk'
  codafs rows 'https://coda.io/d/Launch_dAbCDeFGH1a#Tasks_tuXyz12' --query Done:false --query Owner:Ann
  codafs rows docs/Launch*/tables/table/Tasks*.csv --json | jq -r .name`,
		Args:              between(1, 1),
		ValidArgsFunction: completeTree(&s),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runRows(cmd.Context(), &s, std, args[0], queries, asJSON)
		},
	}
	cmd.Flags().StringArrayVar(&queries, "query", nil, "only rows with `COLUMN:VALUE` (may be given more than once: all must hold)")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print each row as Coda sent it, one JSON object a line")
	s.Register(cmd.Flags(), "export-timeout")
	completeDocs(cmd, &s)
	return cmd
}

func runRows(ctx context.Context, s *config.Settings, std term.Streams, table string, queries []string, asJSON bool) error {
	if err := target.Adopt(s, table); err != nil {
		return err
	}
	waits, std := progress.ShowWaits(std, "rows")
	defer waits.End()
	w, err := open.Tree(s, std, open.Options{Outage: rest.LeaveOutage})
	if err != nil {
		return err
	}
	defer w.Close()
	waits.Watch(w.Client)
	o, err := (&target.Finder{Client: w.Client, Root: w.Tree.Root(), Asks: !s.Offline}).Table(ctx, table)
	if err != nil {
		return err
	}
	columns, err := columnsOf(w.Client.Columns(ctx, o.DocID, o.ID))
	if err != nil {
		return err
	}
	var filters []codaedit.Query
	for _, text := range queries {
		q, err := codaedit.ParseQuery(columns, text)
		if err != nil {
			return exit.Usagef("--query %w", err)
		}
		filters = append(filters, q)
	}
	which := coda.RowOptions{Visible: o.IsView()}
	if len(filters) > 0 {
		which.Query, filters = filters[0].Service(), filters[1:]
	}
	rows := matching(columns, w.Client.Rows(ctx, o.DocID, o.ID, which), filters)
	return whole(std.Out, func(out io.Writer) error {
		if asJSON {
			return codatext.JSONLines(out, rows)
		}
		_, err := codatext.CSV(out, columns, rows)
		return err
	})
}

func columnsOf(all iter.Seq2[coda.Column, error]) (columns []coda.Column, err error) {
	for c, err := range all {
		if err != nil {
			return nil, err
		}
		columns = append(columns, c)
	}
	return columns, nil
}

// matching yields the rows for which all queries hold.
func matching(columns []coda.Column, rows iter.Seq2[coda.Row, error], queries []codaedit.Query) iter.Seq2[coda.Row, error] {
	return func(yield func(coda.Row, error) bool) {
		for r, err := range rows {
			holds := true
			if err == nil && len(queries) > 0 {
				var cells []string
				if cells, err = codatext.Cells(columns, r); err == nil {
					for _, q := range queries {
						holds = holds && q.Matches(cells)
					}
				}
			}
			if holds && !yield(r, err) || err != nil {
				return
			}
		}
	}
}

// whole prints what write writes, after all of it was written.
func whole(out io.Writer, write func(io.Writer) error) error {
	f, err := os.CreateTemp("", "codafs-rows-")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	b := bufio.NewWriterSize(f, 64<<10)
	if err := write(b); err != nil {
		return err
	}
	if err := b.Flush(); err != nil {
		return err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	_, err = io.Copy(out, f)
	return err
}
