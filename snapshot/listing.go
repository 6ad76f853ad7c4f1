package snapshot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"path"
	"time"

	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/snapshot/format"
	"github.com/codafs/codafs/snapshot/spool"
)

// listing is what an index asks for: what is to be copied, and what is known to be missing before anything is. It is filled entry by
// entry, by one goroutine.
type listing struct {
	r       *run
	plan    Plan
	objects format.Contents
	docs    []format.Doc
	// files has the order of the index: origins fetch ahead in it. It is nil for a dry run.
	files *spool.List[item]
	slow  int // how many of them are made slowly
	late  int // how many are late
	// missing are the gaps that the index already knows, and the entries that it
	// must not hold.
	missing []fs.Failure
	// notes are to know of the whole.
	notes []fs.Entry
	// units are the docs, with or without their doc.json.
	units map[string]bool
	// has are the files of a kind that docs may lack without a failure, or the reason why they are missing, by doc.
	has   map[fs.Kind]map[string]bool
	taken pathSet
}

// item is a file that is to be copied.
type item struct {
	Entry fs.Entry `json:"e"`
	// Takes is how many requests of each class it takes to fetch it; none if it need not be fetched.
	Takes map[string]int `json:"t,omitempty"`
}

// clear makes the listing empty, for an index from its beginning.
func (l *listing) clear() {
	files := l.files
	if files != nil {
		files.Clear()
	}
	*l = listing{r: l.r, files: files, units: map[string]bool{}, has: map[fs.Kind]map[string]bool{}, taken: newPathSet(),
		plan: Plan{Kinds: map[fs.Kind]int{}, Fetch: map[fs.Kind]int{}}}
	l.r.meter = newMeter(l.r.opts.Cost)
}

// held is [fs.Held].File.
func (l *listing) held(e fs.Entry) bool {
	held, _, err := l.r.held(e)
	return held || err != nil // which ends the run when the entry comes
}

// add judges an entry of the index, which comes from outside: its path is not trusted.
func (l *listing) add(e fs.Entry) error {
	if e.Note != "" {
		l.notes = append(l.notes, e)
		return nil
	}
	if isUnit(e.Kind) {
		l.units[e.DocID+e.ObjectID] = true
	}
	failure := e.Failure
	if failure == nil {
		err := format.CheckPath(e.Path)
		if err == nil {
			err = l.taken.add(e.Path)
		}
		if err != nil {
			failure = &fs.Failure{Code: "bad_path", Message: err.Error()}
		}
	}
	if failure != nil {
		l.missing = append(l.missing, about(e, *failure))
		return nil
	}
	if isUnit(e.Kind) {
		l.docs = append(l.docs, docOf(e))
	}
	if e.Kind.Info().Withheld {
		l.note(e.Kind, e.DocID)
	}
	return l.file(e)
}

// note says that a doc has a file of a kind.
func (l *listing) note(k fs.Kind, doc string) {
	if l.has[k] == nil {
		l.has[k] = map[string]bool{}
	}
	l.has[k][doc] = true
}

// file adds a file to the plan, and to what is to be copied.
func (l *listing) file(e fs.Entry) error {
	takes, err := l.count(e)
	if err != nil || l.files == nil {
		return err
	}
	if e.Kind.Info().Slow {
		l.slow++
	}
	if isLate(e) {
		l.late++
	}
	l.r.stage.Expect(e.Path)
	return l.files.Add(item{e, takes})
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

// pathSet keeps the paths of files apart from those of the folders above them. It is for one goroutine. It has a hash of each:
// that two of a million are the same by chance happens once in 30 million sets.
type pathSet struct {
	seed           maphash.Seed
	files, folders map[uint64]struct{}
}

func newPathSet() pathSet {
	return pathSet{maphash.MakeSeed(), map[uint64]struct{}{}, map[uint64]struct{}{}}
}

func (s pathSet) add(p string) error {
	is := func(set map[uint64]struct{}, p string) bool { _, is := set[maphash.String(s.seed, p)]; return is }
	if is(s.files, p) || is(s.folders, p) {
		return fmt.Errorf("the path %q is there twice", p)
	}
	for dir := path.Dir(p); dir != "."; dir = path.Dir(dir) {
		if is(s.files, dir) {
			return fmt.Errorf("the path %q leads through a file", p)
		}
	}
	s.files[maphash.String(s.seed, p)] = struct{}{}
	for dir := path.Dir(p); dir != "."; dir = path.Dir(dir) {
		s.folders[maphash.String(s.seed, dir)] = struct{}{}
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
	listed, unsure := map[format.Key]bool{}, map[string]bool{}
	for _, f := range r.gone {
		listed[format.KeyOfFailure(f)] = false
	}
	all := fs.Held{File: func(fs.Entry) bool { return true }} // all of it was fetched
	err := r.list(ctx, all, func(e fs.Entry) error {
		if _, gone := listed[format.KeyOf(e)]; gone {
			listed[format.KeyOf(e)] = true
		}
		if e.Failure != nil && e.Kind.Info().IsList {
			unsure[e.DocID] = true
		}
		return nil
	})
	if _, refused := errors.AsType[*RefusedError](err); refused || ctx.Err() != nil || errors.Is(err, ErrMountLost) {
		return err
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
