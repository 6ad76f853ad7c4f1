package snapshot

import (
	"cmp"
	"slices"

	"github.com/codafs/codafs/snapshot/format"
	"github.com/codafs/codafs/snapshot/sealed"
)

// takeStock counts what is there, and compares it with the last good snapshot. It comes after setStatus, and after all
// failures are known: what is missing by a failure is not gone.
//
// An object is new, changed or gone once, however many files it has. A doc is changed where anything in it is; a table
// where its rows or columns are, not where only the stamps in its own file moved.
func (r *run) takeStock() {
	s := &r.summary
	s.Contents = new(format.Contents)
	docs, objects := map[string]bool{}, map[objectKey]bool{} // that differ
	var lacked sealed.Gaps                                   // by the base
	if r.base != nil {
		lacked = sealed.NewGaps(r.base.Failures)
		s.Since = r.base.ID
		for _, old := range r.goneFiles() {
			docs[old.DocID] = true
			if c := s.Contents.Of(old); c != nil {
				c.Gone++
			}
		}
	}
	for _, f := range r.files {
		if f.Status != format.StatusNew && f.Status != format.StatusChanged {
			continue
		}
		docs[f.DocID] = true
		if !f.Kind.Info().Dated {
			objects[objectKey{f.DocID, f.ObjectID}] = true
		}
	}
	for _, f := range r.files {
		c := s.Contents.Of(f)
		if c == nil {
			continue
		}
		c.Total++
		switch {
		case f.Status == format.StatusNew && lacked.Cover(f):
			c.Back++
		case f.Status == format.StatusNew:
			c.New++
		case isUnit(f.Kind) && docs[f.DocID], !isUnit(f.Kind) && objects[objectKey{f.DocID, f.ObjectID}]:
			c.Changed++
		}
	}
}

// goneFiles are those of the base whose objects are gone, not only missing; it names them in the summary. Of a doc that is
// gone the objects are not named: a list of a thousand pages would hide that.
func (r *run) goneFiles() []format.File {
	removed, goneUnits := map[format.Key]bool{}, map[string]bool{}
	for _, c := range sealed.Compare(r.base, &format.Manifest{Files: r.files, Failures: r.summary.Failures}).Removed {
		removed[format.Key{Kind: c.Kind, Doc: c.DocID, Object: c.ObjectID}] = true
		if isUnit(c.Kind) && c.ObjectID == c.DocID {
			goneUnits[c.DocID] = true
		}
	}
	if len(removed) == 0 {
		return nil
	}
	names := map[string]string{}
	for _, d := range r.base.Docs {
		names[d.DocID] = d.Name
	}
	var gone []format.File
	for _, f := range r.base.Files {
		if !removed[f.Key()] {
			continue
		}
		gone = append(gone, f)
		withDoc := !isUnit(f.Kind) && goneUnits[f.DocID]
		if kind := format.Named(f); kind != "" && !withDoc {
			r.summary.Gone = append(r.summary.Gone, format.GoneObject{
				Kind: kind, DocID: f.DocID, ObjectID: f.ObjectID, Name: f.Name, Doc: names[f.DocID],
			})
		}
	}
	slices.SortFunc(r.summary.Gone, func(a, b format.GoneObject) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Doc, b.Doc), cmp.Compare(a.Name, b.Name), cmp.Compare(a.ObjectID, b.ObjectID))
	})
	return gone
}
