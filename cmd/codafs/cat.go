package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	iofs "io/fs"
	"math"

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

func newCat(std term.Streams) *cobra.Command {
	s := newSettings()
	cmd := &cobra.Command{
		Use:   "cat PATH...",
		Short: "Print files of the tree, without mounting it",
		Long: `Print files of the tree to standard output. A path starts at the tree's root, as in a
mount or a snapshot: docs/…/pages/….md. If a file cannot be read, there is an error message, the others are
printed all the same, and the exit code is not 0.`,
		Example: `  codafs cat 'docs/Product Launch Hub__AbCdE-fgH1/doc.json'
  codafs cat .codafs/index.jsonl          what is in the tree, one JSON object a line`,
		Args: between(1, math.MaxInt),
		RunE: func(cmd *cobra.Command, args []string) error { return runCat(cmd.Context(), &s, std, args) },
	}
	s.Register(cmd.Flags())
	completeDocs(cmd, &s)
	cmd.ValidArgsFunction = completeTree(&s)
	return cmd
}

// runCat prints the files one after the other. A file that fails does not stop the rest; the exit code is that of the
// first failure.
func runCat(ctx context.Context, s *config.Settings, std term.Streams, paths []string) error {
	waits, std := progress.ShowWaits(std, "cat")
	defer waits.End()
	w, err := open.Tree(s, std, open.Options{Outage: rest.LeaveOutage})
	if err != nil {
		return err
	}
	defer w.Close()
	waits.Watch(w.Client)
	tree := fs.FS(ctx, w.Tree.Root())
	failed := exit.Failures{Out: std.Err}
	for _, p := range paths {
		f, err := openFile(tree, p)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if errors.Is(err, iofs.ErrNotExist) {
			err = fmt.Errorf("%w%s", err, find.Near(ctx, w.Tree.Root(), find.TreePath(p)))
		}
		if err != nil {
			failed.Add(err)
			continue
		}
		_, err = io.Copy(std.Out, f)
		f.Close()
		if err != nil {
			return err
		}
	}
	return failed.Err()
}

func openFile(tree iofs.FS, name string) (iofs.File, error) {
	f, err := tree.Open(find.TreePath(name))
	if err != nil {
		return nil, err
	}
	if st, e := f.Stat(); e == nil && st.IsDir() {
		f.Close()
		return nil, fmt.Errorf("%s is a folder: see codafs ls", name)
	}
	return f, nil
}
