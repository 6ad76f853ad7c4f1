package blob

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// Use is where a blob is shown: on a page, or in a cell of a base table.
type Use struct {
	PageID   string `json:"page_id,omitempty"`
	TableID  string `json:"table_id,omitempty"`
	RowID    string `json:"row_id,omitempty"`
	ColumnID string `json:"column_id,omitempty"`
}

// compareUses orders tables before pages, and each by id.
func compareUses(a, b Use) int {
	return cmp.Or(strings.Compare(a.PageID, b.PageID), strings.Compare(a.TableID, b.TableID),
		strings.Compare(a.RowID, b.RowID), strings.Compare(a.ColumnID, b.ColumnID))
}

// File is a blob of a doc, with all that the doc says of it.
type File struct {
	ID string
	// Name and Type are the first ones that are not empty, in the order of UsedBy.
	Name, Type string
	// Status is [Live] unless each place that gives one gives another.
	Status string
	// Address is one that may be asked; Problem says why there is none.
	Address Address
	Problem error
	UsedBy  []Use
}

// Wanted reports whether the bytes are to be fetched. Others are what they are, or have a Problem.
func (f File) Wanted() bool { return f.Status == Live && f.Problem == nil }

// Set collects the blobs of a doc. The order in which they are added does not matter, but for the address: the first is kept.
type Set struct {
	files      map[string]*sightings
	impossible map[string]bool
}

// sightings are what is known of a blob so far.
type sightings struct {
	uses             []Use
	name, mime, dead first
	live             bool
	address          Address
	problem          error
}

// first is the text that was said at the first of the uses.
type first struct {
	text string
	use  Use
}

func (f *first) offer(text string, use Use) {
	if text != "" && (f.text == "" || compareUses(use, f.use) < 0) {
		f.text, f.use = text, use
	}
}

// Add takes in what is shown somewhere.
func (s *Set) Add(use Use, found Found) {
	if s.files == nil {
		s.files, s.impossible = map[string]*sightings{}, map[string]bool{}
	}
	for _, id := range found.Impossible {
		s.impossible[id] = true
	}
	for _, shown := range found.Blobs {
		f := s.files[shown.ID]
		if f == nil {
			f = &sightings{}
			s.files[shown.ID] = f
		}
		f.add(use, shown)
	}
}

// add takes in one use. Pages say nothing of a blob's status.
func (f *sightings) add(use Use, s Shown) {
	f.uses = append(f.uses, use)
	f.name.offer(s.Name, use)
	f.mime.offer(s.Type, use)
	if s.Status == Live {
		f.live = true
	} else {
		f.dead.offer(s.Status, use)
	}
	if f.address.IsZero() {
		f.address, f.problem = s.Address, s.Problem
	}
}

// Files is all that was added, by id.
func (s *Set) Files() []File {
	files := make([]File, 0, len(s.files))
	for _, id := range slices.Sorted(maps.Keys(s.files)) {
		f := s.files[id]
		status := cmp.Or(f.dead.text, Live)
		if f.live {
			status = Live
		}
		uses := slices.Clone(f.uses)
		slices.SortFunc(uses, compareUses)
		files = append(files, File{ID: id, Name: f.name.text, Type: f.mime.text, Status: status,
			Address: f.address, Problem: f.problem, UsedBy: slices.Compact(uses)})
	}
	return files
}

// Impossible is the ids that were left out, sorted.
func (s *Set) Impossible() []string { return slices.Sorted(maps.Keys(s.impossible)) }
