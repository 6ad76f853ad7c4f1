package format

import (
	"path"
	"time"

	"github.com/codafs/codafs/fs"
)

// File is one file of the tree.
type File struct {
	// Path is slash-separated, from the snapshot's root: "docs/…", or what the source calls the folder of all its units.
	Path      string    `json:"path"`
	Kind      fs.Kind   `json:"kind"`
	DocID     string    `json:"doc_id"`
	ObjectID  string    `json:"object_id"`
	Name      string    `json:"name"`
	UpdatedAt time.Time `json:"updated_at,omitzero"`
	// ModTime is the file's own time, where that is not UpdatedAt.
	ModTime time.Time `json:"mtime,omitzero"`
	// Version is the key that the index gave. Bytes of an object that was edited
	// during the run may be newer, never older.
	Version string `json:"version"`
	// Source is how a page's text was got: "export" or "content".
	Source string `json:"source,omitempty"`
	Size   int64  `json:"size"` // in bytes
	// SHA256 is of the bytes, as 64 lower-case hexadecimal digits.
	SHA256 string `json:"sha256"`
	// Volatility reports what of the bytes the service computes: that changes without a stamp.
	Volatility fs.Computed `json:"volatility,omitempty"`
	// Computed says that such bytes were not fetched in this run, and so may differ from what the service gives now.
	// FetchedAt is when they were.
	Computed  bool      `json:"computed,omitempty"`
	FetchedAt time.Time `json:"fetched_at,omitzero"`
	// Rows is the number of rows in a table's CSV file, its header not counted.
	Rows   *int64 `json:"rows,omitempty"`
	Status Status `json:"status"`
	// Warnings say what is odd about the file, such as rows that the service counts and did not give.
	Warnings []string `json:"warnings,omitempty"`
}

// Status compares a file with that of the same object in the snapshot before.
type Status string

// The states of a file. Carried is one that could not be had now and was
// taken over from the snapshot before.
const (
	StatusNew       Status = "new"       // the snapshot before has no such object
	StatusChanged   Status = "changed"   // it has other bytes there
	StatusUnchanged Status = "unchanged" // the same bytes, if perhaps under another path
	StatusCarried   Status = "carried"   // not had now, and taken over from it
)

// NewFile gives the file for an entry of an index, as far as that tells: without its size, hash, rows and status.
func NewFile(e fs.Entry) File {
	return File{
		Path: e.Path, Kind: e.Kind, DocID: e.DocID, ObjectID: e.ObjectID, Name: e.Name,
		UpdatedAt: e.UpdatedAt.UTC(), Version: e.Version, Source: e.Source, Volatility: e.Computed,
	}
}

// WithEntry gives f as the file for e: the same bytes, with the path, the name and the version that e has.
func (f File) WithEntry(e fs.Entry) File {
	now := NewFile(e)
	now.Size, now.SHA256, now.Rows = f.Size, f.SHA256, f.Rows
	if f.Kind.Info().Checked { // lists are read each time
		now.Warnings = f.Warnings
	}
	now.SetTime(f.Time()) // which its bytes on disk have
	return now
}

// Time is the time of modification that the file has in the snapshot; zero where neither stamp is known.
func (f File) Time() time.Time {
	if f.ModTime.IsZero() {
		return f.UpdatedAt
	}
	return f.ModTime
}

// SetTime notes the time of modification that the file has.
func (f *File) SetTime(at time.Time) {
	f.ModTime = time.Time{}
	if !at.Equal(f.UpdatedAt) {
		f.ModTime = at.UTC()
	}
}

// Fetched is when the bytes of a file were fetched: it is not noted for those that the run fetched itself, which began at
// started.
func (f File) Fetched(started time.Time) time.Time {
	if f.FetchedAt.IsZero() {
		return started
	}
	return f.FetchedAt
}

// Type is the [fs.Object].Type of a table's object, "" for other files. The manifest does not have it: a table's files are
// in a folder that is named by it.
func (f File) Type() string {
	if f.Kind.Info().Class != fs.ClassTable {
		return ""
	}
	return path.Base(path.Dir(f.Path))
}

// IsView tells a view's files from a table's.
func (f File) IsView() bool { return f.Type() == fs.TypeView }
