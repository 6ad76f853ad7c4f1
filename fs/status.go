package fs

import "time"

// ControlDir is a folder at the root. Lookup finds it and Entries hides it, so that no walk of the tree enters it. The
// paths of what is in it:
const (
	ControlDir = ".codafs"                    // found by name, never listed
	StatusFile = ControlDir + "/status.json"  // a [Status]
	ErrorsFile = ControlDir + "/errors.jsonl" // one [Failure] a line
	IndexFile  = ControlDir + "/index.jsonl"  // one [Entry] a line; the only file here that sends many requests
	SinceDir   = ControlDir + "/since"        // files of computed bytes that were fetched since a time
)

// SchemaStatus names the format of .codafs/status.json.
const SchemaStatus = "codafs.status/1"

// Downloads are of files that are fetched from where the service stores them.
type Downloads struct {
	Running int   `json:"running"`
	Waiting int   `json:"waiting"` // for a limit, or until they are tried again
	Done    int64 `json:"done"`    // since the mount began
	Bytes   int64 `json:"bytes"`
}

// Status is the content of .codafs/status.json, for those who write it and those who read it. The tree fills in docs,
// errors, warnings and whether the service is down; its owner adds the rest (Options.Status in fs/remote). The fields are sorted
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
	// Downloads are those of images and attachments; nil if there are to be none.
	Downloads  *Downloads `json:"downloads,omitempty"`
	Errors     int        `json:"errors"`
	Goroutines int        `json:"goroutines,omitempty"`
	LastError  *Failure   `json:"last_error,omitempty"`
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
