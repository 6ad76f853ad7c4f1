package folder

import (
	"context"
	iofs "io/fs"
	"strings"
)

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

// hideSnapshot removes a snapshot's archives and gives it a name that no snapshot has.
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
// has left.
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
