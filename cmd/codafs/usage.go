package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/codafs/codafs/cmd/codafs/internal/config"
)

// helpWidth is the width of help in columns.
const helpWidth = 110

// printUsage prints the part of help below a command's text. (cobra has a template for it, but a program with templates
// is larger by a fifth: the linker then keeps all methods of all types.)
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

// ownFlags returns a command's flags without the shared ones.
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

// sharedGroup is a group of flags that many commands have, under one heading.
type sharedGroup struct {
	title string
	flags *pflag.FlagSet
}

func (g sharedGroup) has(name string) bool {
	f := g.flags.Lookup(name)
	return f != nil && !f.Hidden
}

func sharedFlags() []sharedGroup {
	groups := []sharedGroup{
		{title: "The way to Coda, the cache and the log: mount, snapshot, ls, cat, resolve, doctor; of status, those that it needs"},
		{title: "Which docs: mount, snapshot, ls, cat, resolve, doctor"},
		{title: "What is shown of them: mount, snapshot, ls, cat, resolve"},
	}
	for i, register := range []func(*config.Settings, *pflag.FlagSet){
		func(s *config.Settings, f *pflag.FlagSet) { s.RegisterService(f) }, (*config.Settings).RegisterDocs, (*config.Settings).RegisterTree,
	} {
		groups[i].flags = pflag.NewFlagSet("", pflag.ContinueOnError)
		register(new(config.Settings), groups[i].flags)
	}
	return groups
}

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

// flagTable is the list of flags in help. It does not say on each line that a switch may be given as --offline=true.
func flagTable(f *pflag.FlagSet) string {
	const values = "[=true|false]"
	return strings.ReplaceAll(f.FlagUsagesWrapped(helpWidth), values, strings.Repeat(" ", len(values)))
}
