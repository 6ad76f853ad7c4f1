package main

import (
	_ "embed"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/codafs/codafs/cmd/codafs/internal/term"
)

// These scripts replace cobra's, which lose words with blanks at the second tab key (bash, fish), and complete nothing
// in open quotes.
var (
	//go:embed completion.bash
	bashScript string
	//go:embed completion.zsh
	zshScript string
	//go:embed completion.fish
	fishScript string
)

const completionHelp = `Print the completion script for %[1]s. It needs nothing else.
Docs and paths are completed from the cache, so not before the first 'codafs ls docs' or mount.

For this shell:   %[2]s
For all later:    %[3]s`

// useOwnScripts makes 'codafs completion' print our scripts.
func useOwnScripts(root *cobra.Command, std term.Streams) {
	for shell, own := range map[string]struct{ script, now, later string }{
		"bash": {bashScript, "source <(codafs completion bash)", "codafs completion bash > ~/.local/share/bash-completion/completions/codafs"},
		"zsh":  {zshScript, "source <(codafs completion zsh)", `codafs completion zsh > "${fpath[1]}/_codafs"`},
		"fish": {fishScript, "codafs completion fish | source", "codafs completion fish > ~/.config/fish/completions/codafs.fish"},
	} {
		cmd, _, err := root.Find([]string{"completion", shell})
		if err != nil || cmd.Name() != shell {
			continue
		}
		cmd.Long = fmt.Sprintf(completionHelp, shell, own.now, own.later)
		cmd.ResetFlags()
		cmd.RunE = func(*cobra.Command, []string) error {
			_, err := io.WriteString(std.Out, own.script)
			return err
		}
	}
}

// plainHints removes the marks from the texts of flags by which help finds the name of a value: shells would show them.
func plainHints(cmd *cobra.Command) {
	cmd.Flags().VisitAll(func(f *pflag.Flag) { f.Usage = strings.ReplaceAll(f.Usage, "`", "") })
	for _, c := range cmd.Commands() {
		plainHints(c)
	}
}
