package find

import (
	"context"
	"errors"
	"fmt"
	iofs "io/fs"
	"path"
	"strings"

	"github.com/codafs/codafs/cmd/codafs/internal/term"
	"github.com/codafs/codafs/fs"
)

// Node returns the node at a path of the tree, as [TreePath] gives it. If there is none, the error is an [iofs.ErrNotExist] and
// suggests another one.
func Node(ctx context.Context, root fs.Dir, name string) (fs.Node, error) {
	n, err := fs.Walk(ctx, root, name)
	if errors.Is(err, iofs.ErrNotExist) {
		err = fmt.Errorf("%w%s", err, Near(ctx, root, name))
	}
	return n, err
}

// Near is the part of a message that suggests a path in the tree for one that does not exist, if something is near; else "".
// It lists the folders on the way, so it may send requests. The name may also be one below docs, or the path of a file in a
// mount or a snapshot.
func Near(ctx context.Context, root fs.Dir, name string) string {
	if strings.Contains(name, ":/") { // a link, after it was cleaned like a path
		return "; 'codafs resolve LINK' prints the path that a link leads to"
	}
	near := nearBelow(ctx, root, name)
	if near == "" && !strings.HasPrefix(name, "docs/") {
		near = nearBelow(ctx, root, path.Join("docs", name))
	}
	if _, below, found := strings.Cut(name+"/", "/docs/"); near == "" && found { // the path of a file in a mount or a snapshot
		near = nearBelow(ctx, root, path.Join("docs", below))
	}
	if near == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %s?", term.ShellWord(near))
}

// nearBelow follows name below dir, and replaces each part that does not exist by the nearest name. It returns "" if a
// part has none, and for what cannot be listed: a suggestion is not worth an error of its own.
func nearBelow(ctx context.Context, dir fs.Dir, name string) string {
	found := ""
	for part := range strings.SplitSeq(name, "/") {
		if dir == nil {
			return ""
		}
		n, err := dir.Lookup(ctx, part)
		if errors.Is(err, iofs.ErrNotExist) {
			n, err = nearNode(ctx, dir, part)
		}
		if err != nil || n == nil {
			return ""
		}
		found = path.Join(found, n.Name())
		dir, _ = n.(fs.Dir)
	}
	return found
}

// nearNode finds the node that was probably meant by a name, nil if none is near. The id may be left out: names are compared
// with it and without it. Of nodes with equal titles the first one is taken.
func nearNode(ctx context.Context, dir fs.Dir, name string) (fs.Node, error) {
	nodes, err := dir.Entries(ctx)
	if err != nil {
		return nil, err
	}
	var names []string
	of := map[string]fs.Node{}
	for _, n := range nodes {
		// People know titles, not ids; with --names=title both names are the same.
		for _, known := range []string{n.Name(), strings.Replace(n.Name(), "__"+n.Object().ID, "", 1)} {
			if of[known] == nil {
				names, of[known] = append(names, known), n
			}
		}
	}
	return of[fs.Nearest(name, names)], nil
}

// TreePath converts a path as a user types it to the form of package io/fs: without slashes at its ends, and
// cleaned of . and .. where that can be; the root is ".". What still has a .. is no path in the tree, and fs.Walk refuses it.
func TreePath(p string) string {
	return path.Clean("./" + strings.Trim(p, "/"))
}
