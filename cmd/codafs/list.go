package main

import (
	"fmt"
	"text/tabwriter"

	"github.com/codafs/codafs/snapshot"
	"github.com/spf13/cobra"
)

func newList(std streams) *cobra.Command {
	var o outputFolder
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "list [DIR]",
		Short:   "List the backups in a folder",
		Long:    `List the snapshots in DIR, an output folder, else in --output, oldest first. The one that latest.txt names has a *.`,
		Example: `  codafs list ~/coda-backups`,
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir, err := o.of(cmd, args)
			if err != nil {
				return err
			}
			return runList(std, dir, asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON, with the whole summary of each")
	o.register(cmd.Flags())
	return cmd
}

func runList(std streams, dir string, asJSON bool) error {
	all, err := snapshot.List(dir)
	if err != nil {
		return err
	}
	if asJSON {
		return printJSON(std.out, newListing(dir, all))
	}
	if len(all) == 0 {
		fmt.Fprintf(std.err, "codafs: there is no snapshot in %s\n", dir)
	}
	out := tabwriter.NewWriter(std.out, 0, 0, 2, ' ', 0)
	for _, l := range all {
		mark := " "
		if l.Latest {
			mark = "*"
		}
		if l.Err != nil {
			fmt.Fprintf(out, "%s %s\tunreadable: %s\n", mark, l.ID, printable(l.Err.Error()))
			continue
		}
		s := l.Summary
		fmt.Fprintf(out, "%s %s\t%s\t%d docs\t%d files\t%d bytes\t%d missing",
			mark, l.ID, printable(string(s.Result)), s.DocsProcessed, s.Files, s.Bytes, s.Missing())
		if n := len(s.Failures) - s.Missing(); n > 0 {
			fmt.Fprintf(out, " and %d accepted", n)
		}
		if s.PagesLineByLine > 0 {
			fmt.Fprintf(out, "\t%s", lineByLine(s.PagesLineByLine))
		}
		if s.Demo {
			fmt.Fprintf(out, "\t%s", demoNote)
		}
		fmt.Fprintln(out)
	}
	return out.Flush()
}
