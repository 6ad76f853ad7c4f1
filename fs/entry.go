package fs

import "time"

// Entry describes one file of the tree, or one thing that is missing from it. It is a
// line of .codafs/index.jsonl, and what a snapshot is made from.
type Entry struct {
	// Path is slash-separated, from the tree's root: "docs/…/pages/….md".
	// It is empty where the object has no place in the tree.
	Path      string    `json:"path,omitempty"`
	Kind      Kind      `json:"kind"`
	DocID     string    `json:"doc_id,omitempty"`
	ObjectID  string    `json:"object_id,omitempty"`
	Name      string    `json:"name,omitempty"`
	Type      string    `json:"type,omitempty"`
	URL       string    `json:"url,omitempty"`
	CreatedAt time.Time `json:"created_at,omitzero"`
	UpdatedAt time.Time `json:"updated_at,omitzero"`
	// ModTime is the newest stamp of all that goes into the file's bytes, or when they were first seen.
	ModTime time.Time `json:"mtime,omitzero"`
	// Unstamped says that ModTime tells nothing of when the bytes changed: there is no stamp for them, and it is not
	// remembered when they were first seen.
	Unstamped bool `json:"unstamped,omitempty"`
	// Version is the key of the version that a read now gives.
	Version string `json:"version,omitempty"`
	// Source is how a page's text is got: [SourceExport] or [SourceContent].
	Source string `json:"source,omitempty"`
	// Rows is how many rows the service says that a table or view has, or how many formulas or controls there are;
	// 0 where that is not known.
	Rows int64 `json:"rows,omitempty"`
	// Computed reports what of the bytes the service computes: they may differ under the same version.
	Computed Computed `json:"computed,omitempty"`
	// FetchedAt is when bytes that are computed and at hand were fetched.
	FetchedAt time.Time `json:"fetched_at,omitzero"`
	// Note is something to know of the whole: such an entry is no file.
	Note string `json:"note,omitempty"`
	// Failure says why the object, or the listing of Kind, is missing.
	Failure *Failure `json:"failure,omitempty"`
}

// The ways in which a page's text is got.
const (
	SourceExport  = "export"  // Coda's own export
	SourceContent = "content" // the page's lines, for a token that may not start exports
)

// Failure is one object that could not be had, and why; or with Warning, what is odd about one. It never holds a secret.
// It is a line of .codafs/errors.jsonl and an item of a manifest's failures.
type Failure struct {
	Time     time.Time `json:"time,omitzero"`
	DocID    string    `json:"doc_id,omitempty"`
	ObjectID string    `json:"object_id,omitempty"`
	Kind     Kind      `json:"kind"`
	Path     string    `json:"path,omitempty"`
	// Code is a short constant such as "not_found" or "export_failed".
	Code string `json:"code"`
	// HTTPStatus is the service's last answer, 0 if it gave none.
	HTTPStatus int `json:"http_status"`
	// Attempts is how often the request was sent.
	Attempts int    `json:"attempts"`
	Message  string `json:"message"`
	// Warning marks an object that is there, and of which something is odd.
	Warning bool `json:"warning,omitempty"`
	// Accepted marks a gap of a snapshot that its user knows of, and that does not make it incomplete.
	Accepted bool `json:"accepted,omitempty"`
}
