package main

import (
	"context"
	"errors"
	"fmt"
	iofs "io/fs"
	"path"
	"path/filepath"
	"strings"

	"github.com/codafs/codafs/cmd/codafs/internal/config"
	"github.com/codafs/codafs/cmd/codafs/internal/term"

	"github.com/codafs/codafs/cmd/codafs/internal/progress"
	"github.com/codafs/codafs/coda/rest"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/mount/mountpoint"
	"github.com/codafs/codafs/snapshot"
	"github.com/spf13/cobra"
)

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
			if isLink(args[0]) {
				answer = filepath.FromSlash(found.Path)
			}
			_, err = fmt.Fprintln(std.Out, answer)
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the path, the link and what is there, as JSON")
	config.PathVar(cmd.Flags(), &mountpoint, "mountpoint", "", "", "print paths below `DIR`, a mount, which shows what was chosen for it")
	s.Register(cmd.Flags(), "export-timeout")
	completeDocs(cmd, &s)
	return cmd
}

// resolve finds what a link leads to, or what is at a path.
func resolve(s *config.Settings, cmd *cobra.Command, std term.Streams, arg, mountpoint string) (nodeInfo, error) {
	find := func(w *workspace, asks bool) (nodeInfo, error) { return w.linked(cmd.Context(), arg, asks) }
	below := mountpoint
	if !isLink(arg) {
		var name string
		var err error
		below = ""
		if name, mountpoint, err = inTree(arg); err != nil {
			return nodeInfo{}, err
		}
		find = func(w *workspace, _ bool) (nodeInfo, error) { return w.withLink(cmd.Context(), name) }
	}
	if mountpoint != "" {
		m, err := snapshot.Mounted(mountpoint)
		if err != nil {
			return nodeInfo{}, err
		}
		if err := s.Adopt(m.Source().APIURL, m.Selection()); err != nil {
			return nodeInfo{}, fmt.Errorf("%s: %w", mountpoint, err)
		}
	}
	found, err := eitherWay(s, std, find)
	if below != "" {
		found.Path = filepath.Join(below, filepath.FromSlash(found.Path))
	}
	return found, err
}

func isLink(arg string) bool { return strings.Contains(arg, "://") }

// eitherWay searches what is known, and asks Coda if that is not enough.
func eitherWay(s *config.Settings, std term.Streams, find func(w *workspace, asks bool) (nodeInfo, error)) (nodeInfo, error) {
	if w, err := openKnown(s); err == nil {
		found, err := find(w, false)
		w.close()
		if err == nil {
			return found, nil
		}
	}
	waits, std := progress.ShowWaits(std, "resolve")
	defer waits.End()
	w, err := openTree(s, std, openOptions{outage: rest.LeaveOutage})
	if err != nil {
		return nodeInfo{}, err
	}
	defer w.close()
	waits.Watch(w.client)
	return find(w, !s.Offline)
}

// linked finds what a link leads to.
func (w *workspace) linked(ctx context.Context, link string, asks bool) (nodeInfo, error) {
	t, err := parseLink(link)
	if err != nil {
		return nodeInfo{}, err
	}
	at, err := w.pathOf(ctx, link, t, asks)
	if err != nil {
		return nodeInfo{}, err
	}
	n, err := w.find(ctx, at)
	if err != nil {
		return nodeInfo{}, err
	}
	return newNodeInfo(at, n), nil
}

// pathOf finds the path in the tree of what a link leads to. An object has more links than the one that the API
// returns: if none is equal, Coda is asked what the link means.
func (w *workspace) pathOf(ctx context.Context, link string, t target, asks bool) (string, error) {
	found, err := w.pathOfTarget(ctx, t)
	if !asks || t.tail == "" || !errors.Is(err, iofs.ErrNotExist) {
		return found, err
	}
	l, err := w.client.ResolveLink(ctx, link)
	if err != nil {
		return "", err
	}
	if t, err = parseLink(l.Resource.Href); err != nil {
		return "", err
	}
	return w.pathOfTarget(ctx, t)
}

func (w *workspace) pathOfTarget(ctx context.Context, t target) (string, error) {
	docs, err := fs.Walk(ctx, w.tree.Root(), "docs")
	if err != nil {
		return "", err
	}
	all, err := docs.(fs.Dir).Entries(ctx)
	if err != nil {
		return "", err
	}
	for _, d := range all {
		if d.Object().ID == t.doc {
			return w.objectPath(ctx, d.(fs.Dir), path.Join("docs", d.Name()), t)
		}
	}
	return "", fmt.Errorf("the doc %s: %w: it is not among those that are chosen (see --include-shared and --doc)", t.doc, iofs.ErrNotExist)
}

// objectPath finds an object in its doc.
func (w *workspace) objectPath(ctx context.Context, doc fs.Dir, name string, t target) (string, error) {
	if t.isDoc() {
		return name, nil
	}
	for _, folder := range t.folders() {
		n, err := doc.Lookup(ctx, folder)
		if errors.Is(err, iofs.ErrNotExist) {
			continue
		}
		if err != nil {
			return "", err
		}
		if found, err := search(ctx, n.(fs.Dir), path.Join(name, folder), t); found != "" || err != nil {
			return found, err
		}
	}
	return "", fmt.Errorf("%s: %w: it has no page, table or view that the link leads to", name, iofs.ErrNotExist)
}

// search searches a folder and the folders below it. It returns "" if nothing is found.
func search(ctx context.Context, dir fs.Dir, name string, t target) (string, error) {
	nodes, err := dir.Entries(ctx)
	if err != nil {
		return "", err
	}
	for _, n := range nodes {
		at := path.Join(name, n.Name())
		if sub, ok := n.(fs.Dir); ok {
			if found, err := search(ctx, sub, at, t); found != "" || err != nil {
				return found, err
			}
		} else if t.means(n) {
			return at, nil
		}
	}
	return "", nil
}

// withLink finds what is at a path, and adds its link.
func (w *workspace) withLink(ctx context.Context, at string) (nodeInfo, error) {
	n, err := w.find(ctx, at)
	if err != nil {
		return nodeInfo{}, err
	}
	if n.Object().URL == "" {
		return nodeInfo{}, fmt.Errorf("%s: %w: only docs and what is in them have links", at, iofs.ErrInvalid)
	}
	return newNodeInfo(at, n), nil
}

// inTree returns the path in the tree of a path on disk: in a mount (then at is its mountpoint), or below any other
// folder that has the tree's docs in it.
func inTree(arg string) (name, at string, err error) {
	abs, err := filepath.Abs(arg)
	if err != nil {
		return "", "", err
	}
	if real, err := filepath.EvalSymlinks(abs); err == nil {
		abs = real
	}
	mounts, err := mountpoint.List()
	for _, m := range mounts {
		if rel, ok := strings.CutPrefix(abs, m+string(filepath.Separator)); ok {
			return treePath(filepath.ToSlash(rel)), m, err
		}
	}
	slashed := "/" + strings.TrimPrefix(filepath.ToSlash(arg), "/")
	if i := strings.LastIndex(slashed, "/docs/"); i >= 0 {
		return treePath(slashed[i:]), "", nil
	}
	return treePath(arg), "", nil
}
