package format

import (
	"time"

	"github.com/codafs/codafs/fs"
)

const summarySchema = "codafs.summary/1"

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
	// have: the token may not start exports.
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

// NewSummary gives the summary of a run that began at a time and has come to nothing.
func NewSummary(started time.Time) Summary {
	started = Stamp(started)
	return Summary{
		Schema: summarySchema, Result: Failed, StartedAt: started, FinishedAt: started,
		Failures: []fs.Failure{}, Warnings: []string{},
	}
}

// Result is a run's outcome in one word.
type Result string

// The results of a run. Only Failed leaves no sealed snapshot.
const (
	Complete   Result = "complete"   // sealed; all that the index named is there
	Incomplete Result = "incomplete" // sealed, with named gaps that are not accepted
	Suspect    Result = "suspect"    // sealed, but much smaller than the one before, or empty
	Failed     Result = "failed"     // not sealed; the next run goes on with what there is
)

// Good reports that a snapshot may be the latest.
func (r Result) Good() bool { return r == Complete || r == Incomplete }
