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

// newCat makes 'codafs cat': the bytes of files on standard output, in the order of the arguments, as the mount would give
// them. It shares the cache with mounts and other commands, so a second 'cat' of an unchanged page exports nothing. Nothing of
// a file is printed before all of it was fetched: no reader takes a part of a page for the whole. Folders are refused.
//
// Its user looks on: while Coda cannot be reached it fails within 5 seconds instead of waiting (rest.LeaveOutage).
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

// runCat prints the files one after the other. A file that fails does not stop the rest: its message is on standard error, and
// the exit code is that of the first failure. If standard output takes nothing more, it ends at once.
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
		// A path may be one letter off, or that of the file in a mount or a snapshot.
		if errors.Is(err, iofs.ErrNotExist) {
			err = fmt.Errorf("%w%s", err, find.Near(ctx, w.Tree.Root(), find.TreePath(p)))
		}
		if err != nil {
			failed.Add(err)
			continue
		}
		// All bytes are at hand, so a failure is nearly always one of writing: a full disk, a reader that left.
		_, err = io.Copy(std.Out, f)
		f.Close()
		if err != nil {
			return err
		}
	}
	return failed.Err()
}

// openFile opens a file by a path as a user types it. For a folder the error names the command that lists it.
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
