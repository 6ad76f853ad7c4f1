package main

import (
	"fmt"
	"path/filepath"

	"github.com/codafs/codafs/cmd/codafs/internal/config"
	"github.com/codafs/codafs/cmd/codafs/internal/find"
	"github.com/codafs/codafs/cmd/codafs/internal/open"
	"github.com/codafs/codafs/cmd/codafs/internal/progress"
	"github.com/codafs/codafs/cmd/codafs/internal/term"
	"github.com/codafs/codafs/coda/rest"
	"github.com/codafs/codafs/snapshot"
	"github.com/spf13/cobra"
)

// newResolve makes 'codafs resolve': from a link to the file, and back. Its output is one line for $(…): a path or a link, and
// nothing else. The path is one of the tree; with --mountpoint it is one on disk, by the selection of that mount. That the
// object is in the tree is promised, that its content can be fetched is not. A link that is none of Coda's is a usage
// error (2); an object that is not in the tree, such as a doc that was not selected, is a failure (1).
func newResolve(std term.Streams) *cobra.Command {
	s := newSettings()
	var mountpoint string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "resolve LINK|PATH",
		Short: "Find the path for a Coda link, or the link for a path",
		Long: `Given a LINK to a doc, page, table or view, print its path in the tree. Given a PATH, print the link that opens it in a browser.

LINK is one copied from the browser (coda.io or docs.superhuman.com), an address of the API, or ids: docs://DOC,
docs://DOC/pages/PAGE. For a row, the path is that of its table's file. PATH is in a mount, in a snapshot, or in the tree
(docs/…).

The answer comes from the cache where it is known there. Otherwise Coda is asked, unless --offline is given.`,
		Example: `  codafs resolve 'https://coda.io/d/Launch_dAbCDeFGH1a/Plan_suXyz12'
  less "$(codafs resolve --mountpoint ~/coda 'https://coda.io/d/_dAbCDeFGH1a#_tugrid-AbC')"
  xdg-open "$(codafs resolve ~/coda/docs/Launch*/pages/Plan*.md)"`,
		Args:              between(1, 1),
		ValidArgsFunction: completeTree(&s),
		RunE: func(cmd *cobra.Command, args []string) error {
			found, err := resolve(&s, cmd, std, args[0], mountpoint)
			if err != nil {
				return err
			}
			if asJSON {
				return term.PrintJSON(std.Out, found)
			}
			answer := found.URL
			if find.IsLink(args[0]) {
				answer = filepath.FromSlash(found.Path)
			}
			_, err = fmt.Fprintln(std.Out, answer)
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the path, the link and what is there, as JSON")
	config.PathVar(cmd.Flags(), &mountpoint, "mountpoint", "", "", "print paths below `DIR`, a mount, which shows what was chosen for it")
	s.Register(cmd.Flags(), "export-timeout", "max-file-size", "limit-download")
	completeDocs(cmd, &s)
	return cmd
}

// resolve finds what a link leads to, or what is at a path. If a mount is named, or the path is in one, that mount's own
// selection of docs and files holds: otherwise a name or a missing object would be another one than the mount shows.
func resolve(s *config.Settings, cmd *cobra.Command, std term.Streams, arg, mountpoint string) (find.Info, error) {
	// Both ways work on any workspace, so that each can be tried on what is known before Coda is asked.
	lookUp := func(w *open.Workspace, asks bool) (find.Info, error) {
		return find.Linked(cmd.Context(), w.Client, w.Tree.Root(), arg, asks)
	}
	below := mountpoint
	if !find.IsLink(arg) {
		var name string
		var err error
		below = ""
		if name, mountpoint, err = find.InTree(arg); err != nil {
			return find.Info{}, err
		}
		lookUp = func(w *open.Workspace, _ bool) (find.Info, error) {
			return find.WithLink(cmd.Context(), w.Tree.Root(), name)
		}
	}
	if mountpoint != "" {
		m, err := snapshot.Mounted(mountpoint)
		if err != nil {
			return find.Info{}, err
		}
		// The cache has a list of docs for each selection; with the mount's own one its list is found there.
		if err := s.Adopt(m.Source().APIURL, m.Selection()); err != nil {
			return find.Info{}, fmt.Errorf("%s: %w", mountpoint, err)
		}
	}
	// A link's path is below the mount only if one was named; a path that was given is shown as it is in the tree.
	found, err := eitherWay(s, std, lookUp)
	if below != "" {
		found.Path = filepath.Join(below, filepath.FromSlash(found.Path))
	}
	return found, err
}

// eitherWay searches what is known, and asks Coda if that is not enough. The first try sends nothing and prints nothing,
// whatever fails: the second one then says it.
func eitherWay(s *config.Settings, std term.Streams, lookUp func(w *open.Workspace, asks bool) (find.Info, error)) (find.Info, error) {
	if w, err := open.Known(s); err == nil {
		found, err := lookUp(w, false)
		w.Close()
		if err == nil {
			return found, nil
		}
	}
	waits, std := progress.ShowWaits(std, "resolve")
	defer waits.End()
	w, err := open.Tree(s, std, open.Options{Outage: rest.LeaveOutage})
	if err != nil {
		return find.Info{}, err
	}
	defer w.Close()
	waits.Watch(w.Client)
	return lookUp(w, !s.Offline)
}
