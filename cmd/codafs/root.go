package main

import (
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

const rootHelp = `codafs shows a Coda workspace as folders and files, and makes full local backups of it.

Docs, pages and tables are read with Coda's API. Nothing in Coda is ever changed.
Set CODA_API_TOKEN (https://coda.io/account, API settings), or try --demo first.`

const rootExamples = `  codafs snapshot --demo                 a backup of the sample workspace in ./coda-backups
  codafs mount --demo ./mnt              the sample workspace as folders, until Ctrl-C
  codafs ls docs                         your docs, without mounting anything`

// newRoot makes the command tree.
func newRoot(std streams) *cobra.Command {
	root := &cobra.Command{
		Use:           "codafs",
		Short:         "a Coda workspace as folders and files",
		Long:          rootHelp,
		Example:       rootExamples,
		SilenceErrors: true, // run says them, in one line
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetIn(std.in)
	root.SetOut(std.out)
	root.SetErr(std.err)
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usageError{fmt.Errorf("%w (see '%s --help')", err, cmd.CommandPath())}
	})
	root.AddCommand(newMount(std), newUnmount(std), newSnapshot(std), newVerify(std), newList(std), newDiff(std), newPrune(std), newCat(std), newLs(std),
		newStatus(std), newCache(std), newVersion(std))
	prepare(root)
	return root
}

// prepare gives a command, and those below it, what all have.
func prepare(cmd *cobra.Command) {
	if cmd.Args != nil {
		cmd.Args = usageArgs(cmd.Args)
	}
	cmd.PreRunE = func(cmd *cobra.Command, _ []string) error { return load(cmd) }
	for _, c := range cmd.Commands() {
		prepare(c)
	}
}

// usageArgs makes a wrong number of arguments a usage error.
func usageArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return usageError{fmt.Errorf("%w (see '%s --help')", err, cmd.CommandPath())}
		}
		return nil
	}
}

// allFlags are the names of the flags of all commands: the keys of a configuration file.
func allFlags() map[string]bool {
	names := map[string]bool{}
	for _, c := range newRoot(streams{}).Commands() {
		c.Flags().VisitAll(func(f *pflag.Flag) { names[f.Name] = true })
	}
	return names
}
