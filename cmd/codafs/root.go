package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/codafs/codafs/cmd/codafs/internal/config"
	"github.com/codafs/codafs/cmd/codafs/internal/exit"
	"github.com/codafs/codafs/cmd/codafs/internal/term"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// rootHelp is what a new user reads first: what it is, which commands change something, the one thing that it needs, and where help is.
const rootHelp = `codafs shows a Coda workspace as folders and files, and makes full local backups of it.

Docs, pages and tables are read with Coda's API. Mounts, backups and all that reads change nothing in Coda; the
commands under "Writing to Coda" do.
Set CODA_API_TOKEN (https://coda.io/account, API settings), or try --demo first.
When something does not work, 'codafs doctor' says what to do.`

const rootExamples = `  codafs snapshot --demo                 a backup of the sample workspace in ./coda-backups
  codafs mount --demo ./mnt              the sample workspace as folders, until Ctrl-C
  codafs ls docs                         your docs, without mounting anything`

// group is a heading of 'codafs --help' with its commands. Hidden commands and topics are in no group.
type group struct {
	id, title string
	commands  []*cobra.Command
}

// newGroups makes all our own commands. Flags are made with them, each with a variable of its own; so commands from two calls
// share nothing, and allFlags may make them once more to look at their flags.
func newGroups(std term.Streams) []group {
	return []group{
		{"mount", "Mounts:", []*cobra.Command{newMount(std), newUnmount(std), newStatus(std)}},
		{"backup", "Backups:", []*cobra.Command{newSnapshot(std), newList(std), newVerify(std), newDiff(std), newPrune(std)}},
		{"read", "Reading without a mount:", []*cobra.Command{newLs(std), newCat(std), newRows(std), newResolve(std)}},
		{"write", "Writing to Coda:", []*cobra.Command{newPlan(std), newApply(std), newAppend(std), newWrites(std), newUndo(std), newDrop(std)}},
		{"self", "The program itself:", []*cobra.Command{newDoctor(std), newConfig(std), newCache(std), newMan(std), newVersion(std)}},
	}
}

// newRoot makes the command tree. All commands have in common, and need not do themselves: arguments are counted, an empty
// one is refused, settings are loaded before RunE, completions are registered, and an error is printed once, by run.
func newRoot(std term.Streams) *cobra.Command {
	root := &cobra.Command{
		Use:               "codafs",
		Short:             "a Coda workspace as folders and files",
		Long:              rootHelp,
		Example:           rootExamples,
		SilenceErrors:     true, // run prints them, in one line
		SilenceUsage:      true,
		DisableAutoGenTag: true,
		Args:              cobra.ArbitraryArgs, // prepare replaces it
	}
	root.SetIn(std.In)
	root.SetOut(std.Out)
	root.SetErr(std.Err)
	showVersion := root.Flags().Bool("version", false, "print the version")
	root.RunE = func(cmd *cobra.Command, _ []string) error {
		if *showVersion {
			_, err := io.WriteString(std.Out, versionLine())
			return err
		}
		return cmd.Help()
	}
	root.SetUsageFunc(printUsage)
	// Errors of cobra and pflag are usage errors of ours, with exit code 2 and a hint.
	root.SetFlagErrorFunc(flagError)
	for _, g := range newGroups(std) {
		root.AddGroup(&cobra.Group{ID: g.id, Title: g.title})
		for _, c := range g.commands {
			c.GroupID = g.id
			root.AddCommand(c)
		}
	}
	// In no group, so that neither help nor the file of settings knows it.
	root.AddCommand(newAsk(std))
	root.AddCommand(topics()...)
	root.SetHelpCommand(newHelp())
	root.SetHelpCommandGroupID("self")
	root.SetCompletionCommandGroupID("self")
	root.InitDefaultCompletionCmd()
	useOwnScripts(root, std)
	prepare(root)
	return root
}

// prepare sets what all commands have in common, for cmd and those below it. It must come after all flags and commands were
// added. cobra's own completion command is among them, so an unknown shell is a usage error as well.
func prepare(cmd *cobra.Command) {
	switch {
	case cmd.HasSubCommands():
		cmd.Args = noSuchCommand
		if !cmd.Runnable() { // its arguments would not be checked
			cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
		}
	case cmd.Args != nil:
		cmd.Args = usageArgs(cmd.Args)
	}
	completeFlags(cmd)
	completeArgs(cmd)
	cmd.PreRunE = func(cmd *cobra.Command, _ []string) error { return load(cmd) }
	for _, c := range cmd.Commands() {
		prepare(c)
	}
}

// usageArgs makes a wrong number of arguments a usage error, and also an empty argument: a variable that a script never
// set would be taken for the current folder or the tree's root.
func usageArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if slices.Contains(args, "") {
			return exit.Usagef("an argument is empty: %s (see '%s --help')", cmd.UseLine(), cmd.CommandPath())
		}
		if err := check(cmd, args); err != nil {
			return exit.Usagef("%w: %s (see '%s --help')", err, cmd.UseLine(), cmd.CommandPath())
		}
		return nil
	}
}

// between allows from least to most arguments.
func between(least, most int) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		switch n := len(args); {
		case n < least:
			return errors.New("an argument is missing")
		case n > most:
			return fmt.Errorf("%q is an argument too many", args[most])
		}
		return nil
	}
}

// noSuchCommand refuses a word that is not a command below cmd, and says what was probably meant:
//
//	codafs: codafs has no command "snapshoot"; did you mean snapshot? (see 'codafs --help')
func noSuchCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	meant, word := "", strings.ToLower(args[0])
	switch atRoot := !cmd.HasParent(); {
	// Words of other programs come before near names: 'restore' is near nothing of ours, and means something.
	case atRoot && otherWays[word] != "":
		meant = "; " + otherWays[word]
	case atRoot && otherWords[word] != "":
		meant = fmt.Sprintf("; did you mean %s?", otherWords[word])
	default:
		var names []string
		for _, c := range cmd.Commands() {
			if !c.Hidden {
				names = append(append(names, c.Name()), c.Aliases...)
			}
		}
		meant = exit.DidYouMean("", word, names)
	}
	return exit.Usagef("%s has no command %q%s (see '%s --help')", cmd.CommandPath(), args[0], meant, cmd.CommandPath())
}

// flagError says what is wrong with a flag, and which one was probably meant. For letters (-x) nothing is suggested: any two
// of them are near.
func flagError(cmd *cobra.Command, err error) error {
	meant := ""
	if e, ok := errors.AsType[*pflag.NotExistError](err); ok && e.GetSpecifiedShortnames() == "" {
		var names []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
		meant = exit.DidYouMean("--", e.GetSpecifiedName(), names)
	}
	return exit.Usagef("%w%s (see '%s --help')", err, meant, cmd.CommandPath())
}

// load sets the flags of a command that are not on the command line, from variables and the configuration file. For commands
// it runs before RunE; completions, which cobra runs without that, call it themselves.
func load(cmd *cobra.Command) error { return config.Load(cmd.Flags(), settingNames()) }

// allFlags returns the flags of all commands, by name. A flag means the same in all commands that have it, as a test holds:
// one file and one variable set it for all. Commands below a command are left out: their own flags concern a single call.
func allFlags() map[string]*pflag.Flag {
	flags := map[string]*pflag.Flag{}
	for _, g := range newGroups(term.Streams{}) {
		for _, c := range g.commands {
			c.Flags().VisitAll(func(f *pflag.Flag) {
				if flags[f.Name] == nil {
					flags[f.Name] = f
				}
			})
		}
	}
	return flags
}

// settingNames returns the keys of a configuration file, sorted.
func settingNames() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(allFlags())), func(name string) bool { return !config.IsSetting(name) })
}

// otherWords are the words of other programs (restic, borg, git, rclone, gh) for our commands. A word is here only if a
// person who types it means one command; otherWays has the others.
var otherWords = map[string]string{
	"backup": "snapshot", "dump": "snapshot", "archive": "snapshot", "download": "snapshot", "sync": "snapshot", "copy": "snapshot", "clone": "snapshot",
	"pull": "snapshot", "create": "snapshot", "save": "snapshot", "check": "verify", "validate": "verify", "fsck": "verify",
	"forget": "prune", "gc": "prune", "expire": "prune", "cleanup": "prune", "rotate": "prune", "compare": "diff",
	"snapshots": "list", "backups": "list", "history": "list", "dir": "ls", "docs": "ls", "tree": "ls", "find": "ls", "get": "cat", "show": "cat", "print": "cat",
	"open": "resolve", "url": "resolve", "link": "resolve",
	"diagnose": "doctor", "test": "doctor", "login": "doctor", "auth": "doctor", "whoami": "doctor", "settings": "config", "env": "config",
	"info": "status", "mounts": "status", "ps": "status", "stats": "status", "stop": "unmount", "eject": "unmount", "detach": "unmount", "attach": "mount",
}

// otherWays are words of other programs that match no single command: they get a sentence instead of a suggestion.
var otherWays = map[string]string{
	"export":  "'codafs snapshot' writes all as files, 'codafs cat PATH' prints one",
	"restore": "a snapshot holds plain files: copy them from its folder (see 'codafs list')",
	"init":    "there is nothing to prepare: 'codafs snapshot' makes its folder",
}
