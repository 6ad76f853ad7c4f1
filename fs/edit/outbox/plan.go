package outbox

import (
	"crypto/rand"
	"strings"
	"time"

	"github.com/codafs/codafs/fs/edit"
)

// Schema names the form of a plan.
const Schema = "codafs.plan/1"

// Object is what is written to: a table or a page. What its words mean, only the service knows.
type Object struct {
	Doc   string `json:"doc_id"`
	ID    string `json:"object_id"`
	Kind  string `json:"kind"`
	Title string `json:"name"`
}

// Plan is what one file asks for, as it was compared at one moment.
type Plan struct {
	Schema string    `json:"schema"`
	ID     string    `json:"id"`
	Made   time.Time `json:"made_at"`
	Object Object    `json:"object"`
	// File is the file's absolute path, "" if there is none.
	File string `json:"file,omitempty"`
	// Undoes is the id of the job that the plan takes back.
	Undoes string `json:"undoes,omitempty"`
	edit.Changes
	// Rows are the rows of Edits as the service had them, by their keys.
	Rows map[string]Kept `json:"rows,omitempty"`
	// Wish is the file as it was.
	Wish []byte `json:"wish,omitempty"`
}

// Kept is a row as it was when the plan was made: texts by the ids of columns, or by their headers where they have none.
type Kept struct {
	// Name is what people call the row.
	Name  string            `json:"name,omitempty"`
	Stamp string            `json:"stamp"`
	Cells map[string]string `json:"cells"`
}

// NewID makes an id that people can type.
func NewID() string { return strings.ToLower(rand.Text()[:8]) }

// Status is how far an edit has come.
type Status string

// The statuses, in the order of a good life; then the others.
const (
	Planned   Status = "planned"
	Sending   Status = "sending"
	Accepted  Status = "accepted"
	Completed Status = "completed"
	Seen      Status = "seen"
	Held      Status = "held"
	Rejected  Status = "rejected"
	Doubt     Status = "in_doubt"
	Dropped   Status = "dropped"
)

// Over reports that nothing more will happen to the edit.
func (s Status) Over() bool { return s == Seen || s == Rejected || s == Dropped }

// Under reports that the service has taken the edit, but nobody has seen it there.
func (s Status) Under() bool { return s == Accepted || s == Completed }

// Unclear reports that nobody knows whether the service has the edit.
func (s Status) Unclear() bool { return s == Sending || s == Doubt }

// Step is a line of a journal: what became of some edits of a job.
type Step struct {
	At     time.Time `json:"at"`
	Status Status    `json:"status"`
	// Edits are the places of the edits in the plan.
	Edits []int `json:"edits"`
	// Request is the service's name for the write, IDs are those of the rows that it makes, in the order of Edits.
	Request string   `json:"request,omitempty"`
	IDs     []string `json:"ids,omitempty"`
	// Why says why it is held, rejected or in doubt, or what the service warned of.
	Why string `json:"why,omitempty"`
	// Newest is the newest creation of a row that the table had before the edits were sent.
	Newest string `json:"newest,omitempty"`
}

// Fate is what has become of one edit.
type Fate struct {
	Status  Status    `json:"status"`
	At      time.Time `json:"at"`
	Request string    `json:"request,omitempty"`
	// ID is that of the row that it made.
	ID  string `json:"id,omitempty"`
	Why string `json:"why,omitempty"`
	// Newest is that of the last sending.
	Newest string `json:"newest,omitempty"`
}

// take adds a step.
func (f *Fate) take(s Step, i int) {
	f.Status, f.At = s.Status, s.At
	if s.Request != "" {
		f.Request = s.Request
	}
	if i < len(s.IDs) {
		f.ID = s.IDs[i]
	}
	if s.Newest != "" {
		f.Newest = s.Newest
	}
	f.Why = s.Why
}
