package sealed

import (
	"slices"

	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/snapshot/format"
)

// Gaps are the failures of a snapshot: the files that failed, and the lists of which docs. The zero value has none.
// It does not change, and may be used by many goroutines. Diff and the counts of a run tell by it
// what failed from what was deleted.
type Gaps struct {
	files map[format.Key]bool
	lists map[string][]fs.Kind // by doc
}

// NewGaps returns the gaps that the failures of a manifest are. Accepted failures are gaps as well: what is missing is missing.
func NewGaps(failures []fs.Failure) Gaps {
	g := Gaps{map[format.Key]bool{}, map[string][]fs.Kind{}}
	for _, f := range failures {
		g.files[format.KeyOfFailure(f)] = true
		if known := g.lists[f.DocID]; f.Kind.Info().IsList && !slices.Contains(known, f.Kind) {
			g.lists[f.DocID] = append(known, f.Kind)
		}
	}
	return g
}

// Cover reports whether a file of an earlier snapshot may be missing because of a failure. If a doc's list failed,
// what it would have named is not known.
func (g Gaps) Cover(f format.File) bool {
	if g.files[f.Key()] {
		return true
	}
	failed := g.lists[f.DocID]
	return slices.ContainsFunc(f.Kind.Lists(), func(list fs.Kind) bool { return slices.Contains(failed, list) })
}
