// Command codafs mounts a Coda workspace as folders and files, and makes full local backups
// of it.
//
// Each command has a file of its own with its flags, its help and its run function; root.go puts them together, help.go and
// completion.go are for all. What several commands need is in the packages below internal: term talks to people, exit
// turns errors into exit codes, config has the settings as data, and open makes a client, a cache and a tree of them.
//
// # How a command runs
//
// newRoot makes all commands. cobra finds the one that is meant and parses its flags; usageArgs counts its arguments; PreRunE
// gives each flag that is not on the command line its value from a variable or the file ([config.Load]); RunE does the work.
// The context ends at the first SIGINT, SIGTERM or SIGHUP. The error comes back to run, which prints it and returns its exit
// code.
//
// # What all commands promise
//
//   - Standard output is data, and nothing else is printed there; standard error is for people. Data is what a script reads:
//     its form stays, as do the fields of each --json and the exit codes ('codafs help exit-codes'). Messages may change.
//   - An error is one line that says what to do. What comes from Coda or a disk is made safe for a terminal (term.Printable).
//   - Only the commands of the group "Writing to Coda" change anything there. apply alone asks a question, and does not with --yes, so
//     each can run in a script.
//   - The token is in no output, log, argument list or file that codafs writes.
//   - A flag means the same in all commands that have it, and is also a variable and a key of the file, unless it concerns a
//     single call ([config.IsSetting]).
//   - Whatever is stopped or killed leaves the cache and the backups good.
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

// main runs the program under one of three names: codafs; mount.codafs, which mount(8) calls; and guardName, under which a
// mount starts it once more to send its notifications. The guard comes first: it must not meet flags, signals or settings
// of the others.
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

// run runs the program and returns its exit code. The error that a command returns is printed here and nowhere else: as one
// line on standard error, which begins with "codafs: ". A command that has said all itself returns an error without text.
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
