package snapshot

import (
	"context"
	"errors"
	"path"
	"slices"

	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/snapshot/folder"
	"github.com/codafs/codafs/snapshot/format"
)

// carrying takes over what a run could not have and the snapshot before has. It begins when all workers have ended: nothing in
// it needs a lock.
type carrying struct {
	*run
	have  map[format.Key]bool // what the run has, of the docs that lack something
	taken pathSet             // the paths of all that it has
	paths map[string]string   // of its docs, by id
}

// carry takes over what this run could not have and the snapshot before has, so that whoever restores finds an old page and
// not none. It stays named as a failure, and the file has the status carried: a later run does not take it for current.
func (r *run) carry(ctx context.Context) error {
	if r.before == nil || len(r.summary.Failures) == 0 {
		return nil
	}
	format.SortFailures(r.summary.Failures) // whatever order they came in, the same is carried
	c := carrying{r, map[format.Key]bool{}, newPathSet(), map[string]string{}}
	lacking := map[string]bool{}
	for _, f := range r.summary.Failures {
		lacking[f.DocID] = true
	}
	for f, err := range r.files.All() {
		if err != nil {
			return err
		}
		if lacking[f.DocID] {
			c.have[f.Key()] = true
		}
		c.taken.add(f.Path)
	}
	for _, d := range r.docs {
		c.paths[d.DocID] = d.Path
	}
	for _, failure := range r.summary.Failures {
		behind, err := c.behind(failure)
		if err != nil {
			return err
		}
		for _, old := range behind {
			if c.have[old.Key()] {
				continue
			}
			c.have[old.Key()] = true
			if err := c.one(ctx, old, c.places(failure, old)); err != nil {
				return err
			}
		}
	}
	return nil
}

// behind gives the files of the snapshot before that may be missing because of a failure: the object's own, and where a
// doc's list is what failed, all that it would have named. (Where only the list's file could not be read, the list
// came, and what is not in it was deleted.)
func (c *carrying) behind(failure fs.Failure) (all []format.File, err error) {
	key := format.KeyOfFailure(failure)
	doc, err := c.before.doc(failure.DocID)
	if err != nil {
		return nil, err
	}
	if c.unlisted[key] && failure.Kind.Info().IsList {
		for _, old := range doc.Files {
			if old.Key() == key || slices.Contains(old.Kind.Lists(), failure.Kind) {
				all = append(all, old)
			}
		}
		return all, nil
	}
	if old, ok := doc.Get(key); ok {
		all = append(all, old)
	}
	return all, nil
}

// places are the paths under which a file may be carried, the best first: where the object is now, if the index says that,
// else where it was, in the folder that its doc has now.
func (c *carrying) places(failure fs.Failure, old format.File) []string {
	now := old.Path
	if folder, ok := c.paths[old.DocID]; ok {
		now = c.before.moved(old, folder)
	}
	if failure.Kind.Info().IsList { // its path is not that of the file
		return []string{now}
	}
	return []string{failure.Path, now}
}

// one has old in the stage under the first of paths that is free. Where none is, or
// the file is damaged, the failure alone stays.
func (c *carrying) one(ctx context.Context, old format.File, paths []string) error {
	r := c.run
	i := slices.IndexFunc(paths, func(p string) bool { return format.CheckPath(p) == nil && c.taken.add(p) == nil })
	if i < 0 {
		return nil
	}
	f := r.dated(old, old.Fetched(r.before.StartedAt))
	f.Path, f.Status = paths[i], format.StatusCarried
	err := r.stage.Take(ctx, r.before.ID, old, f.Path)
	if _, unfit := errors.AsType[*folder.NameError](err); unfit {
		return nil
	}
	if errors.Is(err, folder.ErrDamaged) {
		r.warn("%s: %q is damaged there and could not be fetched again, run verify", r.before.ID, old.Path)
		return nil
	}
	if err != nil {
		return err
	}
	if err := r.count(f); err != nil {
		return err
	}
	if isUnit(f.Kind) {
		d := r.before.docs[f.DocID]
		d.Path = path.Dir(f.Path)
		r.docs = append(r.docs, d)
		c.paths[d.DocID] = d.Path
	}
	r.opts.Progress.Copied(f, r.meter.left())
	return nil
}
