package main

import (
	"context"
	"fmt"
	iofs "io/fs"
	"text/tabwriter"
	"time"

	"github.com/codafs/codafs/fs"
	"github.com/spf13/cobra"
)

func newLs(std streams) *cobra.Command {
	var s settings
	var long bool
	cmd := &cobra.Command{
		Use:   "ls [PATH]",
		Short: "List a folder of the tree, without mounting it",
		Long: `List a folder of the tree, one name a line. A path starts at the tree's root, as in a mount
or a snapshot. With -l the times of the last change come too, in UTC, and sizes in bytes, as far
as they are known without fetching content.`,
		Example: `  codafs ls docs
  codafs ls -l 'docs/Product Launch Hub__AbCdE-fgH1/pages'`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runLs(cmd.Context(), &s, std, append(args, ".")[0], long)
		},
	}
	cmd.Flags().BoolVarP(&long, "long", "l", false, "also sizes and times")
	s.register(cmd)
	cmd.ValidArgsFunction = s.completeTree
	return cmd
}

func runLs(ctx context.Context, s *settings, std streams, name string, long bool) error {
	w, err := s.open(std, openOptions{})
	if err != nil {
		return err
	}
	defer w.close()
	node, err := fs.Walk(ctx, w.tree.Root(), treePath(name))
	if err != nil {
		return err
	}
	dir, ok := node.(fs.Dir)
	if !ok {
		return fmt.Errorf("%s: %w: it is a file", name, iofs.ErrInvalid)
	}
	nodes, err := dir.Entries(ctx)
	if err != nil {
		return err
	}
	out := tabwriter.NewWriter(std.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, n := range nodes {
		line := n.Name()
		if long {
			if line, err = longLine(ctx, n); err != nil {
				return err
			}
		}
		fmt.Fprintln(out, line)
	}
	return out.Flush()
}

// longLine is an entry with its size and time, in columns.
func longLine(ctx context.Context, n fs.Node) (string, error) {
	if dir, ok := n.(fs.Dir); ok {
		return fmt.Sprintf("-\t  %s  %s/", timeColumn(dir.ModTime()), n.Name()), nil
	}
	f := n.(fs.File)
	v, err := f.Version(ctx)
	if err != nil {
		return "", err
	}
	size := "?"
	if known, ok := f.Size(v); ok {
		size = fmt.Sprint(known)
	}
	return fmt.Sprintf("%s\t  %s  %s", size, timeColumn(v.ModTime), n.Name()), nil
}

// timeColumn is a time as a column of one width; what is of no time has a dash.
func timeColumn(t time.Time) string {
	const layout = "2006-01-02T15:04:05Z"
	if t.IsZero() {
		return fmt.Sprintf("%*s", len(layout), "-")
	}
	return t.UTC().Format(layout)
}
