package open

import (
	"context"
	"io"
	"slices"

	"github.com/codafs/codafs/cache"
	"github.com/codafs/codafs/cmd/codafs/internal/config"
	"github.com/codafs/codafs/cmd/codafs/internal/term"
	"github.com/codafs/codafs/fs"
)

// Known opens the workspace as it was last known. It sends nothing, prints nothing, and makes no cache if there is
// none.
func Known(s *config.Settings) (*Workspace, error) {
	dir, err := s.CacheFolder()
	if err != nil {
		return nil, err
	}
	if err := cache.Check(dir); err != nil {
		return nil, err
	}
	known := *s
	known.Offline = !s.Demo // the built-in service is not a network
	return Tree(&known, term.Streams{Out: io.Discard, Err: io.Discard}, Options{})
}

// KnownDocs returns the docs that any command has listed, with whatever selection, each doc once. It returns none if
// nothing is known, or ctx ends.
func KnownDocs(ctx context.Context, s *config.Settings) (docs []fs.Object) {
	// The list of docs is kept for each selection: the two that choose nothing else are what most commands have listed.
	for _, shared := range []bool{false, true} {
		all := *s
		all.Selection.Docs, all.Selection.ExcludeDocs, all.Selection.IncludeShared = nil, nil, shared
		for _, d := range KnownFolder(ctx, &all, "docs") {
			if o := d.Object(); !slices.ContainsFunc(docs, func(known fs.Object) bool { return known.ID == o.ID }) {
				docs = append(docs, o)
			}
		}
	}
	return docs
}

// KnownFolder lists a folder of the tree as it was last known, nothing if it is not known. The nodes may be asked for their
// names and objects; the workspace that made them is closed.
func KnownFolder(ctx context.Context, s *config.Settings, name string) []fs.Node {
	w, err := Known(s)
	if err != nil {
		return nil
	}
	defer w.Close()
	node, err := fs.Walk(ctx, w.Tree.Root(), name)
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
