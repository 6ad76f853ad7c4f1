package main

import (
	"fmt"
	"time"

	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/snapshot"
)

// state is how far a snapshot is.
type state struct {
	plan     snapshot.Plan // its Kinds are nil until the workspace is listed
	pages    int
	tables   int // and views
	files    int
	bytes    int64
	missing  int
	requests int // sent so far
	left     int // requests
	ends     time.Time
}

func (s *state) listed(p snapshot.Plan) {
	s.plan = p
	s.wait(p.Estimate)
}

func (s *state) copied(f snapshot.File, left snapshot.Estimate) {
	s.files++
	s.bytes += f.Size
	switch f.Kind {
	case fs.KindPage:
		s.pages++
	case fs.KindRows:
		s.tables++
	}
	s.wait(left)
}

// wait takes in what is left to do, and when the rate limits let it end.
func (s *state) wait(left snapshot.Estimate) {
	s.left, s.ends = left.Requests, time.Time{}
	if left.Minutes > 0 {
		s.ends = time.Now().Add(time.Duration(left.Minutes * float64(time.Minute)))
	}
}

// String is the state for people, in a line of plain letters.
func (s state) String() string {
	all := s.plan.Kinds
	if all == nil {
		return fmt.Sprintf("listing the workspace, %d requests so far", s.requests)
	}
	line := fmt.Sprintf("%d docs, %d of %d pages, %d of %d tables, %s", s.plan.Docs,
		s.pages, all[fs.KindPage], s.tables, all[fs.KindRows], formatSize(s.bytes))
	if s.missing > 0 {
		line += fmt.Sprintf(", %d missing", s.missing)
	}
	if s.left > 0 {
		line += fmt.Sprintf("; %d requests left", s.left)
	}
	if !s.ends.IsZero() {
		line += ", until about " + s.ends.Format(time.TimeOnly)
	}
	return line
}

const schemaProgress = "codafs.progress/1"

// event is the state for programs. Of what is counted with _done, the field before has the whole.
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
	Files        int       `json:"files"`
	FilesDone    int       `json:"files_done"`
	BytesDone    int64     `json:"bytes_done"`
	Missing      int       `json:"missing"`
	RequestsLeft int       `json:"requests_left"`
	EndsAt       time.Time `json:"ends_at,omitzero"`
}

// event lacks the time of its making: two that are equal say the same.
func (s state) event() event {
	all, phase := s.plan.Kinds, "copy"
	if all == nil {
		phase = "list"
	}
	e := event{
		Schema: schemaProgress, Phase: phase, Requests: s.requests, Docs: s.plan.Docs,
		Pages: all[fs.KindPage], PagesDone: s.pages, Tables: all[fs.KindRows], TablesDone: s.tables,
		Files: s.plan.Files, FilesDone: s.files, BytesDone: s.bytes, Missing: s.missing, RequestsLeft: s.left,
	}
	if !s.ends.IsZero() {
		e.EndsAt = s.ends.UTC().Truncate(time.Second)
	}
	return e
}
