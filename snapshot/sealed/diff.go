package sealed

import (
	"fmt"
	"slices"
	"strings"

	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/snapshot/folder"
	"github.com/codafs/codafs/snapshot/format"
)

// Difference is what one snapshot has otherwise than another. A file is known by the object
// that it is of, not by its path. Lists are sorted by path; none is nil.
type Difference struct {
	Added   []Change `json:"added"`
	Removed []Change `json:"removed"`
	// Missing are files that only the first has, because the second could not have them: its
	// failures name them, or the listing in which they would have been.
	Missing []Change `json:"missing"`
	// Renamed have another path. Those that have other bytes too are also in Changed.
	Renamed []Change `json:"renamed"`
	Changed []Change `json:"changed"`
}

// Change is one file of a [Difference].
type Change struct {
	Kind     fs.Kind `json:"kind"`
	DocID    string  `json:"doc_id"`
	ObjectID string  `json:"object_id"`
	Name     string  `json:"name"`
	// Path is the newer path, OldPath the one before, where that is another.
	Path    string `json:"path"`
	OldPath string `json:"old_path,omitempty"`
}

// Diff compares two sealed snapshots, given as folders, by their manifests, doc by doc. A folder that
// is none is an [folder.ErrNotSnapshot].
func Diff(a, b string) (Difference, error) {
	d := newDifference()
	old, err := openDocs(a)
	if err != nil {
		return d, err
	}
	defer old.Close()
	now, err := openDocs(b)
	if err != nil {
		return d, err
	}
	defer now.Close()
	missing, known := NewGaps(now.Failures), map[string]bool{}
	for _, id := range slices.Concat(now.IDs(), old.IDs()) {
		if known[id] {
			continue
		}
		known[id] = true
		was, err := old.Doc(id)
		if err != nil {
			return d, err
		}
		is, err := now.Doc(id)
		if err != nil {
			return d, err
		}
		d.compare(was, is.Files, missing)
	}
	for _, list := range [][]Change{d.Added, d.Removed, d.Missing, d.Renamed, d.Changed} {
		slices.SortStableFunc(list, func(a, b Change) int { return strings.Compare(a.Path, b.Path) })
	}
	return d, nil
}

// openDocs opens the manifest of one snapshot. The files are not looked at: [Verify] does that.
func openDocs(dir string) (*Docs, error) {
	f, err := folder.Open(dir)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	d, err := OpenDocs(f, ".", func(format.File) {})
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %w", dir, folder.ErrNotSnapshot, err)
	}
	return d, nil
}

func newDifference() Difference {
	return Difference{Added: []Change{}, Removed: []Change{}, Missing: []Change{}, Renamed: []Change{}, Changed: []Change{}}
}

// CompareDoc is [Diff] of the files of one doc. Those of now may have no status yet; missing are the failures of all docs.
func CompareDoc(old DocList, now []format.File, missing Gaps) Difference {
	d := newDifference()
	d.compare(old, now, missing)
	return d
}

// compare adds what a doc has otherwise.
func (d *Difference) compare(old DocList, now []format.File, missing Gaps) {
	found := map[format.Key]bool{}
	for _, f := range now {
		was, known := old.Get(f.Key())
		known = known && !found[f.Key()]
		found[f.Key()] = true
		c := changeOf(f)
		if !known {
			d.Added = append(d.Added, c)
			continue
		}
		if was.Path != f.Path {
			c.OldPath = was.Path
			d.Renamed = append(d.Renamed, c)
		}
		if was.SHA256 != f.SHA256 {
			d.Changed = append(d.Changed, c)
		}
	}
	for _, f := range old.byKey {
		switch {
		case found[f.Key()]:
		case missing.Cover(*f):
			d.Missing = append(d.Missing, changeOf(*f))
		default:
			d.Removed = append(d.Removed, changeOf(*f))
		}
	}
}

// changeOf describes a file of a snapshot, under its path there.
func changeOf(f format.File) Change {
	return Change{Kind: f.Kind, DocID: f.DocID, ObjectID: f.ObjectID, Name: f.Name, Path: f.Path}
}
