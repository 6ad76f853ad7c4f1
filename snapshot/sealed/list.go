package sealed

import (
	"fmt"

	"github.com/codafs/codafs/snapshot/folder"
	"github.com/codafs/codafs/snapshot/format"
)

// Listed is a sealed snapshot in a list. One whose summary cannot be read is listed too: it may hold all there is.
type Listed struct {
	ID string
	// Summary is its summary.json, as far as that can be read.
	Summary format.Summary
	// Latest reports that latest.txt names it.
	Latest bool
	// Err says why its summary cannot be read.
	Err error
}

// List names the sealed snapshots in an output folder, oldest first. It reads their
// summaries only; [Verify] looks at what they hold. A folder that does not exist is an
// [folder.ErrNotSnapshot], an empty one an empty list. It takes no lock: a snapshot that is sealed
// or pruned meanwhile is in the list or not.
func List(output string) ([]Listed, error) {
	f, err := folder.Open(output)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	latest, err := f.Latest()
	if err != nil {
		return nil, err
	}
	ids, err := f.Sealed()
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", output, err)
	}
	list := make([]Listed, 0, len(ids))
	for _, id := range ids {
		s, err := f.Summary(id)
		list = append(list, Listed{ID: id, Summary: s, Latest: id == latest, Err: err})
	}
	return list, nil
}
