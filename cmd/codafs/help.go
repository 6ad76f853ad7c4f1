package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/codafs/codafs/cmd/codafs/internal/config"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// helpWidth is the width of help in columns. It is the same on all terminals: what users see can be searched for in the
// documents, and compared with that of another release.
const helpWidth = 110

// printUsage prints the part of help below a command's text: for a person who typed --help, on standard output, with exit
// code 0. (cobra has a template for it, but a program with templates is larger by a fifth: the linker then keeps all methods
// of all types.)
func printUsage(c *cobra.Command) error {
	w := c.OutOrStderr()
	fmt.Fprint(w, "Usage:\n")
	if c.Runnable() {
		fmt.Fprintf(w, "  %s\n", c.UseLine())
	}
	if c.HasAvailableSubCommands() {
		fmt.Fprintf(w, "  %s COMMAND\n", c.CommandPath())
	}
	if len(c.Aliases) > 0 {
		fmt.Fprintf(w, "\nAlso called:\n  %s\n", strings.Join(c.Aliases, ", "))
	}
	if c.HasExample() {
		fmt.Fprintf(w, "\nExamples:\n%s\n", c.Example)
	}
	for _, g := range c.Groups() {
		printCommands(w, g.Title, c, func(sub *cobra.Command) bool { return sub.GroupID == g.ID && isListed(sub) })
	}
	printCommands(w, "Commands:", c, func(sub *cobra.Command) bool { return sub.GroupID == "" && isListed(sub) })
	printCommands(w, "Topics:", c, (*cobra.Command).IsAdditionalHelpTopicCommand)
	own, shared := ownFlags(c)
	if flags := flagTable(own); flags != "" {
		fmt.Fprintf(w, "\nFlags:\n%s", flags)
	}
	if shared {
		fmt.Fprint(w, "\nThe flags that it shares with other commands: codafs help flags\n")
	}
	if c.HasAvailableSubCommands() {
		fmt.Fprintf(w, "\n'%s COMMAND --help' shows more.\n", c.CommandPath())
	}
	return nil
}

// ownFlags returns a command's flags without the shared ones, and whether it has any of these. Commands that reach Coda share
// more than twenty; a screen full of them hid the few that matter.
func ownFlags(c *cobra.Command) (own *pflag.FlagSet, shared bool) {
	if c.Flags().Lookup("api-url") == nil {
		return c.Flags(), false
	}
	own = pflag.NewFlagSet(c.Name(), pflag.ContinueOnError)
	known := sharedFlags()
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if !slices.ContainsFunc(known, func(g sharedGroup) bool { return g.has(f.Name) }) {
			own.AddFlag(f)
		}
	})
	return own, true
}

// sharedGroup is a group of flags that many commands have, under one heading of 'codafs help flags'.
type sharedGroup struct {
	title string
	flags *pflag.FlagSet
}

// has reports whether the group shows a flag. --concurrency is hidden in it: snapshot alone shows it, among its own.
func (g sharedGroup) has(name string) bool {
	f := g.flags.Lookup(name)
	return f != nil && !f.Hidden
}

// sharedFlags registers the flags anew, with settings that nobody uses, for their texts: otherwise flags are only parts of
// commands.
func sharedFlags() []sharedGroup {
	groups := []sharedGroup{
		{title: "The way to Coda, the cache and the log: mount, snapshot, ls, cat, resolve, doctor; of status, those that it needs"},
		{title: "Which docs: mount, snapshot, ls, cat, resolve, doctor"},
		{title: "What is shown of them: mount, snapshot, ls, cat, resolve"},
	}
	// In the order of the groups above: a flag that is registered in one of these is shown there and nowhere else.
	for i, register := range []func(*config.Settings, *pflag.FlagSet){
		func(s *config.Settings, f *pflag.FlagSet) { s.RegisterService(f) }, (*config.Settings).RegisterDocs, (*config.Settings).RegisterTree,
	} {
		groups[i].flags = pflag.NewFlagSet("", pflag.ContinueOnError)
		register(new(config.Settings), groups[i].flags)
	}
	return groups
}

// isListed reports whether help shows a command. cobra does not count its own 'help' as available.
func isListed(c *cobra.Command) bool { return c.IsAvailableCommand() || c.Name() == "help" }

// printCommands prints those of c's commands for which in is true.
func printCommands(w io.Writer, title string, c *cobra.Command, in func(*cobra.Command) bool) {
	for _, sub := range c.Commands() {
		if !in(sub) {
			continue
		}
		if title != "" {
			fmt.Fprintf(w, "\n%s\n", title)
			title = ""
		}
		fmt.Fprintf(w, "  %-*s %s\n", sub.NamePadding(), sub.Name(), sub.Short)
	}
}

// flagTable is the list of flags in help. It does not say on each line that a switch may be given as --offline=true: pflag adds
// that to every switch, and the lines get shorter without it.
func flagTable(f *pflag.FlagSet) string {
	const values = "[=true|false]"
	return strings.ReplaceAll(f.FlagUsagesWrapped(helpWidth), values, strings.Repeat(" ", len(values)))
}

// newHelp is cobra's help, but an unknown command is a usage error (exit code 2): a script that asks for help on a command of
// another release must notice.
func newHelp() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Show help for a command or a topic",
		Long:  "Show help for a command or a topic, as COMMAND --help does.",
		Example: `  codafs help snapshot
  codafs help exit-codes`,
		ValidArgsFunction: completeCommands,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return noSuchCommand(c, rest)
			}
			// cobra adds --help when a command runs; this one does not run.
			c.InitDefaultHelpFlag()
			return c.Help()
		},
	}
}

// topics are help pages that belong to no single command.
func topics() []*cobra.Command {
	return []*cobra.Command{
		{Use: "flags", Short: "The flags that many commands share", Long: flagsHelp()},
		{Use: "settings", Short: "Flags, variables, the configuration file, the token", Long: settingsHelp},
		{Use: "exit-codes", Short: "What the exit codes mean", Long: exitCodesHelp},
	}
}

const flagsIntro = `These flags mean the same in all commands that have them. A command's own --help has its other flags. Each can also be a
variable or a key of the configuration file: 'codafs help settings'.`

// flagsHelp is the topic that has the flags which a command's own help leaves out.
func flagsHelp() string {
	text := flagsIntro
	for _, g := range sharedFlags() {
		text += "\n\n" + g.title + ":\n" + strings.TrimRight(flagTable(g.flags), "\n")
	}
	return text
}

// settingsHelp is the contract of package config for users. Where the two differ, the package is wrong.
const settingsHelp = `Each flag is a setting. Its value is the first of these that is there:

  the flag              --refresh 5m
  a variable            CODAFS_REFRESH=5m       (the name in capitals, - becomes _)
  the file              refresh = "5m"          (TOML; lists in brackets)
  the default

The file is codafs/config.toml in the user's configuration folder (~/.config on Linux,
~/Library/Application Support on macOS, %AppData% on Windows), or the one that --config names. It is for
all commands: each takes what concerns it. A key that no command has is an error, and so is a variable that
looks like a misspelt setting. 'codafs config' shows what is in force, and from where. In settings that name a file or
folder, a leading ~/ is your own folder.

The API token is no setting, and never a flag: all users of a machine see the flags of all programs. It is the
first of these:

  CODA_API_TOKEN        a variable
  CODA_API_KEY          a variable
  --token-file FILE     a file that holds nothing else (it should be readable for you alone: chmod 600)
  coda-token            a systemd credential: LoadCredential=coda-token:/path/of/the/file

Where two of them differ, a warning says which one is used. --demo on the command line needs none and uses none; demo from
a variable or the file beside a token is an error, so that nobody takes the sample workspace for their own.

Examples:
  CODAFS_OUTPUT=/srv/coda codafs snapshot --incremental

  # ~/.config/codafs/config.toml
  token-file = "~/.config/codafs/token"
  output = "/srv/coda"
  exclude-doc = ["Playground", "https://coda.io/d/_dAbCDeFGH1a"]
  refresh = "5m"`

// exitCodesHelp is the list of all exit codes. exit.Code makes them; the constants of package snapshot/format are the same
// numbers.
const exitCodesHelp = `The numbers are promised to stay. summary.json of a snapshot carries the same.

  0     all went well
  1     it failed; of a snapshot, nothing was sealed, or --json could not be written; of 'doctor', there is a problem
  2     usage error: an unknown flag or setting, or a value that is not allowed; of 'plan' and 'apply', a file is rejected
  3     a snapshot was sealed, with gaps that summary.json names, or is suspiciously small
  4     the API token is missing or was refused
  5     'verify' found damage
  6     of 'apply', something is held, in conflict or in doubt, and nothing is lost; of 'plan --exit-code', would be held
  7     of 'plan --exit-code', there is something to send
  10    the folder is not a mount or a snapshot, or the output folder holds snapshots of another account
        or selection
  11    another run works in the output folder, or another codafs is writing to Coda
  13    the output folder or the state folder is full or cannot be written
  75    Coda gave no answer for five minutes; run again to resume
  130   stopped by Ctrl-C (SIGINT); 143 by SIGTERM. A mount ends with 0 then. The next snapshot takes up
        what is done`
