package snapshot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"
	"time"

	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/snapshot/format"
)

// listing is what an index asks for: what is to be copied, and what is known to be missing before anything is.
type listing struct {
	docs []format.Doc
	// files has the order of the index: origins fetch ahead in it.
	files []fs.Entry
	// missing are the gaps that the index already knows, and the entries that it
	// must not hold.
	missing []fs.Failure
	// notes are to know of the whole.
	notes []fs.Entry
	// found is the number of docs, with or without their doc.json.
	found int
}

// newListing judges an index, which comes from outside: its paths are not trusted.
func newListing(index []fs.Entry) listing {
	var l listing
	taken := newPathSet()
	docs := map[string]bool{}
	for _, e := range index {
		if e.Note != "" {
			l.notes = append(l.notes, e)
			continue
		}
		if isUnit(e.Kind) && !docs[e.DocID+e.ObjectID] {
			docs[e.DocID+e.ObjectID] = true
			l.found++
		}
		if e.Failure != nil {
			l.missing = append(l.missing, about(e, *e.Failure))
			continue
		}
		err := format.CheckPath(e.Path)
		if err == nil {
			err = taken.add(e.Path)
		}
		if err != nil {
			l.missing = append(l.missing, about(e, fs.Failure{Code: "bad_path", Message: err.Error()}))
			continue
		}
		l.files = append(l.files, e)
		if isUnit(e.Kind) {
			l.docs = append(l.docs, docOf(e))
		}
	}
	return l
}

// isUnit reports whether files of a kind are those of the units themselves, such as doc.json.
func isUnit(k fs.Kind) bool { return k.Is(fs.ClassUnit) }

func docOf(e fs.Entry) format.Doc {
	return format.Doc{
		DocID: e.DocID, Name: e.Name, Path: path.Dir(e.Path), URL: e.URL,
		CreatedAt: e.CreatedAt.UTC(), UpdatedAt: e.UpdatedAt.UTC(),
	}
}

// about completes a failure with what the index says of its object. The time goes: two
// runs that meet the same failure write the same manifest.
func about(e fs.Entry, f fs.Failure) fs.Failure {
	f.Time = time.Time{}
	f.Kind = cmp.Or(e.Kind, f.Kind)
	f.DocID = cmp.Or(e.DocID, f.DocID)
	f.ObjectID = cmp.Or(e.ObjectID, f.ObjectID)
	f.Path = cmp.Or(e.Path, f.Path)
	return f
}

// pathSet keeps the paths of files apart from those of the folders above them. It is for one goroutine.
type pathSet struct{ files, folders map[string]bool }

func newPathSet() pathSet { return pathSet{files: map[string]bool{}, folders: map[string]bool{}} }

func (s pathSet) add(p string) error {
	if s.files[p] || s.folders[p] {
		return fmt.Errorf("the path %q is there twice", p)
	}
	for dir := path.Dir(p); dir != "."; dir = path.Dir(dir) {
		if s.files[dir] {
			return fmt.Errorf("the path %q leads through a file", p)
		}
	}
	s.files[p] = true
	for dir := path.Dir(p); dir != "."; dir = path.Dir(dir) {
		s.folders[dir] = true
	}
	return nil
}

// confirmGone lists once more if objects were not found: one that is gone from the list as
// well was deleted, which is a warning; any other is a gap. Without this, an object that
// was renamed during the run, or a read that is wrongly answered "no such thing", would be
// missing without a failure to its name.
func (r *run) confirmGone(ctx context.Context) error {
	if len(r.gone) == 0 {
		return nil
	}
	index, err := r.list(ctx, fs.Held{File: func(fs.Entry) bool { return true }}) // all of it was fetched
	if _, refused := errors.AsType[*RefusedError](err); refused || ctx.Err() != nil || errors.Is(err, ErrMountLost) {
		return err
	}
	listed, unsure := map[format.Key]bool{}, map[string]bool{}
	for _, e := range index {
		listed[format.KeyOf(e)] = true
		if e.Failure != nil && e.Kind.Info().IsList {
			unsure[e.DocID] = true
		}
	}
	for _, f := range r.gone {
		if err == nil && !listed[format.KeyOfFailure(f)] && !unsure[f.DocID] {
			r.warn("deleted while the snapshot ran: %s %q", f.Kind, f.Path)
		} else if err := r.miss(f); err != nil {
			return err
		}
	}
	return nil
}
