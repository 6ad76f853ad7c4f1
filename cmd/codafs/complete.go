package main

import (
	"context"
	"io"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/codafs/codafs/cache"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/mount"
	"github.com/spf13/cobra"
)

// Shells ask the program itself what may come next (cobra's __complete command). What is
// in the workspace comes from the cache alone: a key press sends no request, and says no error.

// completionTime bounds what a key press may take.
const completionTime = time.Second

const noFiles = cobra.ShellCompDirectiveNoFileComp

// flagValues are those of the flags that take one of a few words.
var flagValues = map[string][]string{
	"names":      {string(fs.NamesID), string(fs.NamesTitle)},
	"sizes":      {string(mount.Auto), string(mount.Exact), string(mount.Estimate)},
	"archive":    {"zip", "tar.zst"},
	"log-level":  {"debug", "info", "warn", "error"},
	"log-format": {"text", "json"},
}

// completeFlags says what the values of a command's flags may be.
func completeFlags(cmd *cobra.Command) {
	for name, values := range flagValues {
		if cmd.Flags().Lookup(name) != nil {
			_ = cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(values, noFiles)) // it is there
		}
	}
	for _, name := range []string{"output", "cache-dir"} {
		if cmd.Flags().Lookup(name) != nil {
			_ = cmd.MarkFlagDirname(name)
		}
	}
}

// completeArgs says what a command's arguments may be: without a word of its own a command has
// none, or folders.
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

// completeMounts names the mountpoints of this user, for commands that want one.
func completeMounts(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	found, err := mount.Mounts()
	if err != nil || len(found) == 0 || len(args) > 0 {
		return nil, cobra.ShellCompDirectiveFilterDirs
	}
	return found, noFiles
}

// completeCommands names the program's commands and topics.
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

// cached opens the workspace as it was last known: it sends nothing, says nothing, and makes
// no cache where there is none.
func (s *settings) cached() (*workspace, error) {
	dir, err := s.cacheFolder()
	if err != nil {
		return nil, err
	}
	if err := cache.Check(dir); err != nil {
		return nil, err
	}
	known := *s
	known.offline = !s.demo // the built-in service is no network
	return known.open(streams{out: io.Discard, err: io.Discard}, openOptions{})
}

// completeDocs names the docs that are known. A doc whose name another one has goes by its id.
func (s *settings) completeDocs(cmd *cobra.Command, _ []string, toComplete string) (found []string, _ cobra.ShellCompDirective) {
	if load(cmd) != nil {
		return nil, noFiles
	}
	names := map[string]int{}
	docs := s.knownDocs(cmd.Context())
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

// knownDocs gives the docs that any command has listed: those of all selections that may be kept,
// each doc once.
func (s *settings) knownDocs(ctx context.Context) (docs []fs.Object) {
	ctx, cancel := context.WithTimeout(ctx, completionTime)
	defer cancel()
	for _, shared := range []bool{false, true} {
		all := *s
		all.selection.Docs, all.selection.ExcludeDocs, all.selection.IncludeShared = nil, nil, shared
		for _, d := range all.cachedFolder(ctx, "docs") {
			if o := d.Object(); !slices.ContainsFunc(docs, func(known fs.Object) bool { return known.ID == o.ID }) {
				docs = append(docs, o)
			}
		}
	}
	return docs
}

// cachedFolder lists a folder of the tree as it was last known.
func (s *settings) cachedFolder(ctx context.Context, name string) []fs.Node {
	w, err := s.cached()
	if err != nil {
		return nil
	}
	defer w.close()
	node, err := fs.Walk(ctx, w.tree.Root(), treePath(name))
	if err != nil {
		return nil
	}
	dir, ok := node.(fs.Dir)
	if !ok {
		return nil
	}
	nodes, err := dir.Entries(ctx)
	if err != nil {
		return nil
	}
	return nodes
}

// completeTree names what is below a folder of the tree.
func (s *settings) completeTree(cmd *cobra.Command, _ []string, toComplete string) (found []string, _ cobra.ShellCompDirective) {
	if load(cmd) != nil {
		return nil, noFiles
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), completionTime)
	defer cancel()
	folder, begun := path.Split(toComplete)
	directive := noFiles
	for _, n := range s.cachedFolder(ctx, folder) {
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
