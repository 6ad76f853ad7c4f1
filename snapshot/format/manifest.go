package format

import (
	"time"

	"github.com/codafs/codafs/fs"
)

// Names of the files of a snapshot beside docs/.
const (
	ManifestName = "manifest.json" // a [Manifest]
	SummaryName  = "summary.json"  // a [Summary]
	SumsName     = "SHA256SUMS"    // see [WriteSum]
)

// ManifestSchema is the Schema of a [Head]. Fields may be added under it; a reader leaves out those that it does not know.
const ManifestSchema = "codafs.manifest/1"

// Manifest is manifest.json: what is in a snapshot, and what is not.
type Manifest struct {
	Head
	Docs []Doc `json:"docs"`
	// Files is sorted by path.
	Files    []File       `json:"files"`
	Failures []fs.Failure `json:"failures"`
	// NotCaptured names what no snapshot has, because the API does not give it.
	NotCaptured []string `json:"not_captured"`
}

// Head is the part of a manifest that says which run it is of. It stands first in the
// file, so that it can be read without the rest.
type Head struct {
	Schema     string    `json:"schema"`
	ID         string    `json:"id"`
	StartedAt  time.Time `json:"started_at"`
	FinishedAt time.Time `json:"finished_at"`
	Tool       string    `json:"tool"`
	Source     Source    `json:"source"`
	Demo       bool      `json:"demo,omitempty"`
	Options    Recorded  `json:"options"`
}

// Recorded is what a manifest keeps of how a run was asked for. Only Selection, without the settings that have
// their default value ([Chosen]), makes runs comparable or not: see [Head.Series].
type Recorded struct {
	Selection          map[string]any `json:"selection"`
	Incremental        bool           `json:"incremental,omitempty"`
	TrustDocTimestamps bool           `json:"trust_doc_timestamps,omitempty"`
	RowDeltas          bool           `json:"row_deltas,omitempty"`
}

// Source is where the objects come from.
type Source struct {
	APIURL  string `json:"api_url"`
	Account string `json:"account"`
}

// Doc is a doc that was found.
type Doc struct {
	DocID string `json:"doc_id"`
	Name  string `json:"name"`
	// Path is the doc's folder, from the snapshot's root.
	Path      string    `json:"path"`
	URL       string    `json:"url,omitempty"`
	CreatedAt time.Time `json:"created_at,omitzero"`
	UpdatedAt time.Time `json:"updated_at,omitzero"`
}

// Stamp is t as the records of a snapshot have it: in UTC, in whole milliseconds.
func Stamp(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }
