package fs

import (
	"context"
	"encoding/json"
	"time"

	"github.com/codafs/codafs/fs/render"
)

// SchemaStatus names the format of .codafs/status.json.
const SchemaStatus = "codafs.status/1"

// Status is the content of .codafs/status.json, for those who write it and those who read it. The tree fills in docs,
// errors, warnings and whether the service is down; its owner adds the rest ([Options].Status). The fields are sorted
// by their JSON names, as they always were in the file.
type Status struct {
	// Account is the token's account: "" while it is not known, nil if nobody asks for it.
	Account *string `json:"account,omitempty"`
	APIURL  string  `json:"api_url,omitempty"`
	// Cache has the counts of the mount's cache.
	Cache any `json:"cache,omitempty"`
	Docs  int `json:"docs"`
	// DocsFromEarlierRun says that the docs were not listed yet: they are those that an earlier run listed.
	DocsFromEarlierRun bool `json:"docs_from_earlier_run"`
	// DocsListedAge is how old the list of docs is, in seconds; nil while there is none.
	DocsListedAge *int64    `json:"docs_listed_age_seconds,omitempty"`
	DocsListedAt  time.Time `json:"docs_listed_at,omitzero"`
	Errors        int       `json:"errors"`
	Goroutines    int       `json:"goroutines,omitempty"`
	LastError     *Failure  `json:"last_error,omitempty"`
	// Mount has the counts of the mount itself.
	Mount      any    `json:"mount,omitempty"`
	Mountpoint string `json:"mountpoint,omitempty"`
	PID        int    `json:"pid,omitempty"`
	Schema     string `json:"schema"`
	// Selection has the selected objects, by the names of the settings.
	Selection map[string]any `json:"selection,omitempty"`
	// ServiceDown is why the service cannot be asked.
	ServiceDown string    `json:"service_down,omitempty"`
	StartedAt   time.Time `json:"started_at,omitzero"`
	// TokenProblem is why the token is refused.
	TokenProblem string `json:"token_problem,omitempty"`
	Tool         string `json:"tool,omitempty"`
	Warnings     int    `json:"warnings"`
}

// statusJSON calls Options.Status without a lock: it may take some time.
func (t *Tree) statusJSON(ctx context.Context) ([]byte, error) {
	s := t.status()
	if t.opts.Status != nil {
		t.opts.Status(ctx, &s)
	}
	b, err := json.MarshalIndent(s, "", render.Indent)
	return append(b, '\n'), err
}

// status returns what the tree itself knows.
func (t *Tree) status() Status {
	failures := t.failures.all()
	s := Status{Schema: SchemaStatus, Errors: len(failures), Warnings: len(t.Warnings())}
	if len(failures) > 0 {
		s.LastError = &failures[len(failures)-1]
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	s.Docs, s.DocsFromEarlierRun = len(t.units), t.folder != nil && t.listedAt.IsZero()
	at := t.listedAt
	if at.IsZero() {
		at = t.recalled
	}
	if !at.IsZero() {
		age := int64(t.opts.Now().Sub(at).Seconds())
		s.DocsListedAt, s.DocsListedAge = at.UTC(), &age
	}
	if t.down != nil {
		s.ServiceDown = t.down.Error()
	}
	return s
}
