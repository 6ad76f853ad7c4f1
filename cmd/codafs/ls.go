package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"path"
	"text/tabwriter"
	"time"

	"github.com/codafs/codafs/cmd/codafs/internal/config"
	"github.com/codafs/codafs/cmd/codafs/internal/exit"
	"github.com/codafs/codafs/cmd/codafs/internal/find"
	"github.com/codafs/codafs/cmd/codafs/internal/open"
	"github.com/codafs/codafs/cmd/codafs/internal/progress"
	"github.com/codafs/codafs/cmd/codafs/internal/term"
	"github.com/codafs/codafs/coda/rest"
	"github.com/codafs/codafs/fs"
	"github.com/spf13/cobra"
)

// newLs makes 'codafs ls': a folder of the tree, one name a line, with no mount and no FUSE. Folders end in a slash with -l
// alone, so that plain output can be used as names. Neither form fetches content: a size that would cost an export is a
// question mark (or absent in JSON), where a mount would show an estimate. As with cat, an outage is told within 5 seconds.
func newLs(std term.Streams) *cobra.Command {
	s := newSettings()
	var long, asJSON bool
	cmd := &cobra.Command{
		Use:   "ls [PATH]",
		Short: "List a folder of the tree, without mounting it",
		Long: `List a folder of the tree, one name a line, or a single file. A path starts at the tree's root, as in a
mount or a snapshot. With -l the times of the last change come too, in UTC, and sizes in bytes, as far
as they are known without fetching content.`,
		Example: `  codafs ls docs
  codafs ls -l 'docs/Product Launch Hub__AbCdE-fgH1/pages'
  codafs ls docs --json | jq -r '.[].name'`,
		Args: between(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runLs(cmd.Context(), &s, std, append(args, ".")[0], long, asJSON)
		},
	}
	cmd.Flags().BoolVarP(&long, "long", "l", false, "also sizes and times")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON list: what each name is, by the words of .codafs/index.jsonl; with -l sizes and times too")
	s.Register(cmd.Flags(), "export-timeout", "max-file-size", "limit-download")
	completeDocs(cmd, &s)
	cmd.ValidArgsFunction = completeTree(&s)
	return cmd
}

// runLs lists a folder, or shows one file. With long it also asks for versions, which may send requests for stamps (one for
// each table that was not looked at since its doc moved), never for content. What fails then is named, the rest is
// listed, and the exit code is that of the first failure. A folder whose list cannot be had is never shown as empty.
func runLs(ctx context.Context, s *config.Settings, std term.Streams, name string, long, asJSON bool) error {
	waits, std := progress.ShowWaits(std, "ls")
	defer waits.End()
	w, err := open.Tree(s, std, open.Options{Outage: rest.LeaveOutage})
	if err != nil {
		return err
	}
	defer w.Close()
	waits.Watch(w.Client)
	at := find.TreePath(name)
	node, err := find.Node(ctx, w.Tree.Root(), at)
	if err != nil {
		return err
	}
	nodes, found := []fs.Node{node}, []find.Info{find.NewInfo(at, node)}
	found[0].Shown = name // a single file is shown by the path that the user typed
	if dir, ok := node.(fs.Dir); ok {
		if nodes, err = dir.Entries(ctx); err != nil {
			return err
		}
		found = []find.Info{}
		for _, n := range nodes {
			found = append(found, find.NewInfo(path.Join(at, n.Name()), n))
		}
	}
	failed := exit.Failures{Out: std.Err}
	if long {
		addVersions(ctx, found, nodes, &failed, asJSON)
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	if asJSON {
		err = term.PrintJSON(std.Out, found)
	} else {
		err = printNames(std.Out, found, long)
	}
	if err != nil {
		return err
	}
	return failed.Err()
}

// addVersions adds to what was found the times and sizes of its nodes, until ctx ends. What fails is printed, or with
// asJSON only kept, since its entry shows it. found and nodes have the same order. One is asked after the other: stamps
// that are missing come with the first file of a table, and the lists are known by now.
func addVersions(ctx context.Context, found []find.Info, nodes []fs.Node, failed *exit.Failures, asJSON bool) {
	for i := range found {
		err := found[i].AddVersion(ctx, nodes[i])
		switch {
		case ctx.Err() != nil:
			return
		case err != nil && asJSON:
			failed.First = cmp.Or(failed.First, err)
		case err != nil:
			failed.Add(fmt.Errorf("%s: %w", found[i].Shown, err))
		}
	}
}

// printNames prints the entries as text. Names are printed as they are: fs.CleanTitle and fs.ValidID let no control
// character in.
func printNames(w io.Writer, found []find.Info, long bool) error {
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, i := range found {
		if long {
			fmt.Fprintln(out, longLine(i))
		} else {
			fmt.Fprintln(out, i.Shown)
		}
	}
	return out.Flush()
}

// longLine is an entry with its size and time, in columns: ? if unknown, - if it has none. A size that is unknown is never
// shown as 0, which a program that adds sizes up would take for an empty file.
//
//	24731  2026-03-07T10:15:30Z  doc.json
//	    -  2026-03-07T10:15:30Z  pages/
//	    ?  2026-03-07T09:00:00Z  Plan__canvas-AbC.md
func longLine(i find.Info) string {
	switch {
	case i.Kind == fs.KindFolder:
		return fmt.Sprintf("-\t  %s  %s/", timeColumn(i.ModTime), i.Shown)
	case i.Error != "":
		return fmt.Sprintf("?\t  %*s  %s", len(timeLayout), "?", i.Shown)
	case i.Size == nil:
		return fmt.Sprintf("?\t  %s  %s", timeColumn(i.ModTime), i.Shown)
	}
	return fmt.Sprintf("%d\t  %s  %s", *i.Size, timeColumn(i.ModTime), i.Shown)
}

// timeLayout is in UTC, as all times of the tree; 'ls -l' of a mount shows the same time in the local zone.
const timeLayout = "2006-01-02T15:04:05Z"

// timeColumn formats a time in a column of fixed width; a zero time is a dash.
func timeColumn(t time.Time) string {
	if t.IsZero() {
		return fmt.Sprintf("%*s", len(timeLayout), "-")
	}
	return t.UTC().Format(timeLayout)
}
