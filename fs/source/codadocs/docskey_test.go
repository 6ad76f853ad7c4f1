package codadocs_test

import (
	"context"
	"io"
	"slices"
	"testing"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/remote"
	"github.com/codafs/codafs/fs/source/codadocs"
	"github.com/codafs/codafs/fs/treetest"
)

// offline is the tree that a program without a network has, over what is in the store.
func offline(t *testing.T, w *treetest.Workspace, sel codadocs.Selection) *remote.Tree {
	t.Helper()
	var err error
	if w.Client, err = coda.New(coda.Options{Offline: true, Token: "a-token"}); err != nil {
		t.Fatal(err)
	}
	return w.NewTree(w.Store, sel)
}

// docsOf names the docs of a tree; none where nothing is known.
func docsOf(t *testing.T, tree *remote.Tree) (names []string) {
	t.Helper()
	dir, err := fs.Walk(t.Context(), tree.Root(), "docs")
	if err != nil {
		t.Fatal(err)
	}
	all, err := dir.(fs.Dir).Entries(t.Context())
	if err != nil {
		return nil
	}
	for _, n := range all {
		names = append(names, n.Object().ID)
	}
	slices.Sort(names)
	return names
}

// What is shown of the docs, and the order in which they are named, choose no other docs.
func TestTheDocsOfASelectionAreKnownOffline(t *testing.T) {
	const handbook = "TmHndBk_-1"
	both := codadocs.Selection{Docs: []string{handbook, codatest.SampleDoc}}
	w := sample(t, both)
	walked(t, w)
	for name, c := range map[string]struct {
		sel  codadocs.Selection
		docs int
	}{
		"the same":       {both, 2},
		"another order":  {codadocs.Selection{Docs: []string{codatest.SampleDoc, handbook, handbook}, NoViews: true, Names: fs.NamesTitle}, 2},
		"fewer":          {codadocs.Selection{Docs: []string{handbook}}, 0},
		"with exclusion": {codadocs.Selection{Docs: both.Docs, ExcludeDocs: []string{handbook}}, 0},
		"all":            {codadocs.Selection{}, 0},
		"shared ones":    {codadocs.Selection{Docs: both.Docs, IncludeShared: true}, 0},
		"a workspace":    {codadocs.Selection{Docs: both.Docs, WorkspaceID: "ws-1"}, 0},
	} {
		if got := docsOf(t, offline(t, w, c.sel)); len(got) != c.docs {
			t.Errorf("%s: knows %q, want %d docs", name, got, c.docs)
		}
	}
}

// The keys that codafs had until November 2026, of all settings with their defaults: SHA-256 over
// "-62135596800000000\0" and the selection as JSON.
func TestTheDocsThatOlderProgramsKeptAreKnownOffline(t *testing.T) {
	const list = `[{"id":"AbCdE-fgH1","type":"doc","name":"Hub","updatedAt":"2026-03-18T16:20:31.482Z"}]`
	w := sample(t, codadocs.Selection{})
	for key, sel := range map[string]codadocs.Selection{
		"test/docs/6d70a0508bd1a741e32e64b4c9930568": {RowsJSON: true},
		"test/docs/3e1d8b6b6ba54fbdfbc63ba00f5f98b3": {Docs: []string{"TmHndBk_-1", "AbCdE-fgH1"}},
	} {
		c, err := w.Store.Put(t.Context(), key, func(_ context.Context, out io.Writer) error {
			_, err := io.WriteString(out, list)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		c.Close()
		if got := docsOf(t, offline(t, w, sel)); !slices.Equal(got, []string{"AbCdE-fgH1"}) {
			t.Errorf("%+v: knows %q", sel, got)
		}
	}
}
