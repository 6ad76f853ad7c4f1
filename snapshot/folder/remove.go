package folder

import (
	"context"
	iofs "io/fs"
	"path"
	"slices"
	"strings"

	"github.com/codafs/codafs/snapshot/format"
)

// pruningPrefix begins the name of a folder on its way out. The rename takes the snapshot away in one step; to empty its folder
// takes many, any of which may be the last.
const pruningPrefix = ".pruning-"

// Remove removes sealed snapshots and their archives. gone is told of each once its name is gone. If it is stopped, what is half removed
// has no name of a snapshot, and is cleared by the next one. Errors: a [DestinationError], a [ForeignError], the cause of ctx.
func (f *Folder) Remove(ctx context.Context, ids []string, gone func(id string)) error {
	if err := f.ClearLeftovers(); err != nil {
		return err
	}
	if err := f.mendLink(); err != nil {
		return err
	}
	for _, id := range ids {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		hidden, err := f.hideSnapshot(id)
		if err != nil {
			return err
		}
		gone(id)
		if err := f.syncFolder("."); err != nil { // gone for good, before anything in it is
			return err
		}
		if err := f.removeTree(hidden); err != nil {
			return err
		}
	}
	return nil
}

// hideSnapshot removes a snapshot's archives and gives it a name that no snapshot has. The archives go first: one that stayed
// without its snapshot would never be removed.
func (f *Folder) hideSnapshot(id string) (hidden string, err error) {
	for _, as := range archiveFormats {
		if err := f.remove(archiveName(id, as)); err != nil {
			return "", err
		}
	}
	hidden = pruningPrefix + id
	return hidden, f.rename(id, hidden)
}

// mendLink lets the link name what latest.txt names, should a run have been stopped between
// the two: what the link names must not be removed below it.
func (f *Folder) mendLink() error {
	latest, err := f.Latest()
	if err != nil || latest == "" {
		return err
	}
	target, err := f.root.Readlink(LatestLink)
	if err != nil || target == latest {
		return nil // no link here, or the right one
	}
	return f.linkLatest(latest)
}

// ClearLeftovers removes what a removal, or the writing of an archive, that was broken off
// has left. The caller has the lock: what another process is just writing looks the same.
func (f *Folder) ClearLeftovers() error {
	all, err := iofs.ReadDir(f.root.FS(), ".")
	if err != nil {
		return &DestinationError{err}
	}
	for _, e := range all {
		if isLeftover(e.Name()) {
			if err := f.removeTree(e.Name()); err != nil {
				return err
			}
		}
	}
	return nil
}

// isLeftover knows the names that ClearLeftovers may remove. Each has the id of a snapshot in it, so that no file of somebody
// else's is taken for one.
func isLeftover(name string) bool {
	id, ok := strings.CutPrefix(name, pruningPrefix)
	for _, as := range archiveFormats {
		if rest, is := strings.CutSuffix(name, archiveName("", as)+".tmp"); is {
			id, ok = strings.CutPrefix(rest, ".")
		}
	}
	_, _, isID := ParseID(id)
	return ok && isID
}

// topFolders are the names of the folders beside the records that have the files of a snapshot: docs, for one.
type topFolders map[string]bool

func (t topFolders) add(path string) {
	top, _, _ := strings.Cut(path, "/")
	t[top] = true
}

// sweepTop removes what no run writes beside the tree, and what is of another type than a run
// makes it: through a link in the place of a top folder, work would go on in the folder it names.
func (s *Stage) sweepTop() error {
	all, err := iofs.ReadDir(s.root.FS(), s.dir)
	if err != nil {
		return &DestinationError{err}
	}
	for _, e := range all {
		if !isOurs(e, s.tops) {
			if err := s.removeTree(s.dir + "/" + e.Name()); err != nil {
				return err
			}
		}
	}
	return nil
}

// isOurs reports whether a run makes something of that name and type in its partial folder.
func isOurs(e iofs.DirEntry, tops topFolders) bool {
	switch e.Name() {
	case journalName, format.ManifestName, format.SummaryName, format.SumsName:
		return e.Type().IsRegular()
	}
	return e.IsDir() && tops[e.Name()]
}

// Drop removes a file that was left and kept, and is not wanted after all, with the folders that are then empty.
func (s *Stage) Drop(name string) error {
	for at := s.dir + "/" + name; at != s.dir; at = path.Dir(at) {
		if rest, err := iofs.ReadDir(s.root.FS(), at); err == nil && len(rest) > 0 {
			break
		}
		if err := s.remove(at); err != nil {
			return err
		}
	}
	return nil
}

// sweep removes all files that are not kept, and folders that are then empty.
func (s *Stage) sweep(kept *Left) error {
	if err := s.sweepTop(); err != nil {
		return err
	}
	var folders []string
	err := iofs.WalkDir(s.root.FS(), s.dir, func(name string, d iofs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name == s.dir, path.Dir(name) == s.dir && !d.IsDir(): // sweepTop's
			return nil
		case d.IsDir():
			folders = append(folders, name)
			return nil
		}
		if _, keep := kept.place(name[len(s.dir)+1:]); keep {
			return nil
		}
		return s.remove(name)
	})
	for _, name := range slices.Backward(folders) {
		if err != nil {
			break
		}
		if rest, readErr := iofs.ReadDir(s.root.FS(), name); readErr == nil && len(rest) == 0 {
			err = s.remove(name)
		}
	}
	return err
}
