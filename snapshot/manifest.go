package snapshot

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/codafs/codafs/fs"
)

// Names of the files of a snapshot beside docs/.
const (
	manifestName = "manifest.json"
	summaryName  = "summary.json"
	sumsName     = "SHA256SUMS"
)

const (
	manifestSchema = "codafs.manifest/1"
	summarySchema  = "codafs.summary/1"
)

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

// Recorded is what a manifest keeps of a run's [Options].
type Recorded struct {
	Selection          map[string]any `json:"selection"`
	Incremental        bool           `json:"incremental,omitempty"`
	TrustDocTimestamps bool           `json:"trust_doc_timestamps,omitempty"`
	RowDeltas          bool           `json:"row_deltas,omitempty"`
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

// File is one file under docs/.
type File struct {
	// Path is slash-separated, from the snapshot's root: "docs/…".
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
	Size   int64  `json:"size"`
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

// modTime is the time that the file has in the snapshot.
func (f File) modTime() time.Time {
	if f.ModTime.IsZero() {
		return f.UpdatedAt
	}
	return f.ModTime
}

// setModTime notes the time that the file has.
func (f *File) setModTime(at time.Time) {
	f.ModTime = time.Time{}
	if !at.Equal(f.UpdatedAt) {
		f.ModTime = at.UTC()
	}
}

// Status compares a file with that of the same object in the snapshot before.
type Status string

// The states of a file. Carried is one that could not be had now and was
// taken over from the snapshot before.
const (
	StatusNew       Status = "new"
	StatusChanged   Status = "changed"
	StatusUnchanged Status = "unchanged"
	StatusCarried   Status = "carried"
)

// Summary is summary.json: how a run went.
type Summary struct {
	Schema     string    `json:"schema"`
	ID         string    `json:"id"`
	Result     Result    `json:"result"`
	ExitCode   int       `json:"exit_code"`
	StartedAt  time.Time `json:"started_at"`
	FinishedAt time.Time `json:"finished_at"`
	Demo       bool      `json:"demo,omitempty"`
	DocsFound  int       `json:"docs_found"`
	// DocsProcessed are the docs found whose doc.json is there and whose pages and
	// tables could be listed.
	DocsProcessed int `json:"docs_processed"`
	PagesExported int `json:"pages_exported"`
	// PagesLineByLine are the pages of the snapshot whose text was read line by line, and lacks what lines do not
	// have ([fs.NotInLines]): the token may not start exports.
	PagesLineByLine  int `json:"pages_line_by_line,omitempty"`
	TablesExported   int `json:"tables_exported"`
	ViewsExported    int `json:"views_exported"`
	SkippedUnchanged int `json:"skipped_unchanged"`
	// ComputedKept are the files that are marked as computed.
	ComputedKept     int     `json:"computed_kept"`
	Files            int     `json:"files"`
	Bytes            int64   `json:"bytes"`
	Requests         int     `json:"requests"`
	ThrottledSeconds float64 `json:"throttled_seconds"`
	// Contents is nil where nothing was sealed.
	Contents *Contents `json:"contents,omitempty"`
	// Since names the last good snapshot, with which this one was compared; "" where there was none.
	Since string `json:"since,omitempty"`
	// Gone is sorted by kind, then by doc.
	Gone     []GoneObject `json:"gone,omitempty"`
	Failures []fs.Failure `json:"failures"`
	Warnings []string     `json:"warnings"`
	// Notes are what is to be known of the whole, in each snapshot; the first that has one also has it among its warnings.
	Notes []string `json:"notes,omitempty"`
	// Error says why nothing was sealed, or what went wrong after that.
	Error string `json:"error,omitempty"`
}

// Missing counts the gaps that are not accepted.
func (s Summary) Missing() (n int) {
	for _, f := range s.Failures {
		if !f.Accepted {
			n++
		}
	}
	return n
}

// Result is a run's outcome in one word.
type Result string

// The results of a run. Only Failed leaves no sealed snapshot.
const (
	Complete   Result = "complete"
	Incomplete Result = "incomplete" // sealed, with named gaps that are not accepted
	Suspect    Result = "suspect"    // sealed, but much smaller than the one before, or empty
	Failed     Result = "failed"
)

// notCaptured names what Coda API 1.5.0 has no way to read, or leaves out of a page's
// export.
var notCaptured = []string{
	"automations",
	"bytes of images and attached files",
	"comments",
	"content of embedded and synced pages",
	"filter formulas and layouts of views",
	"text colors and cell formats",
	"version history",
}

// sortFailures puts failures in the order of both files: by path, then by object.
func sortFailures(list []fs.Failure) {
	slices.SortFunc(list, func(a, b fs.Failure) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.DocID, b.DocID),
			cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ObjectID, b.ObjectID),
			cmp.Compare(a.Code, b.Code), cmp.Compare(a.Message, b.Message))
	})
}

// encode writes v as every JSON file of a snapshot is written: made for people and diffs.
func encode(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return buf.Bytes(), err
}

// decodeHead reads a manifest up to its lists, which may be long.
func decodeHead(r io.Reader) (Head, error) {
	var head Head
	dec := json.NewDecoder(r)
	if _, err := dec.Token(); err != nil {
		return head, err
	}
	fields := map[string]json.RawMessage{}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return head, err
		}
		if key == "docs" {
			break
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return head, err
		}
		fields[fmt.Sprint(key)] = value
	}
	whole, err := json.Marshal(fields)
	if err != nil {
		return head, err
	}
	if err := json.Unmarshal(whole, &head); err != nil {
		return head, err
	}
	return head, head.check()
}

// decodeManifest reads a whole manifest.
func decodeManifest(r io.Reader) (*Manifest, error) {
	m := new(Manifest)
	if err := json.NewDecoder(r).Decode(m); err != nil {
		return nil, err
	}
	return m, m.check()
}

func (h Head) check() error {
	if h.Schema != manifestSchema {
		return fmt.Errorf("schema %q is not %q", h.Schema, manifestSchema)
	}
	return nil
}
