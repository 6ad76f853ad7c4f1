package codadocs_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/treetest"
)

// Systems take paths of 4,096 bytes. Pages that are deeper than that allows are not lost.
func TestPagesTooDeepForAPathStandAtTheTop(t *testing.T) {
	state := codatest.Sample()
	parent, ids := "", map[string]bool{}
	for i := range 300 {
		id := fmt.Sprintf("canvas-deep%05d", i)
		state.Docs[0].Pages = append(state.Docs[0].Pages, &codatest.Page{ID: id, Name: strings.Repeat("x", 100), Parent: parent})
		parent, ids[id] = id, true
	}
	w := treetest.New(t, state, treetest.Options{})
	for _, e := range index(t, w.Tree) {
		if len(e.Path) > 4096-500 {
			t.Errorf("a path of %d bytes", len(e.Path))
		}
		if e.Kind == fs.KindPage {
			delete(ids, e.ObjectID)
		}
	}
	if len(ids) > 0 {
		t.Errorf("%d pages are in no place", len(ids))
	}
}
