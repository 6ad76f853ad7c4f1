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

// state is how far a snapshot is.
type state struct {
	plan     snapshot.Plan // empty until the workspace is listed
	listed   bool
	done     format.Contents
	files    int
	bytes    int64
	missing  int
	requests int // sent so far
	left     int // requests
	leftFor  time.Duration
	ends     time.Time
	silence  time.Duration // for how long Coda has not answered
	away     error         // why Coda cannot be reached, nil if it can
	awayAt   time.Time     // since when
	limit    string        // the limit that is waited for
	now      string        // the newest object that is being fetched
}

func (s *state) begin(p snapshot.Plan) {
	s.plan, s.listed = p, true
	s.wait(p.Estimate)
}

func (s *state) copied(f format.File, left snapshot.Estimate) {
	s.files++
	s.bytes += f.Size
	s.done.Add(f)
	s.wait(left)
}

// wait records what is left to do, and when the rate limits allow it to end.
func (s *state) wait(left snapshot.Estimate) {
	s.left, s.leftFor, s.ends = left.Requests, time.Duration(left.Minutes*float64(time.Minute)), time.Time{}
	if s.leftFor > 0 {
		s.ends = time.Now().Add(s.leftFor)
	}
}

// String formats the state for a log.
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

const schemaProgress = "codafs.progress/1"

// event is the state for programs. A count with _done has its total in the field before it.
type event struct {
	Schema       string    `json:"schema"`
	Time         time.Time `json:"time"`
	Phase        string    `json:"phase"` // list or copy
	Requests     int       `json:"requests"`
	Docs         int       `json:"docs"`
	Pages        int       `json:"pages"`
	PagesDone    int       `json:"pages_done"`
	Tables       int       `json:"tables"`
	TablesDone   int       `json:"tables_done"`
	Views        int       `json:"views"`
	ViewsDone    int       `json:"views_done"`
	Files        int       `json:"files"`
	FilesDone    int       `json:"files_done"`
	BytesDone    int64     `json:"bytes_done"`
	Missing      int       `json:"missing"`
	RequestsLeft int       `json:"requests_left"`
	EndsAt       time.Time `json:"ends_at,omitzero"`
}

// event has no timestamp: two equal events say the same.
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
