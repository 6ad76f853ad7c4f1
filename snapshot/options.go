package snapshot

import (
	"context"
	"errors"
	"io"
	iofs "io/fs"
	"log/slog"
	"time"

	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/snapshot/folder"
	"github.com/codafs/codafs/snapshot/format"
	"github.com/codafs/codafs/snapshot/spool"
)

// Origin is what a snapshot is made from: a tree in this process, or a mounted one
// ([Mounted]). Its methods are safe for concurrent use.
type Origin interface {
	// Index gives every file and every known gap to each, afresh. A listing that broke off is
	// an error, never a short list; so is an error of each. An origin may ask held for less where something is held already:
	// of a doc that is, the entry of its doc.json alone is listed. Nor need a file be fetched that is held.
	Index(ctx context.Context, held fs.Held, each func(fs.Entry) error) error
	// Open opens the file that the index has under path. When ctx ends, Open and
	// reads from what it gave end soon, with an error. An object that is not there any
	// more is an [io/fs.ErrNotExist]: where a second listing confirms that it was
	// deleted, that is no gap in the snapshot, only a change in the workspace.
	Open(ctx context.Context, path string) (io.ReadCloser, error)
}

// Warner is an [Origin] that knows what is odd about what it gave.
type Warner interface {
	Origin
	// Warnings are as of now, one for each thing that is odd about a file or a list.
	Warnings(ctx context.Context) ([]fs.Failure, error)
}

// Options says where a snapshot goes and what it records. Output is required; the zero
// value of every other field is usable.
type Options struct {
	// Output is the folder that holds the snapshots. It is made if it is missing.
	Output string
	// Concurrency is how many files are copied at a time; 0 means 8.
	Concurrency int
	// PageConcurrency is how many pages are copied at a time beside the other files; 0 means
	// that they are among those. A service that takes seconds to make a page, and makes many
	// at once, keeps pages waiting, not this machine.
	PageConcurrency int
	// Tool names the program and its version, for the manifest: "codafs 0.1.0".
	Tool string
	// Source and Selection tell whose objects these are, and which of them were asked
	// for. Runs are compared with earlier ones only where both are equal. A setting that has its default
	// value is as if it were not there.
	Source    format.Source
	Selection map[string]any
	// Incremental takes files over from the last good snapshot of this source and
	// selection: those whose version did not move, and those of objects that fail now.
	Incremental bool
	// TrustDocTimestamps, with Incremental, does not look into docs whose stamp did not
	// move, if the Origin asks for that.
	TrustDocTimestamps bool
	// Demo reports that the objects are a sample, for the manifest and the summary alone.
	Demo bool
	// FullEvery, with Incremental, is how long at most bytes that the service computes are taken over before they are
	// fetched anew, if that they change is not known; 0 is for good. What is volatile is fetched in each run.
	FullEvery time.Duration
	// NotCaptured names what the service has and no snapshot of it holds, for the manifest alone.
	NotCaptured []string
	// RowDeltas is for the manifest alone: the Origin may have put tables together from rows
	// that it held and those that changed.
	RowDeltas bool
	// Archive, if not "", writes the sealed snapshot into one more file beside its folder.
	Archive folder.ArchiveFormat
	// AcceptShrink seals an empty or a much smaller workspace as a good snapshot.
	AcceptShrink bool
	// AcceptGaps are the ids of pages, tables and docs that may be missing: their failures are listed, and do not make
	// the snapshot incomplete. An id is that of the object itself: a doc's is for its own files and lists, not for its pages.
	AcceptGaps []string
	// AllowOtherSelection lets the folder hold snapshots of several accounts or selections.
	AllowOtherSelection bool
	// Explain turns an error of the Origin into what the manifest says of it; path is
	// "" for an error of Index. Code [fs.CodeRefused] ends the run.
	// Fields that tell which object it is are filled in from the index.
	Explain func(path string, err error) fs.Failure
	// Requests reports how many requests this run has sent so far and how long
	// they waited for rate limits, all together.
	Requests func() (sent int, throttled time.Duration)
	// Cost reports what fetching takes, for a [Plan] and for Progress; without it they say
	// nothing of requests and time.
	Cost Cost
	// Progress is told what happens.
	Progress Progress
	// Now is the clock.
	Now func() time.Time
	// Log gets a line for each failed object and each warning, at level Info: both are in
	// the Summary, which the caller shows.
	Log *slog.Logger

	// hooks and held are for tests: held is how many bytes of records are in memory before they go to the disk.
	hooks folder.Hooks
	held  int
}

// Progress is told what a run does, by one goroutine, in the order in which it
// happens, but for Fetching. The run waits for it.
type Progress interface {
	// Fetching comes before a file is asked of the origin. Many goroutines say so.
	Fetching(e fs.Entry)
	// Listed comes when the index is there, and once more when it is known which files the late ones name.
	Listed(Plan)
	// Copied comes for each file that is in the snapshot now, with its status and what is left to fetch.
	Copied(f format.File, left Estimate)
	// Missed comes for each object that is not, or that was not found. A file that is
	// carried for it comes later.
	Missed(f fs.Failure, left Estimate)
}

func (o Options) withDefaults() Options {
	if o.Concurrency <= 0 {
		o.Concurrency = 8
	}
	if o.held == 0 {
		o.held = spool.Held
	}
	if o.Selection = format.Chosen(o.Selection); o.Selection == nil {
		o.Selection = map[string]any{}
	}
	if o.Explain == nil {
		o.Explain = explain
	}
	if o.Requests == nil {
		o.Requests = func() (int, time.Duration) { return 0, 0 }
	}
	if o.Progress == nil {
		o.Progress = silent{}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// explain is the Explain of those who give none.
func explain(_ string, err error) fs.Failure {
	if errors.Is(err, iofs.ErrNotExist) {
		return fs.Failure{Code: "not_found", Message: err.Error()}
	}
	return fs.Failure{Code: "unreadable", Message: err.Error()}
}

type silent struct{}

func (silent) Fetching(fs.Entry)            {}
func (silent) Listed(Plan)                  {}
func (silent) Copied(format.File, Estimate) {}
func (silent) Missed(fs.Failure, Estimate)  {}
