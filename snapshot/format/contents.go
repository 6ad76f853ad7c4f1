package format

import (
	"github.com/codafs/codafs/fs"
)

// Contents counts the objects of a snapshot. A page that cannot be exported is none of them.
type Contents struct {
	Docs   Count `json:"docs"`
	Pages  Count `json:"pages"`
	Tables Count `json:"tables"`
	Views  Count `json:"views"`
}

// Count is of one kind of object. What is new, changed and gone is since the last good snapshot; where there is none, all is new.
type Count struct {
	Total   int `json:"total"`
	New     int `json:"new"`
	Changed int `json:"changed"`
	Gone    int `json:"gone"`
	// Back is what that snapshot lacks by a failure: nobody knows whether it is new.
	Back int `json:"back,omitempty"`
}

// GoneObject is a doc, table or view that the last good snapshot has, and the workspace has not any more. What went
// with its doc is not named.
type GoneObject struct {
	Kind     string `json:"kind"` // doc, table or view
	DocID    string `json:"doc_id"`
	ObjectID string `json:"object_id"`
	Name     string `json:"name"`
	// Doc is the name of its doc.
	Doc string `json:"doc"`
}

// Named is what the object of a file is called where it is gone; "" for files whose objects are not named.
func Named(f File) string {
	switch {
	case f.Kind.Is(fs.ClassUnit):
		return "doc"
	case !f.Kind.Is(fs.ClassTable):
		return ""
	case f.IsView():
		return "view"
	}
	return "table"
}

// Of gives the place in c where a file's object is counted. One file of each object counts; for all others it is nil.
func (c *Contents) Of(f File) *Count {
	switch info := f.Kind.Info(); {
	case info.Main != f.Kind:
		return nil
	case info.Class == fs.ClassUnit:
		return &c.Docs
	case info.Class == fs.ClassText:
		return &c.Pages
	case f.IsView():
		return &c.Views
	}
	return &c.Tables
}

// Add counts the object of a file in, if it is one of its objects' files that count.
func (c *Contents) Add(f File) {
	if n := c.Of(f); n != nil {
		n.Total++
	}
}

// IsLines reports whether the file is a page whose text came line by line, and is not an export.
func (f File) IsLines() bool { return f.Kind.Is(fs.ClassText) && f.Source == fs.SourceContent }
