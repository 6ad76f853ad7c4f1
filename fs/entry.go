package fs

import "time"

// Entry describes one file of the tree, or one object that is missing from it. It is a line of .codafs/index.jsonl, and
// snapshots are made from it.
type Entry struct {
	// Path is slash-separated, from the tree's root: "docs/…/pages/….md". It is empty if the object has no place in the
	// tree.
	Path      string    `json:"path,omitempty"`
	Kind      Kind      `json:"kind"`
	DocID     string    `json:"doc_id,omitempty"`
	ObjectID  string    `json:"object_id,omitempty"`
	Name      string    `json:"name,omitempty"`
	Type      string    `json:"type,omitempty"`
	URL       string    `json:"url,omitempty"`
	CreatedAt time.Time `json:"created_at,omitzero"`
	UpdatedAt time.Time `json:"updated_at,omitzero"`
	// ModTime is the newest stamp of what goes into the file's bytes, or when they were first seen if that is later.
	ModTime time.Time `json:"mtime,omitzero"`
	// Unstamped says that ModTime does not tell when the bytes changed: they have no stamp, and it is not remembered
	// when they were first seen.
	Unstamped bool `json:"unstamped,omitempty"`
	// Version is the key of the current version.
	Version string `json:"version,omitempty"`
	// Source says how a page's text is read: [SourceExport] or [SourceContent].
	Source string `json:"source,omitempty"`
	// Rows is the service's row count of a table or view, or the number of formulas or controls; 0 if that is not
	// known.
	Rows int64 `json:"rows,omitempty"`
	// Computed says how much of the bytes the service computes: they may differ under the same version.
	Computed Computed `json:"computed,omitempty"`
	// FetchedAt is when computed bytes were fetched, if they are at hand.
	FetchedAt time.Time `json:"fetched_at,omitzero"`
	// Note is a remark about the whole workspace: an entry that has one is no file.
	Note string `json:"note,omitempty"`
	// Failure says why the object, or the list of this Kind, is missing.
	Failure *Failure `json:"failure,omitempty"`
}

// NewEntry makes the entry of a version of an object, without Rows and Source.
func NewEntry(path string, o Object, v Version) Entry {
	e := Entry{Path: path, Kind: o.Kind, DocID: o.DocID, ObjectID: o.ID, Name: o.Title, Type: o.Type, URL: o.URL,
		CreatedAt: o.CreatedAt, UpdatedAt: o.UpdatedAt, ModTime: v.ModTime, Version: v.Key, Computed: v.Computed}
	if e.UpdatedAt.IsZero() {
		e.UpdatedAt = v.ModTime
	}
	return e
}

// The ways to read a page's text.
const (
	SourceExport  = "export"  // Coda's own export
	SourceContent = "content" // the page's lines, for a token that may not start exports
)

// Failure is one object that could not be read, and why. With Warning, it is something odd about an object that was
// read. It never holds a secret. It is a line of .codafs/errors.jsonl and an item of a manifest's failures.
type Failure struct {
	Time     time.Time `json:"time,omitzero"`
	DocID    string    `json:"doc_id,omitempty"`
	ObjectID string    `json:"object_id,omitempty"`
	Kind     Kind      `json:"kind"`
	Path     string    `json:"path,omitempty"`
	// Code is a short constant such as "not_found" or "export_failed".
	Code string `json:"code"`
	// HTTPStatus is that of the service's last answer, 0 if it gave none.
	HTTPStatus int `json:"http_status"`
	// Attempts is how often the request was sent.
	Attempts int    `json:"attempts"`
	Message  string `json:"message"`
	// Warning marks an object that is there, but about which something is odd.
	Warning bool `json:"warning,omitempty"`
	// Accepted marks a gap that the user has accepted: it does not make a snapshot incomplete.
	Accepted bool `json:"accepted,omitempty"`
}

// Entry is that of the object which could not be read.
func (f Failure) Entry() Entry {
	return Entry{Path: f.Path, Kind: f.Kind, DocID: f.DocID, ObjectID: f.ObjectID, Failure: &f}
}

// Held says what the caller of an index already has. Several goroutines call its functions; a nil function means
// that nothing is held.
type Held struct {
	// Doc reports that a unit did not change, by its stamp. It is called once for each unit.
	Doc func(docID string, updatedAt time.Time) bool
	// File reports that the caller will not fetch the file of an entry. The entry's Rows and Source are not set yet.
	File func(Entry) bool
	// Docs are the ids of the units that the caller has: those that the list of units lacks are asked for by id. Odd has
	// the warnings that the caller knows: they cause no second read.
	Docs []string
	Odd  []Failure
	// Again says that what was listed so far does not hold: all entries come again. That is so if it turned out meanwhile how
	// the source reads.
	Again func()
}
