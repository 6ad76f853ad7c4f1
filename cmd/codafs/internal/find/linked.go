package find

import (
	"context"
	"errors"
	"fmt"
	iofs "io/fs"
	"path"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/fs"
)

// Linked finds what a link leads to. With asks it may send one request for the link itself, beside those for the lists that
// the search needs. An object that is not in the tree is an [iofs.ErrNotExist], a text that is no link a usage error.
func Linked(ctx context.Context, client *coda.Client, root fs.Dir, link string, asks bool) (Info, error) {
	t, err := parseLink(link)
	if err != nil {
		return Info{}, err
	}
	at, err := pathOf(ctx, client, root, link, t, asks)
	if err != nil {
		return Info{}, err
	}
	n, err := Node(ctx, root, at)
	if err != nil {
		return Info{}, err
	}
	return NewInfo(at, n), nil
}

// pathOf finds the path in the tree of what a link leads to. An object has more links than the one that the API
// returns (Coda was seen to give two to one page): if none is equal, Coda is asked what the link means, with
// resolveBrowserLink.
func pathOf(ctx context.Context, client *coda.Client, root fs.Dir, link string, t target, asks bool) (string, error) {
	found, err := pathOfTarget(ctx, root, t)
	// An id is exact, and Coda could say no more of it. Of a browser link's tail it can: an object has several.
	if !asks || t.tail == "" || !errors.Is(err, iofs.ErrNotExist) {
		return found, err
	}
	l, err := client.ResolveLink(ctx, link)
	if err != nil {
		return "", err
	}
	if t, err = parseLink(l.Resource.Href); err != nil {
		return "", err
	}
	return pathOfTarget(ctx, root, t)
}

// pathOfTarget finds the path of a target in the tree, by its doc. It lists that doc only.
func pathOfTarget(ctx context.Context, root fs.Dir, t target) (string, error) {
	docs, err := fs.Walk(ctx, root, "docs")
	if err != nil {
		return "", err
	}
	all, err := docs.(fs.Dir).Entries(ctx)
	if err != nil {
		return "", err
	}
	for _, d := range all {
		if d.Object().ID == t.doc {
			return objectPath(ctx, d.(fs.Dir), path.Join("docs", d.Name()), t)
		}
	}
	return "", fmt.Errorf("the doc %s: %w: it is not among those that are chosen (see --include-shared and --doc)", t.doc, iofs.ErrNotExist)
}

// objectPath finds an object in its doc, whose path is name. A folder that this tree does not have (no pages, or --no-views) is
// passed over; one that cannot be listed is an error: the object may be in it.
func objectPath(ctx context.Context, doc fs.Dir, name string, t target) (string, error) {
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

// search searches a folder and the folders below it, first found first. It returns "" if nothing is found. It asks nodes for
// their objects alone, so it costs no request beyond those for the doc's lists. An error ends it: what could not be
// listed may hold the object.
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

// WithLink finds what is at a path, and adds its link. What has none, such as the folder docs, is an [iofs.ErrInvalid].
func WithLink(ctx context.Context, root fs.Dir, at string) (Info, error) {
	n, err := Node(ctx, root, at)
	if err != nil {
		return Info{}, err
	}
	if n.Object().URL == "" {
		return Info{}, fmt.Errorf("%s: %w: only docs and what is in them have links", at, iofs.ErrInvalid)
	}
	return NewInfo(at, n), nil
}
