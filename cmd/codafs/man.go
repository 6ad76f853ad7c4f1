package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"

	"github.com/codafs/codafs/cmd/codafs/internal/term"
	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// newMan makes 'codafs man': the help of all commands as manual pages, for those who package the program and for a person
// whose package has none. 'make install' uses it. The pages depend on nothing but the program and SOURCE_DATE_EPOCH, so that
// two builds of a package are the same bytes. mount.codafs(8) is not among them: it is written by hand (packaging/man).
func newMan(std term.Streams) *cobra.Command {
	return &cobra.Command{
		Use:   "man [DIR]",
		Short: "Write the manual pages",
		Long: `Write the manual pages of all commands into DIR, which is made if it is missing: codafs.1, codafs-mount.1
and so on. Without DIR, print the page codafs.1. With SOURCE_DATE_EPOCH set, the pages bear that date.`,
		Example: `  codafs man | man -l -
  codafs man ~/.local/share/man/man1`,
		Args: between(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				page, err := manPage(cmd.Root())
				if err != nil {
					return err
				}
				_, err = std.Out.Write(page)
				return err
			}
			return writeManPages(cmd.Root(), args[0])
		},
	}
}

// writeManPages writes a page for each command and topic. Pages that are there are replaced.
func writeManPages(root *cobra.Command, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	all := documented(root)
	if c, _, err := root.Find([]string{"completion"}); err == nil { // this command is cobra's; codafs(1) refers to it
		all = append(append(all, c), c.Commands()...)
	}
	for _, c := range all {
		page, err := manPage(c)
		if err != nil {
			return err
		}
		name := strings.ReplaceAll(c.CommandPath(), " ", "-") + ".1"
		if err := os.WriteFile(filepath.Join(dir, name), page, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// manPage is one page. The order of c's flags is another one afterwards, in its help too.
func manPage(c *cobra.Command) ([]byte, error) {
	var b bytes.Buffer
	c.Flags().SortFlags = false // the command's own flags first
	err := doc.GenMan(c, &doc.GenManHeader{Section: "1", Source: tool(), Manual: "codafs manual"}, &b)
	return b.Bytes(), err
}

// documented returns a command and all commands and topics of ours below it, in the order of the help.
func documented(c *cobra.Command) []*cobra.Command {
	all := []*cobra.Command{c}
	for _, sub := range c.Commands() {
		if !sub.Hidden && sub.Name() != "help" && sub.Name() != "completion" {
			all = append(all, documented(sub)...)
		}
	}
	return all
}
