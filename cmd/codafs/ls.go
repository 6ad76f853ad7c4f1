package main

import (
	"context"
	"fmt"
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
		Long: `List a folder of the tree, one name a line, or a single file. A path starts at the tree's root, as in a
mount or a snapshot. With -l the times of the last change come too, in UTC, and sizes in bytes, as far
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
	node, err := w.find(ctx, treePath(name))
	if err != nil {
		return err
	}
	dir, ok := node.(fs.Dir)
	if !ok {
		return printNodes(ctx, std, []fs.Node{namedFile{node.(fs.File), name}}, long)
	}
	nodes, err := dir.Entries(ctx)
	if err != nil {
		return err
	}
	return printNodes(ctx, std, nodes, long)
}

// namedFile is a file that goes by the path that the user typed.
type namedFile struct {
	fs.File
	path string
}

func (n namedFile) Name() string { return n.path }

func printNodes(ctx context.Context, std streams, nodes []fs.Node, long bool) error {
	failed := failures{out: std.err}
	out := tabwriter.NewWriter(std.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, n := range nodes {
		line := n.Name()
		if long {
			var err error
			line, err = longLine(ctx, n)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil {
				failed.add(fmt.Errorf("%s: %w", n.Name(), err))
			}
		}
		fmt.Fprintln(out, line)
	}
	if err := out.Flush(); err != nil {
		return err
	}
	return failed.ending()
}

// longLine is an entry with its size and time, in columns. Where there is an error, they are not known.
func longLine(ctx context.Context, n fs.Node) (string, error) {
	if dir, ok := n.(fs.Dir); ok {
		return fmt.Sprintf("-\t  %s  %s/", timeColumn(dir.ModTime()), n.Name()), nil
	}
	f := n.(fs.File)
	v, err := f.Version(ctx)
	if err != nil {
		return fmt.Sprintf("?\t  %*s  %s", len(timeLayout), "?", n.Name()), err
	}
	size := "?"
	if known, ok := f.Size(v); ok {
		size = fmt.Sprint(known)
	}
	return fmt.Sprintf("%s\t  %s  %s", size, timeColumn(v.ModTime), n.Name()), nil
}

const timeLayout = "2006-01-02T15:04:05Z"

// timeColumn is a time as a column of one width; what is of no time has a dash.
func timeColumn(t time.Time) string {
	if t.IsZero() {
		return fmt.Sprintf("%*s", len(timeLayout), "-")
	}
	return t.UTC().Format(timeLayout)
}
