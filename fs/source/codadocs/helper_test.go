package codadocs_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	iofs "io/fs"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/remote"
	"github.com/codafs/codafs/fs/source/codadocs"
	"github.com/codafs/codafs/fs/treetest"
)

const (
	hub         = "docs/Product Launch Hub__AbCdE-fgH1/"
	hubRoadmap  = hub + "tables/table/Roadmap__Roadmap__grid-Rm4_pq-T2x"
	hubDetails  = hub + "tables/view/Roadmap__Roadmap details__table-Detail_rdm"
	hubShips    = hub + "tables/view/Roadmap__Ships this quarter__table-Q1-Ships_0"
	hubAtRisk   = hub + "tables/view/Launch status__At risk__table--AtRisk-_1"
	pageRoadmap = hub + "pages/Roadmap__canvas-RoadMap-_1.md"
	pageStatus  = hub + "pages/Launch status__canvas-Ijk_Status1.md"
	pagePlan    = hub + "pages/Launch plan__canvas-_Lp20Plan0.md"

	hubPath = "/docs/" + codatest.SampleDoc
)

func sample(t *testing.T, sel codadocs.Selection) *treetest.Workspace {
	return treetest.New(t, codatest.Sample(), treetest.Options{Select: sel})
}

// walked gives the paths of all files and folders, apart from docs/ and the root.
func walked(t *testing.T, w *treetest.Workspace) (all []string) {
	t.Helper()
	err := iofs.WalkDir(w.FS(t), "docs", func(path string, _ iofs.DirEntry, err error) error {
		all = append(all, path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all[1:]
}

func has(t *testing.T, paths []string, path string) {
	t.Helper()
	if !slices.Contains(paths, path) {
		t.Errorf("there is no %q", path)
	}
}

func hasNot(t *testing.T, paths []string, part string) {
	t.Helper()
	if i := slices.IndexFunc(paths, func(p string) bool { return strings.Contains(p, part) }); i >= 0 {
		t.Errorf("there is %q", paths[i])
	}
}

// File finds a file of the tree.
func file(t *testing.T, w *treetest.Workspace, path string) fs.File {
	t.Helper()
	n, err := fs.Walk(t.Context(), w.Tree.Root(), path)
	if err != nil {
		t.Fatal(err)
	}
	return n.(fs.File)
}

func folder(t *testing.T, w *treetest.Workspace, path string) fs.Dir {
	t.Helper()
	n, err := fs.Walk(t.Context(), w.Tree.Root(), path)
	if err != nil {
		t.Fatal(err)
	}
	return n.(fs.Dir)
}

func version(t *testing.T, f fs.File) fs.Version {
	t.Helper()
	v, err := f.Version(t.Context())
	if err != nil {
		t.Fatalf("%s: %v", f.Name(), err)
	}
	return v
}

// open gives the bytes of a version.
func open(ctx context.Context, f fs.File, v fs.Version) (string, error) {
	c, err := f.Open(ctx, v)
	if err != nil {
		return "", err
	}
	defer c.Close()
	b, err := io.ReadAll(io.NewSectionReader(c, 0, c.Size()))
	return string(b), err
}

func read(t *testing.T, w *treetest.Workspace, path string) string {
	t.Helper()
	b, err := iofs.ReadFile(w.FS(t), path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func index(t *testing.T, tree *remote.Tree) []fs.Entry {
	t.Helper()
	entries, err := treetest.Index(t.Context(), tree, fs.Held{})
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

// tryExport reads a page, so that no index tries the token with one: that page would come at any time later, and be at
// hand in some indexes and not in others.
func tryExport(t *testing.T, w *treetest.Workspace) {
	t.Helper()
	found := ""
	err := iofs.WalkDir(w.FS(t), "docs", func(path string, _ iofs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".md") {
			found = path
			return iofs.SkipAll
		}
		return err
	})
	if err != nil || found == "" {
		t.Fatalf("no page: %v", err)
	}
	read(t, w, found)
}

// failures gives the entries that are gaps.
func failures(entries []fs.Entry) (gaps []fs.Entry) {
	for _, e := range entries {
		if e.Failure != nil {
			gaps = append(gaps, e)
		}
	}
	return gaps
}

func refresh(t *testing.T, w *treetest.Workspace) {
	t.Helper()
	if err := w.Tree.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// state finds a table of the stand-in's workspace.
func state(t *testing.T, w *codatest.Workspace, docID, tableID string) *codatest.Table {
	t.Helper()
	for _, d := range w.Docs {
		for _, x := range d.Tables {
			if d.ID == docID && x.ID == tableID {
				return x
			}
		}
	}
	t.Fatalf("no table %s in doc %s", tableID, docID)
	return nil
}

func equal(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n%s\nwant:\n%s", what, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// jsonLines reads a file of JSON values.
func jsonLines[T any](t *testing.T, text string) (all []T) {
	t.Helper()
	for dec := json.NewDecoder(strings.NewReader(text)); ; {
		var v T
		if err := dec.Decode(&v); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
}

func base(paths []string) (names []string) {
	for _, p := range paths {
		names = append(names, path.Base(p))
	}
	return names
}

var errNotExist = iofs.ErrNotExist
