package main

import (
	"context"
	_ "embed"
	"fmt"
	"io"
	"path"
	"strings"
	"time"

	"github.com/codafs/codafs/cmd/codafs/internal/config"
	"github.com/codafs/codafs/cmd/codafs/internal/find"
	"github.com/codafs/codafs/cmd/codafs/internal/open"
	"github.com/codafs/codafs/cmd/codafs/internal/term"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/mount"
	"github.com/codafs/codafs/fs/mount/mountpoint"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
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

// completionHelp gets the shell's name, the command for this shell, and that for all later ones.
const completionHelp = `Print the completion script for %[1]s. It needs nothing else.
Docs and paths are completed from the cache, so not before the first 'codafs ls docs' or mount.

For this shell:   %[2]s
For all later:    %[3]s`

// useOwnScripts makes 'codafs completion' print our scripts for bash, zsh and fish; for PowerShell it is cobra's own. The flags
// of cobra's command are taken away: our scripts always have descriptions.
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
// It is called for cobra's __complete command alone, which shells run at each press of the tab key.
func plainHints(cmd *cobra.Command) {
	cmd.Flags().VisitAll(func(f *pflag.Flag) { f.Usage = strings.ReplaceAll(f.Usage, "`", "") })
	for _, c := range cmd.Commands() {
		plainHints(c)
	}
}

// Shells ask the program itself for completions (cobra's __complete command). Names in the workspace come from the
// cache alone: completion sends no request, and prints no error.

// noFiles keeps the shell from offering files of the working folder where they make no sense.
const noFiles = cobra.ShellCompDirectiveNoFileComp

// flagValues has the values of the flags that take one of a few words.
var flagValues = map[string][]string{
	"names":      {string(fs.NamesID), string(fs.NamesTitle)},
	"sizes":      {string(mount.Auto), string(mount.Exact), string(mount.Estimate)},
	"archive":    {"zip", "tar.zst"},
	"log-level":  {"debug", "info", "warn", "error"},
	"log-format": {"text", "json"},
}

// completeFlags registers the completions of a command's flags: fixed words, folders, or nothing. A flag without one of
// these gets the files of the working folder, which is the shell's own guess.
func completeFlags(cmd *cobra.Command) {
	for name, values := range flagValues {
		if cmd.Flags().Lookup(name) != nil {
			_ = cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(values, noFiles)) // the flag exists
		}
	}
	if cmd.Flags().Lookup("exclude-page") != nil {
		_ = cmd.RegisterFlagCompletionFunc("exclude-page", cobra.NoFileCompletions) // the flag exists
	}
	for _, name := range []string{"output", "cache-dir", "state-dir"} {
		if cmd.Flags().Lookup(name) != nil {
			_ = cmd.MarkFlagDirname(name)
		}
	}
}

// completeFiles completes the names of files and folders, as the shell itself would.
func completeFiles(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveDefault
}

// completeArgs registers the completions of a command's arguments. A command that has not registered any gets none, or
// folders.
func completeArgs(cmd *cobra.Command) {
	if cmd.ValidArgsFunction != nil || cmd.HasSubCommands() {
		return
	}
	directive := noFiles
	if strings.Contains(cmd.Use, "DIR") || strings.Contains(cmd.Use, "MOUNTPOINT") || strings.HasSuffix(cmd.Use, "[A B]") {
		directive = cobra.ShellCompDirectiveFilterDirs
	}
	cmd.ValidArgsFunction = func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) { return nil, directive }
}

// completeMounts completes this user's mountpoints, for commands that take one. It asks the mount table and no mount, so one
// that hangs does not hang the shell. Without any it offers folders.
func completeMounts(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	found, err := mountpoint.List()
	if err != nil || len(found) == 0 || len(args) > 0 {
		return nil, cobra.ShellCompDirectiveFilterDirs
	}
	return found, noFiles
}

// completeCommands completes the program's commands and topics.
func completeCommands(cmd *cobra.Command, args []string, _ string) (names []string, _ cobra.ShellCompDirective) {
	c, _, err := cmd.Root().Find(args)
	if err != nil {
		return nil, noFiles
	}
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() || sub.IsAdditionalHelpTopicCommand() {
			names = append(names, cobra.CompletionWithDesc(sub.Name(), sub.Short))
		}
	}
	return names, noFiles
}

// completeDocs completes the known docs for the flags that name some. If two have the same name, their ids are used. s has
// the command's settings, which are loaded here: cobra runs completions without PreRunE. A wrong setting offers nothing.
func completeDocs(cmd *cobra.Command, s *config.Settings) {
	complete := func(cmd *cobra.Command, _ []string, toComplete string) (found []string, _ cobra.ShellCompDirective) {
		if load(cmd) != nil {
			return nil, noFiles
		}
		ctx, cancel := context.WithTimeout(cmd.Context(), completionTime)
		defer cancel()
		names := map[string]int{}
		docs := open.KnownDocs(ctx, s)
		for _, d := range docs {
			names[d.Title]++
		}
		for _, d := range docs {
			switch {
			case strings.HasPrefix(d.Title, toComplete) && names[d.Title] == 1:
				found = append(found, cobra.CompletionWithDesc(d.Title, d.ID))
			case strings.HasPrefix(d.ID, toComplete):
				found = append(found, cobra.CompletionWithDesc(d.ID, d.Title))
			}
		}
		return found, noFiles
	}
	for _, name := range []string{"doc", "exclude-doc"} {
		_ = cmd.RegisterFlagCompletionFunc(name, complete) // fails for a flag that does not exist
	}
}

// completeTree returns what completes the names in a folder of the tree. s has the command's settings.
func completeTree(s *config.Settings) cobra.CompletionFunc {
	return func(cmd *cobra.Command, _ []string, toComplete string) (found []string, _ cobra.ShellCompDirective) {
		if load(cmd) != nil {
			return nil, noFiles
		}
		ctx, cancel := context.WithTimeout(cmd.Context(), completionTime)
		defer cancel()
		folder, begun := path.Split(toComplete)
		directive := noFiles
		for _, n := range open.KnownFolder(ctx, s, find.TreePath(folder)) {
			if !strings.HasPrefix(n.Name(), begun) {
				continue
			}
			name := folder + n.Name()
			if _, isDir := n.(fs.Dir); isDir {
				name += "/"
				directive |= cobra.ShellCompDirectiveNoSpace
			}
			found = append(found, name)
		}
		return found, directive
	}
}

// completionTime limits how long one completion may take: the cache may lie on a disk that sleeps, and somebody waits
// with a hand on the tab key.
const completionTime = time.Second
