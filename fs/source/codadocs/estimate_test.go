package codadocs_test

import (
	iofs "io/fs"
	"testing"

	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/fs/source/codadocs"
	"github.com/codafs/codafs/fs/treetest"
)

// An estimate that is too small has programs cut files short, if they believe it.
func TestEstimatesAreNeverTooSmall(t *testing.T) {
	for name, state := range map[string]*codatest.Workspace{
		"sample": codatest.Sample(), "hostile": codatest.Hostile(), "generated": codatest.Generate(3, 2, 10, 3, 200),
	} {
		t.Run(name, func(t *testing.T) {
			w := treetest.New(t, state, treetest.Options{Select: codadocs.Selection{IncludeShared: true, HTMLPages: true, RowsJSON: true}})
			files := 0
			err := iofs.WalkDir(w.FS(t), "docs", func(path string, d iofs.DirEntry, err error) error {
				if err != nil || d.IsDir() {
					return err
				}
				f := file(t, w, path)
				v := version(t, f)
				estimate := f.Estimate(v)
				text, err := open(t.Context(), f, v)
				if estimate < int64(len(text)) || estimate < 1 {
					t.Errorf("%s: estimated %d, has %d", path, estimate, len(text))
				}
				if now := f.Estimate(v); now < max(int64(len(text)), 1) {
					t.Errorf("%s: estimated %d when %d was known", path, now, len(text))
				}
				files++
				return err
			})
			if err != nil || files == 0 {
				t.Fatalf("%d files: %v", files, err)
			}
		})
	}
}

func TestEstimateAsksForNothing(t *testing.T) {
	w := sample(t, codadocs.Selection{})
	f := file(t, w, hubRoadmap+".csv")
	v := version(t, f)
	if sent := w.Sent(func() { f.Estimate(v) }); len(sent) > 0 {
		t.Errorf("sent %v", sent)
	}
}
