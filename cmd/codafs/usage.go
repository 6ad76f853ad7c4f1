package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// helpWidth is that of help in columns.
const helpWidth = 110

// printUsage is what help has below a command's text. (cobra has it as a template to change, but a program
// with templates is larger by a fifth: the linker then keeps all methods of all types.)
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
	if flags := flagTable(c.Flags()); flags != "" {
		fmt.Fprintf(w, "\nFlags:\n%s", flags)
	}
	if c.HasAvailableSubCommands() {
		fmt.Fprintf(w, "\n'%s COMMAND --help' tells more.\n", c.CommandPath())
	}
	return nil
}

func isListed(c *cobra.Command) bool { return c.IsAvailableCommand() || c.Name() == "help" }

// printCommands lists those of c's commands that are in.
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

// flagTable is the list of flags in help. That a switch may be given as --offline=true is no news for
// each line.
func flagTable(f *pflag.FlagSet) string {
	const values = "[=true|false]"
	return strings.ReplaceAll(f.FlagUsagesWrapped(helpWidth), values, strings.Repeat(" ", len(values)))
}
