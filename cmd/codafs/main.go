// Command codafs mounts a Coda workspace as folders and files, and makes full local backups
// of it.
//
// Each command has a file of its own with its flags, its help and its run function; root.go puts them together, help.go and
// completion.go are for all. What several commands need is in the packages below internal: term talks to people, exit
// turns errors into exit codes, config has the settings as data, and open makes a client, a cache and a tree of them.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/codafs/codafs/cmd/codafs/internal/exit"
	"github.com/codafs/codafs/cmd/codafs/internal/term"
	"github.com/codafs/codafs/fs/mount/notify"
	"github.com/spf13/cobra"
)

func main() {
	if os.Args[0] == guardName {
		notify.Guard()
		return
	}
	ctx, stop := exit.SignalContext(context.Background())
	defer stop()
	std := term.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}
	if isMountHelper() {
		os.Exit(runMountHelper(ctx, os.Args[1:], std))
	}
	os.Exit(run(ctx, os.Args[1:], std))
}

// run runs the program and returns its exit code.
func run(ctx context.Context, args []string, std term.Streams) int {
	root := newRoot(std)
	root.SetArgs(args)
	if len(args) > 0 && args[0] == cobra.ShellCompRequestCmd {
		plainHints(root)
	}
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	// After a signal, every failure counts as the signal's, unless the run had ended before
	_, settled := errors.AsType[exit.Error](err)
	if e := context.Cause(ctx); e != nil && !settled {
		err = e
	}
	if line := exit.Describe(err); line != "" {
		fmt.Fprintf(std.Err, "codafs: %s\n", term.Printable(line))
	}
	return exit.Code(err)
}
