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

// Diff compares two sealed snapshots, given as folders, by their manifests. A folder that
// is none is an [folder.ErrNotSnapshot].
func Diff(a, b string) (Difference, error) {
	old, err := readManifest(a)
	if err != nil {
		return Difference{}, err
	}
	now, err := readManifest(b)
	if err != nil {
		return Difference{}, err
	}
	return Compare(old, now), nil
}

// readManifest reads the manifest of one snapshot. The files are not looked at: [Verify] does that.
func readManifest(dir string) (*format.Manifest, error) {
	f, err := folder.Open(dir)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	m, err := f.Manifest(".")
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %w", dir, folder.ErrNotSnapshot, err)
	}
	return m, nil
}

// Compare is [Diff] of two manifests. The files of now may have no status yet.
func Compare(old, now *format.Manifest) Difference {
	d := Difference{Added: []Change{}, Removed: []Change{}, Missing: []Change{}, Renamed: []Change{}, Changed: []Change{}}
	before := format.NewFiles(old.Files)
	for _, f := range now.Files {
		was, known := before.Get(f.Key())
		delete(before, f.Key())
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
	missing := NewGaps(now.Failures)
	for _, f := range before {
		if missing.Cover(*f) {
			d.Missing = append(d.Missing, changeOf(*f))
		} else {
			d.Removed = append(d.Removed, changeOf(*f))
		}
	}
	byPath := func(a, b Change) int { return strings.Compare(a.Path, b.Path) }
	slices.SortFunc(d.Removed, byPath)
	slices.SortFunc(d.Missing, byPath)
	return d
}

// changeOf describes a file of a snapshot, under its path there.
func changeOf(f format.File) Change {
	return Change{Kind: f.Kind, DocID: f.DocID, ObjectID: f.ObjectID, Name: f.Name, Path: f.Path}
}
