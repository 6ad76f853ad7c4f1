package main

import (
	_ "embed"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// bashCompletion is our own: cobra's loses words with blanks at the second tab key, and knows nothing in open quotes.
//
//go:embed completion.bash
var bashCompletion string

const bashHelp = `Print the completion script for bash. It needs nothing else.

For this shell:   source <(codafs completion bash)
For all later:    codafs completion bash > ~/.local/share/bash-completion/completions/codafs`

// useOwnBash has 'codafs completion bash' print our script.
func useOwnBash(root *cobra.Command, std streams) {
	cmd, _, err := root.Find([]string{"completion", "bash"})
	if err != nil || cmd.Name() != "bash" {
		return
	}
	cmd.Long = bashHelp
	cmd.ResetFlags()
	cmd.RunE = func(*cobra.Command, []string) error {
		_, err := io.WriteString(std.out, bashCompletion)
		return err
	}
}

// plainHints takes the marks out of the flags' texts that help knows a value's name by: shells show the texts as they are.
func plainHints(cmd *cobra.Command) {
	cmd.Flags().VisitAll(func(f *pflag.Flag) { f.Usage = strings.ReplaceAll(f.Usage, "`", "") })
	for _, c := range cmd.Commands() {
		plainHints(c)
	}
}
