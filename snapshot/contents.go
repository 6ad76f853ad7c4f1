package snapshot

import (
	"cmp"
	"slices"

	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/snapshot/format"
	"github.com/codafs/codafs/snapshot/sealed"
)

// stock is the counting of what is there, doc by doc, and the comparison with the last good snapshot. It comes after all failures
// are known: what is missing by a failure is not gone.
//
// An object is new, changed or gone once, however many files it has. A doc is changed where anything in it is; a table
// where its rows or columns are, not where only the stamps in its own file moved.
type stock struct {
	r        *run
	contents format.Contents
	failures map[string][]fs.Failure // by doc
	gaps     sealed.Gaps             // of them
	lacked   sealed.Gaps             // by the base
	had      map[string][]fs.Failure // likewise, by doc
	// now and before count the objects of the run and of the base.
	now, before int
}

// takeStock counts, warns of what is odd and was not so in the base, and names what is gone.
func (r *run) takeStock() error {
	s := &r.stock
	*s = stock{r: r, failures: byDoc(r.summary.Failures), gaps: sealed.NewGaps(r.summary.Failures)}
	if r.base != nil {
		s.lacked, s.had = sealed.NewGaps(r.base.Failures), byDoc(r.base.Failures)
		r.summary.Since = r.base.ID
	}
	if err := r.eachDoc(s.doc); err != nil {
		return err
	}
	slices.SortFunc(r.summary.Gone, func(a, b format.GoneObject) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Doc, b.Doc), cmp.Compare(a.Name, b.Name), cmp.Compare(a.ObjectID, b.ObjectID))
	})
	r.summary.Contents = &s.contents
	return nil
}

// byDoc sorts failures out by their docs.
func byDoc(failures []fs.Failure) map[string][]fs.Failure {
	docs := map[string][]fs.Failure{}
	for _, f := range failures {
		docs[f.DocID] = append(docs[f.DocID], f)
	}
	return docs
}

// eachDoc gives the files of each doc of the run and of the base, and of those of which there are failures alone. As a rule a
// doc's files lie together; what lies apart is held until the last of the doc has come.
func (r *run) eachDoc(each func(id string, files []format.File) error) error {
	known, some := map[string]bool{}, map[string][]format.File{}
	for f, err := range r.files.All() {
		if err != nil {
			return err
		}
		id := f.DocID
		if some[id] = append(some[id], r.withOdd(f)); len(some[id]) < r.filesOf[id] {
			continue
		}
		known[id] = true
		if err := each(id, some[id]); err != nil {
			return err
		}
		delete(some, id)
	}
	var rest []string
	if r.base != nil {
		rest = slices.Clone(r.base.IDs())
		for _, f := range r.base.Failures {
			rest = append(rest, f.DocID)
		}
	}
	for _, f := range r.summary.Failures {
		rest = append(rest, f.DocID)
	}
	for _, id := range rest {
		if known[id] {
			continue
		}
		known[id] = true
		if err := each(id, nil); err != nil {
			return err
		}
	}
	return nil
}

// doc counts the files of one doc.
func (s *stock) doc(id string, files []format.File) error {
	old, err := s.r.base.doc(id)
	if err != nil {
		return err
	}
	s.now += countObjects(files, s.failures[id])
	s.before += countObjects(old.Files, s.had[id])
	changed, objects := s.gone(old, files), map[string]bool{} // that differ
	for _, f := range files {
		last, _ := old.Get(f.Key())
		s.r.warnOfOdd(f, last)
		if f.Status != format.StatusNew && f.Status != format.StatusChanged {
			continue
		}
		if isAdded(f, old) {
			continue
		}
		changed = true
		if !f.Kind.Info().Dated {
			objects[f.ObjectID] = true
		}
	}
	for _, f := range files {
		c := s.contents.Of(f)
		if c == nil {
			continue
		}
		c.Total++
		switch {
		case f.Status == format.StatusNew && s.lacked.Cover(f):
			c.Back++
		case f.Status == format.StatusNew:
			c.New++
		case isUnit(f.Kind) && changed, !isUnit(f.Kind) && objects[f.ObjectID]:
			c.Changed++
		}
	}
	return nil
}

// isAdded reports whether a new file only adds to what the base has of its object, as a setting that is new does: nobody changed the object.
func isAdded(f format.File, old sealed.DocList) bool {
	of := format.Key{Kind: f.Kind.Info().Main, Doc: f.DocID, Object: f.ObjectID}
	switch info := f.Kind.Info(); {
	case f.Status != format.StatusNew || info.Main == f.Kind || len(old.Files) == 0:
		return false
	case info.Late:
		return true
	case isNamed(f.Kind): // by a list that the base has, or does not
		_, had := old.Get(format.Key{Kind: info.List, Doc: f.DocID, Object: f.DocID})
		return !had
	}
	_, had := old.Get(of)
	return had
}

// gone counts the files of the base whose objects are gone, not only missing; it names them in the summary, and reports whether
// there are any. Of a doc that is gone the objects are not named: a list of a thousand pages would hide that.
func (s *stock) gone(old sealed.DocList, files []format.File) (some bool) {
	removed, withDoc := map[format.Key]bool{}, false
	for _, c := range sealed.CompareDoc(old, files, s.gaps).Removed {
		removed[format.Key{Kind: c.Kind, Doc: c.DocID, Object: c.ObjectID}] = true
		withDoc = withDoc || isUnit(c.Kind) && c.ObjectID == c.DocID
	}
	for _, f := range old.Files {
		if !removed[f.Key()] {
			continue
		}
		if c := s.contents.Of(f); c != nil {
			c.Gone++
		}
		if kind := format.Named(f); kind != "" && (isUnit(f.Kind) || !withDoc) {
			s.r.summary.Gone = append(s.r.summary.Gone, format.GoneObject{
				Kind: kind, DocID: f.DocID, ObjectID: f.ObjectID, Name: f.Name, Doc: s.r.base.docs[f.DocID].Name,
			})
		}
	}
	return len(removed) > 0
}
