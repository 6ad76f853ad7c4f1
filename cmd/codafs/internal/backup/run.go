package backup

import (
	"context"
	"errors"
	"fmt"
	iofs "io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/codafs/codafs/cmd/codafs/internal/config"
	"github.com/codafs/codafs/cmd/codafs/internal/exit"
	"github.com/codafs/codafs/cmd/codafs/internal/open"
	"github.com/codafs/codafs/cmd/codafs/internal/progress"
	"github.com/codafs/codafs/cmd/codafs/internal/term"
	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/rest"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/mount/mountpoint"
	"github.com/codafs/codafs/fs/source/codadocs"
	"github.com/codafs/codafs/snapshot"
	"github.com/codafs/codafs/snapshot/folder"
	"github.com/codafs/codafs/snapshot/format"
)

// Options are the settings of 'codafs snapshot', each a flag of like name, and the state of the run. The flags are to be set,
// and WithinOpenFiles called, before the run; nothing is changed by several goroutines.
type Options struct {
	config.Settings
	Output              string // the folder of the snapshots, not ""
	Incremental         bool
	TrustDocs           bool
	RowDeltas           bool
	FullEvery           config.Period // 0 is never
	Archive             string        // a folder.ArchiveFormat
	DryRun              bool
	JSON                bool
	Quiet               bool
	AcceptShrink        bool
	AcceptGaps          []string // ids
	AllowOtherSelection bool
	OnResult            string // a line for a shell

	// parallel is remote.Options.Parallel, fewPages how many pages may be fetched at a time; both are 0 if the limit of open
	// files is high enough.
	parallel int
	fewPages int
	summary  format.Summary // of the run, for --on-result; zero until it ended
	notices  *term.Notices  // of the run; nil for a mount
}

// treeMemory is how many bytes the tree's lists may take, about: those of several docs of 1,000 pages. A run goes through the docs
// one after the other, and looks at no list again once it is through.
const treeMemory = 16 << 20

// garbage is GOGC for a run, unless the environment has one. A run allocates much and holds little: with Go's own 100 as much again
// as it holds would be garbage.
const garbage = 50

// OfWorkspace makes a snapshot of the workspace, read from the service by this process. A full one fetches into a folder of its
// own beside the cache (open.Options.Afresh), so that nothing fetched earlier is in it; an incremental one uses the cache.
// An outage is waited out, up to progress.SilenceLimit: a backup at night has time.
func OfWorkspace(ctx context.Context, o *Options, std term.Streams) error {
	p, std := progress.NewRun(std, o.JSON, o.Quiet || o.DryRun)
	o.notices = &term.Notices{Out: std.Err}
	if o.Quiet {
		o.notices.Out = nil
	}
	w, err := open.Tree(&o.Settings, std, open.Options{Afresh: !o.Incremental, RowDeltas: o.deltasOver(), Parallel: o.parallel, Memory: treeMemory, Summary: true, Notices: o.notices, Outage: rest.WaitOutage})
	if err != nil {
		return o.ended(std, p, format.NewSummary(time.Now()), err)
	}
	defer w.Close()
	return o.Run(ctx, std, w, p)
}

// Run makes a snapshot of w, which stays open. It asks for the token's user first, so that a refused token ends the run at
// once, and since the manifest names the account. It ends by itself if Coda does not answer for progress.SilenceLimit. All
// that p shows has ended when it returns.
func (o *Options) Run(ctx context.Context, std term.Streams, w *open.Workspace, p *progress.Run) error {
	p.Watch(w.Client)
	ctx, stop := endAtSilence(ctx, w.Client)
	defer stop()
	user, err := w.Client.WhoAmI(ctx)
	if err != nil {
		return o.ended(std, p, format.NewSummary(time.Now()), err)
	}
	// The next token of this user finds what this one fetches.
	w.Remember(user.LoginID)
	opts := o.runOptions(w.Log)
	// A file of settings may have both for all runs; they mean something in an incremental one only.
	opts.TrustDocTimestamps, opts.RowDeltas = o.Incremental && o.TrustDocs, o.deltasOver() > 0
	opts.Source = format.Source{APIURL: o.BaseURL(), Account: user.LoginID}
	opts.Selection, opts.Demo = o.Recorded(), o.Demo
	opts.Explain = func(path string, err error) fs.Failure { return w.Tree.FailureOf(err, fs.Object{}, path) }
	opts.Requests = func() (int, time.Duration) {
		u := w.Client.Usage()
		return int(u.Requests), u.Throttled
	}
	opts.Cost = open.Cost(w.Client, o.deltasOver())
	return o.snapshot(ctx, std, treeOrigin{w.Tree}, opts, p)
}

// endAtSilence ends a context when Coda has not answered for progress.SilenceLimit. The caller must call stop, which
// waits for the watch to end. The cause of the context's end then has the exit code 75.
func endAtSilence(parent context.Context, client *coda.Client) (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(parent)
	var watch sync.WaitGroup
	watch.Go(func() {
		if silence, ok := errors.AsType[*rest.SilenceError](client.AwaitSilence(ctx, progress.SilenceLimit)); ok {
			cancel(noAnswerError{silence})
		}
	})
	return ctx, func() { cancel(nil); watch.Wait() }
}

// OfMount makes a snapshot of what is mounted at dir, as its own process selected it. It needs no token and sends no request:
// the mount's process does, under its own limits. A folder that is no live mount is an error, never an empty backup.
func OfMount(ctx context.Context, o *Options, std term.Streams, dir string) error {
	p, std := progress.NewRun(std, o.JSON, o.Quiet || o.DryRun)
	log, err := o.Logger(std)
	if err != nil {
		return o.ended(std, p, format.NewSummary(time.Now()), err)
	}
	// That a live mount is there is proved by its status.json: an empty folder would look like an empty workspace.
	m, err := snapshot.Mounted(dir)
	if err != nil {
		return o.ended(std, p, format.NewSummary(time.Now()), notAMount(err, dir))
	}
	opts := o.runOptions(log)
	opts.Source, opts.Selection, opts.Explain = m.Source(), m.Selection(), m.Explain
	opts.Demo = opts.Source.APIURL == config.DemoURL
	chosen := codadocs.Selection{Files: (format.Recorded{Selection: opts.Selection}).HasFiles()}
	opts.NotCaptured = chosen.NotCaptured()
	if !chosen.Files && !o.Quiet {
		fmt.Fprintln(std.Err, "codafs: note: without images and attached files: the mount has none (codafs mount --files)")
	}
	return o.snapshot(ctx, std, m, opts, p)
}

// notAMount adds to the error for a folder that is no mount what its user may have meant: often it is the output, since other
// programs take the destination as their argument.
func notAMount(err error, dir string) error {
	switch m := mountAbove(dir); {
	case m != "":
		return exit.WithHint(err, "it lies in a mount: codafs snapshot "+term.ShellWord(m))
	case errors.Is(err, iofs.ErrNotExist):
		return exit.WithHint(err, "to make the backup in that folder: codafs snapshot --output "+term.ShellWord(dir))
	}
	return err
}

// snapshot makes the run, or the dry run, and reports how it ended. It ends the progress in all cases. A dry run that succeeds
// has no summary: it printed its plan, and --on-result does not run.
func (o *Options) snapshot(ctx context.Context, std term.Streams, from snapshot.Origin, opts snapshot.Options, p *progress.Run) error {
	if os.Getenv("GOGC") == "" {
		defer debug.SetGCPercent(debug.SetGCPercent(garbage))
	}
	if !o.DryRun {
		opts.Progress = p
		s, err := snapshot.Run(ctx, from, opts)
		return o.ended(std, p, s, err)
	}
	// A dry run shows no progress: it only lists, and its output is to be the plan alone.
	plan, err := snapshot.DryRun(ctx, from, opts)
	if err != nil {
		return o.ended(std, p, format.NewSummary(time.Now()), err)
	}
	p.End()
	return newDryRun(plan, opts.Requests).print(std.Out, o.JSON)
}

// PageShare is how many more pages than other files are fetched at a time: Coda takes seconds for a page, so many are
// needed to use up its rate limit. Coda API 1.5.0 allows 10 writes, and so exports, in 6 s; with the default concurrency of 8,
// 32 pages of up to 19 s each keep that busy.
const PageShare = 4

// runOptions returns the options that do not depend on where the tree comes from.
func (o *Options) runOptions(log *slog.Logger) snapshot.Options {
	return snapshot.Options{
		Output: o.Output, Incremental: o.Incremental, Archive: folder.ArchiveFormat(o.Archive), Tool: o.Tool, Log: log,
		Concurrency: o.Concurrency, PageConcurrency: o.pages(), FullEvery: time.Duration(o.FullEvery),
		AcceptShrink: o.AcceptShrink, AcceptGaps: o.AcceptGaps, AllowOtherSelection: o.AllowOtherSelection, NotCaptured: o.Selection.NotCaptured(),
	}
}

// deltasOver is how many rows a table must have for row deltas; 0 means no row deltas. A table that comes with one request
// is read whole: the changed rows alone would cost as much.
func (o *Options) deltasOver() int64 {
	if o.Incremental && o.RowDeltas {
		return coda.RowsPerRequest
	}
	return 0
}

// mountAbove returns the mount of this user in which a folder lies, "" if it is in none, or if that cannot be found out.
func mountAbove(dir string) string {
	all, _ := mountpoint.List() // only a message depends on it
	path := config.Absolute(dir)
	for _, m := range all {
		if strings.HasPrefix(path, m+string(filepath.Separator)) {
			return m
		}
	}
	return ""
}
