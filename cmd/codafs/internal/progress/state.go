package progress

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/codafs/codafs/cmd/codafs/internal/term"
	"github.com/codafs/codafs/snapshot"
	"github.com/codafs/codafs/snapshot/format"
)

// state is how far a snapshot is. Whoever shows it gets a copy, so that no lock is held during output.
type state struct {
	plan    snapshot.Plan // empty until the workspace is listed
	listed  bool
	done    format.Contents
	files   int
	bytes   int64
	missing int
	// requests is what this process has sent so far, the listing included; 0 if a mount does the work.
	requests int
	// left is how many requests are still needed at least, leftFor how long the rate limits make that, as of the last file.
	// ends is the same as a time of day, so that it does not jump while nothing arrives; zero if it is not known.
	left    int
	leftFor time.Duration
	ends    time.Time
	silence time.Duration // for how long Coda has not answered
	away    error         // why Coda cannot be reached, nil if it can
	awayAt  time.Time     // since when, zero if it can
	limit   string        // the limit that is waited for
	now     string        // the newest object that is being fetched
}

// begin takes the plan, once, when the listing is done: from then on there is a percentage.
func (s *state) begin(p snapshot.Plan) {
	s.plan, s.listed = p, true
	s.wait(p.Estimate)
}

// copied counts a file that is in the snapshot now, be it fetched or taken over.
func (s *state) copied(f format.File, left snapshot.Estimate) {
	s.files++
	s.bytes += f.Size
	s.done.Add(f)
	s.wait(left)
}

// wait records what is left to do, and when the rate limits allow it to end. A zero estimate means that
// nothing is left, or that nothing is known of it: then there is no end to show.
func (s *state) wait(left snapshot.Estimate) {
	// The estimate holds from this moment on, so the end is fixed now and not each time that it is shown.
	s.left, s.leftFor, s.ends = left.Requests, time.Duration(left.Minutes*float64(time.Minute)), time.Time{}
	if s.leftFor > 0 {
		s.ends = time.Now().Add(s.leftFor)
	}
}

// String formats the state for a log: all of it, since a log has no width, and no name of an object.
func (s state) String() string {
	parts := []string{fmt.Sprintf("listing the workspace, %s so far", term.Count(s.requests, "request"))}
	if s.listed {
		parts = []string{fmt.Sprintf("%d%%, %s, %d of %s, %d of %s, %d of %s; %d of %s, %s", s.percent(), term.Count(s.plan.Docs, "doc"),
			s.done.Pages.Total, term.Count(s.plan.Pages, "page"), s.done.Tables.Total, term.Count(s.plan.Tables, "table"),
			s.done.Views.Total, term.Count(s.plan.Views, "view"), s.files, term.Count(s.plan.Files, "file"), term.FormatSize(s.bytes)), s.gaps()}
		if s.left > 0 {
			parts = append(parts, term.Count(s.left, "request")+" left")
		}
		if s.leftFor > 0 {
			parts = append(parts, "about "+s.toGo())
		}
	}
	parts = append(parts, s.silent(), s.givesUp(), s.limit)
	return strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), ", ")
}

// schemaProgress tells a program that reads standard output these objects from the summary, which comes last.
const schemaProgress = "codafs.progress/1"

// event is the state for programs; its form is promised (codafs.progress/1), fields may be added. A count with _done has its
// total in the field before it. Its fields must be comparable: an object that says the same as the last one is not sent.
type event struct {
	Schema string    `json:"schema"`
	Time   time.Time `json:"time"`
	Phase  string    `json:"phase"` // list or copy
	// Requests are those sent so far; Docs to Files are what the listing found, 0 in phase list.
	Requests   int   `json:"requests"`
	Docs       int   `json:"docs"`
	Pages      int   `json:"pages"`
	PagesDone  int   `json:"pages_done"`
	Tables     int   `json:"tables"`
	TablesDone int   `json:"tables_done"`
	Views      int   `json:"views"`
	ViewsDone  int   `json:"views_done"`
	Files      int   `json:"files"`
	FilesDone  int   `json:"files_done"`
	BytesDone  int64 `json:"bytes_done"`
	Missing    int   `json:"missing"`
	// RequestsLeft are the fewest requests that are still needed, EndsAt the earliest end by the rate limits; it is absent if
	// nothing is known of it, as with a mount.
	RequestsLeft int       `json:"requests_left"`
	EndsAt       time.Time `json:"ends_at,omitzero"`
}

// event has no timestamp: two equal events say the same, and the second is not sent.
func (s state) event() event {
	phase := "copy"
	if !s.listed {
		phase = "list"
	}
	e := event{
		Schema: schemaProgress, Phase: phase, Requests: s.requests, Docs: s.plan.Docs,
		Pages: s.plan.Pages, PagesDone: s.done.Pages.Total, Tables: s.plan.Tables, TablesDone: s.done.Tables.Total,
		Views: s.plan.Views, ViewsDone: s.done.Views.Total,
		Files: s.plan.Files, FilesDone: s.files, BytesDone: s.bytes, Missing: s.missing, RequestsLeft: s.left,
	}
	if !s.ends.IsZero() {
		e.EndsAt = s.ends.UTC().Truncate(time.Second)
	}
	return e
}
