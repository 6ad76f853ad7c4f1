package codadocs_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/remote"
	"github.com/codafs/codafs/fs/source/codadocs"
	"github.com/codafs/codafs/fs/treetest"
)

// large is a service with one doc that has n pages and n tables.
type large struct {
	codadocs.API
	n     int
	chain bool // each page is below the one before
}

func (s large) Docs(context.Context, coda.DocFilter) iter.Seq2[coda.Doc, error] {
	return items(1, coda.DecodeList[coda.Doc], func(int) string { return `{"id":"LargeDoc01","name":"Large","updatedAt":"2026-01-01T00:00:00.000Z"}` })
}

func (s large) Pages(context.Context, string) iter.Seq2[coda.Page, error] {
	return items(s.n, coda.DecodeList[coda.Page], func(i int) string {
		parent := ""
		if s.chain && i > 0 {
			parent = fmt.Sprintf(`,"parent":{"id":"canvas-%d"}`, i-1)
		}
		return fmt.Sprintf(`{"id":"canvas-%d","name":"Page","contentType":"canvas"%s}`, i, parent)
	})
}

func (s large) Tables(context.Context, string) iter.Seq2[coda.Table, error] {
	return items(s.n, coda.DecodeList[coda.Table], func(i int) string { return fmt.Sprintf(`{"id":"grid-%d","name":"Table","tableType":"table"}`, i) })
}

// items gives n items from their JSON, as the client does.
func items[T any](n int, decode func([]byte) ([]T, error), text func(i int) string) iter.Seq2[T, error] {
	list := make([]json.RawMessage, n)
	for i := range list {
		list[i] = json.RawMessage(text(i))
	}
	return func(yield func(T, error) bool) {
		b, err := json.Marshal(list)
		all, derr := decode(b)
		if err := errors.Join(err, derr); err != nil {
			yield(*new(T), err)
			return
		}
		for _, v := range all {
			if !yield(v, nil) {
				return
			}
		}
	}
}

const largeDoc = "docs/Large__LargeDoc01/"

// A lookup in a folder of ten thousand costs what one in a folder of ten costs.
func TestLookupDoesNotGrowWithTheFolder(t *testing.T) {
	for _, dir := range []string{"pages/Page__canvas-7.md", "tables/table/Table__grid-7.csv"} {
		cost := func(n int) float64 {
			tree := codadocs.New(large{n: n}, treetest.Memory(t), codadocs.Options{})
			return testing.AllocsPerRun(100, func() {
				if _, err := fs.Walk(t.Context(), tree.Root(), largeDoc+dir); err != nil {
					t.Fatal(err)
				}
			})
		}
		if few, many := cost(10), cost(2000); many > few+1 || many > 60 {
			t.Errorf("%s: %v allocations of 10 entries, %v of 2,000", dir, few, many)
		}
	}
}

// The version of a list is asked for at each lookup of its file. It costs the same for one that was looked at before,
// however long it is, and that is no hash of it.
func TestTheVersionOfAListCostsLittle(t *testing.T) {
	for _, name := range []string{"pages.json", "tables.json"} {
		tree := codadocs.New(large{n: 1000}, treetest.Memory(t), codadocs.Options{})
		n, err := fs.Walk(t.Context(), tree.Root(), largeDoc+name)
		if err != nil {
			t.Fatal(err)
		}
		file := n.(fs.File)
		version(t, file)
		if got := testing.AllocsPerRun(100, func() { version(t, file) }); got > 13 {
			t.Errorf("%s: %v allocations, want 13 at most", name, got)
		}
	}
}

// Arranging a chain of pages, each below the one before, goes over each once: with one walk to the
// top a page, ten thousand would take fifty million steps.
func TestDeepTreeIsArrangedInOnePass(t *testing.T) {
	allocs := func(n int) float64 {
		return testing.AllocsPerRun(1, func() {
			tree := codadocs.New(large{n: n, chain: true}, treetest.Memory(t), codadocs.Options{})
			if _, err := fs.Walk(t.Context(), tree.Root(), largeDoc+"pages/Page__canvas-0/Page__canvas-1"); err != nil {
				t.Fatal(err)
			}
		})
	}
	if small, big := allocs(300), allocs(3000); big > 20*small {
		t.Errorf("%v allocations for a chain of 300, %v for one of 3,000", small, big)
	}
}

// Who sorts or cuts what Entries gave does it to a slice of his own.
func TestEntriesAreTheCallers(t *testing.T) {
	tree := codadocs.New(large{n: 3}, treetest.Memory(t), codadocs.Options{Options: remote.Options{Now: func() time.Time { return time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC) }}})
	n, err := fs.Walk(t.Context(), tree.Root(), strings.TrimSuffix(largeDoc+"pages", "/"))
	if err != nil {
		t.Fatal(err)
	}
	dir := n.(fs.Dir)
	first, _ := dir.Entries(t.Context())
	first[0] = nil
	if again, _ := dir.Entries(t.Context()); again[0] == nil {
		t.Error("the folder has a hole")
	}
}

// A walk that asks for names alone, such as find's, sends one request for each list of a doc: two pages of pages here are two, and which
// tables a doc has says nothing of their columns, rows and times.
func TestNamesOfADocAreItsFiveLists(t *testing.T) {
	state := codatest.Generate(4, 3, 250, 5, 3)
	w := treetest.New(t, state, treetest.Options{})
	var want []string
	for _, d := range state.Docs {
		for _, list := range []string{"pages", "pages", "tables", "formulas", "controls", "acl/permissions"} {
			want = append(want, "GET /docs/"+d.ID+"/"+list)
		}
	}
	slices.Sort(want)
	equal(t, "names", w.Sent(func() { walked(t, w) }), append([]string{"GET /docs"}, want...))
}
