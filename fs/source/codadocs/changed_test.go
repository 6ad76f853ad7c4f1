package codadocs_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/source/codadocs"
	"github.com/codafs/codafs/fs/treetest"
)

func TestUnchangedDocsAreNotListed(t *testing.T) {
	w := sample(t, codadocs.Selection{})
	tryExport(t, w)
	all := index(t, w.Tree)
	var mu sync.Mutex
	asked := map[string]time.Time{}
	but := ""
	changed := func() (entries []fs.Entry) {
		t.Helper()
		clear(asked)
		entries, err := treetest.Index(t.Context(), w.Tree, fs.Held{Doc: func(id string, at time.Time) bool {
			mu.Lock()
			defer mu.Unlock()
			asked[id] = at
			return id != but
		}})
		if err != nil {
			t.Fatal(err)
		}
		return entries
	}
	var got []fs.Entry
	equal(t, "sent", w.Sent(func() { got = changed() }), []string{"GET /docs"})
	docs := slices.DeleteFunc(slices.Clone(all), func(e fs.Entry) bool { return e.Kind != fs.KindDoc })
	if !slices.Equal(got, docs) {
		t.Errorf("%+v\nwant %+v", got, docs)
	}
	if len(asked) != len(docs) || len(docs) < 2 {
		t.Errorf("asked for %v", asked)
	}
	for _, e := range docs {
		if !asked[e.DocID].Equal(e.UpdatedAt) {
			t.Errorf("%s was asked for with %v, not %v", e.DocID, asked[e.DocID], e.UpdatedAt)
		}
	}
	// One that is looked into is listed as Index does.
	but = codatest.SampleDoc
	want := slices.DeleteFunc(slices.Clone(all), func(e fs.Entry) bool { return e.Kind != fs.KindDoc && e.DocID != but })
	if got := changed(); !slices.Equal(got, want) {
		t.Errorf("%+v\nwant %+v", got, want)
	}
	// And the tree goes on showing all of it.
	if got := index(t, w.Tree); !slices.Equal(got, all) {
		t.Errorf("%d entries, want %d", len(got), len(all))
	}
}

// To find out how page text is got, a page is exported that the caller will fetch anyway; none where it will fetch none.
func TestNoPageThatIsHeldIsExportedForAnIndex(t *testing.T) {
	for _, c := range []struct {
		name   string
		fetch  string // the one page that is not held
		faults []codatest.Fault
		want   []string
		source string
	}{
		{"all are held", "", nil, nil, fs.SourceExport},
		{"one is not", gamma, nil, []string{"SecondDoc2 canvas-Gamma"}, fs.SourceExport},
		{"the token may not export any more", gamma, []codatest.Fault{noExports},
			[]string{"FirstDoc01 canvas-Alpha", "SecondDoc2 canvas-Gamma"}, fs.SourceContent},
	} {
		r := reader(t, twoDocs(), codatest.Options{}, codadocs.Selection{}, c.faults...)
		var entries []fs.Entry
		sent := r.Sent(func() {
			var err error
			if entries, err = treetest.Index(t.Context(), r.Tree, fs.Held{File: func(e fs.Entry) bool { return e.Path != c.fetch }}); err != nil {
				t.Fatal(err)
			}
		})
		equal(t, c.name, posts(sent), c.want)
		for _, e := range entries {
			if e.Kind == fs.KindPage && e.Note == "" && e.Source != c.source {
				t.Errorf("%s: %s is had by %q", c.name, e.Path, e.Source)
			}
		}
	}
}
