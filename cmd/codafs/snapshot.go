package main

import (
	"context"
	"errors"
	"io"
	iofs "io/fs"
	"log/slog"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/codafs/codafs/cmd/codafs/internal/config"
	"github.com/codafs/codafs/cmd/codafs/internal/exit"
	"github.com/codafs/codafs/cmd/codafs/internal/open"
	"github.com/codafs/codafs/cmd/codafs/internal/progress"
	"github.com/codafs/codafs/cmd/codafs/internal/term"
	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/rate"
	"github.com/codafs/codafs/coda/rest"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/remote"
	"github.com/codafs/codafs/fs/source/codadocs"
	"github.com/codafs/codafs/snapshot"
	"github.com/codafs/codafs/snapshot/folder"
	"github.com/codafs/codafs/snapshot/format"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// snapshotOptions are the settings of 'codafs snapshot', and the state of the run.
type snapshotOptions struct {
	config.Settings
	shortcuts
	output         string
	incremental    bool
	archive        string
	dryRun         bool
	json           bool
	quiet          bool
	shrink         bool
	acceptGaps     []string
	otherSelection bool
	onResult       string
	parallel       int            // remote.Options.Parallel; 0 if the limit of open files is high enough
	fewPages       int            // how many pages may be fetched at a time, 0 likewise
	summary        format.Summary // of the run, for --on-result
	notices        *term.Notices  // of the run; nil for a mount
}

func newSnapshot(std term.Streams) *cobra.Command {
	o := snapshotOptions{Settings: newSettings()}
	cmd := &cobra.Command{
		Use:   "snapshot [MOUNTPOINT]",
		Short: "Make a full local backup",
		Long: `Copy the whole tree into a new folder below --output, named by the time (UTC), with a manifest
and checksums. Nothing of it is visible under that name before all of it is there and on disk;
earlier snapshots are never touched. The new folder's path is printed on standard output. If only the archive of
--archive cannot be written, the exit code is not 0, but the snapshot is complete and good.

A run without --incremental fetches everything anew. That is the default because it depends on nothing: not on an earlier
backup, and not on Coda's times of change, which do not move when Coda computes something anew. With --incremental,
what did not change is taken over from the last good snapshot: use it for every night, and make a full one now and then.

With --json, standard output has one JSON object a line instead: of schema codafs.progress/1 about
every second, and last, however the run ends, one of codafs.summary/1, which is also summary.json;
the folder is --output with the summary's id. With --dry-run it has a plan, and nothing is written.

Without MOUNTPOINT everything is read from Coda, which needs no FUSE. With one, what is mounted
there is copied; the mount's own selection of docs and files holds.`,
		Example: `  codafs snapshot --output ~/coda-backups
  codafs snapshot --demo
  codafs snapshot --incremental --output ~/coda-backups     every night
  codafs snapshot --on-result 'test $CODAFS_RESULT_EXIT_CODE = 0 || echo "$CODAFS_RESULT_MESSAGE" | mail -s "Coda backup" me'
  codafs snapshot --incremental --dry-run                   what that would take
  codafs snapshot ./mnt
  cd ~/coda-backups/latest && sha256sum --quiet -c SHA256SUMS`,
		Args: between(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			signal.Ignore(syscall.SIGPIPE) // the reader of the output may leave; the backup goes on
			if f := folder.ArchiveFormat(o.archive); f != "" && f != folder.Zip && f != folder.TarZstd {
				return exit.Usagef("--archive %q: want zip or tar.zst", o.archive)
			}
			if o.output == "" {
				return config.ErrNoOutput
			}
			if err := o.check(cmd.Flags(), o.incremental, len(args) == 1); err != nil {
				return err
			}
			if o.Offline && len(args) == 0 {
				return exit.Usagef("--offline: a snapshot lists the workspace afresh; only one of a MOUNTPOINT asks nothing of Coda")
			}
			o.withinOpenFiles(std)
			if len(args) == 1 {
				if err := noSelection(cmd.Flags()); err != nil {
					return err
				}
				return o.tell(cmd.Context(), std, snapshotMount(cmd.Context(), &o, std, args[0]))
			}
			return o.tell(cmd.Context(), std, snapshotTree(cmd.Context(), &o, std))
		},
	}
	cmd.Long += "\n\n" + shortcutHelp + "\n\n" + onResultHelp + "\n\n" + exitHelp
	f := cmd.Flags()
	config.PathVar(f, &o.output, "output", "o", config.DefaultOutput, "`DIR` that holds the snapshots; made if it is missing")
	f.BoolVar(&o.incremental, "incremental", false, "take over from the last good snapshot what has not changed, as hard links")
	f.StringVar(&o.archive, "archive", "", "also pack the finished snapshot into one file beside its folder; `FORMAT` is zip or tar.zst")
	f.BoolVar(&o.dryRun, "dry-run", false, "list, print what a run would fetch and how long the rate limits make it, write nothing")
	f.BoolVar(&o.json, "json", false, "print progress and the summary as JSON, one object a line")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "say nothing but errors and the new folder; with --json print the summary alone")
	f.BoolVar(&o.shrink, "accept-shrink", false, "accept a workspace that is empty, or has shrunk by half")
	f.StringArrayVar(&o.acceptGaps, "accept-gap", nil,
		"the page, table or doc with this `ID` may be missing: summary.json still names it, and it makes no exit code 3 (may be given more than once)")
	f.BoolVar(&o.otherSelection, "allow-other-selection", false, "let one folder hold snapshots of several accounts or selections")
	o.registerShortcuts(f)
	f.StringVar(&o.onResult, "on-result", "", "run `COMMAND` in a shell at the end, after a success and after a failure (what it is given: see above)")
	o.RegisterConcurrency(f)
	o.Register(f, "offline") // without requests there is nothing to copy; a mount sends its own requests
	completeDocs(cmd, &o.Settings)
	return cmd
}

const exitHelp = `Exit codes:
  0   complete
  1   failed, nothing was sealed; with --json also where it was, if standard output is full or nobody
      reads it to the end (a warning says so; summary.json is good, and has the run's own code)
  2   usage error
  3   sealed, with gaps that summary.json names and --accept-gap does not, or suspiciously small
  4   the token is missing or was refused
  10  MOUNTPOINT is not a codafs mount, or the output folder holds snapshots of another account or selection
  11  another run works in the output folder
  13  the output folder is full or cannot be written
  75  Coda gave no answer for 5 minutes: refused or broken connections, or nothing at all (an error
      is an answer, waiting for a rate limit is no silence); run again to resume
  130, 143  stopped by a signal; the next run takes up what is done`

// noSelection refuses the flags that choose what is in the tree: the mount has its own.
func noSelection(flags *pflag.FlagSet) error {
	for name := range (&config.Settings{}).Recorded() {
		if f := flags.Lookup(name); f != nil && f.Changed {
			return exit.Usagef("--%s does not go with a MOUNTPOINT: what was chosen when it was mounted holds", name)
		}
	}
	return nil
}

// snapshotTree makes a snapshot of a tree in this process.
func snapshotTree(ctx context.Context, o *snapshotOptions, std term.Streams) error {
	p, std := progress.NewRun(std, o.json, o.quiet || o.dryRun)
	o.notices = &term.Notices{Out: std.Err}
	if o.quiet {
		o.notices.Out = nil
	}
	w, err := open.Tree(&o.Settings, std, open.Options{Afresh: !o.incremental, RowDeltas: o.deltasOver(o.incremental), Parallel: o.parallel, Summary: true, Notices: o.notices, Outage: rest.WaitOutage})
	if err != nil {
		return o.ended(std, p, format.NewSummary(time.Now()), err)
	}
	defer w.Close()
	return o.snapshotOf(ctx, std, w, p)
}

// snapshotOf makes a snapshot of w. It asks for the token's user first, so that a refused token ends the run at once.
func (o *snapshotOptions) snapshotOf(ctx context.Context, std term.Streams, w *open.Workspace, p *progress.Run) error {
	p.Watch(w.Client)
	ctx, stop := endAtSilence(ctx, w.Client)
	defer stop()
	user, err := w.Client.WhoAmI(ctx)
	if err != nil {
		return o.ended(std, p, format.NewSummary(time.Now()), err)
	}
	w.Remember(user.LoginID)
	opts := o.runOptions(w.Log)
	opts.TrustDocTimestamps, opts.RowDeltas = o.incremental && o.trustDocs, o.deltasOver(o.incremental) > 0
	opts.Source = format.Source{APIURL: o.BaseURL(), Account: user.LoginID}
	opts.Selection, opts.Demo = o.Recorded(), o.Demo
	opts.Explain = func(path string, err error) fs.Failure { return w.Tree.FailureOf(err, fs.Object{}, path) }
	opts.Requests = func() (int, time.Duration) {
		u := w.Client.Usage()
		return int(u.Requests), u.Throttled
	}
	opts.Cost = open.Cost(w.Client, o.deltasOver(o.incremental))
	return o.snapshot(ctx, std, treeOrigin{w.Tree}, opts, p)
}

// endAtSilence ends a context when Coda has not answered for silenceLimit.
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

// snapshotMount makes a snapshot of a mounted tree. It needs no token.
func snapshotMount(ctx context.Context, o *snapshotOptions, std term.Streams, dir string) error {
	p, std := progress.NewRun(std, o.json, o.quiet || o.dryRun)
	log, err := o.Logger(std)
	if err != nil {
		return o.ended(std, p, format.NewSummary(time.Now()), err)
	}
	m, err := snapshot.Mounted(dir)
	if err != nil {
		return o.ended(std, p, format.NewSummary(time.Now()), notAMount(err, dir))
	}
	opts := o.runOptions(log)
	opts.Source, opts.Selection, opts.Explain = m.Source(), m.Selection(), m.Explain
	opts.Demo = opts.Source.APIURL == config.DemoURL
	return o.snapshot(ctx, std, m, opts, p)
}

// notAMount adds to the error for a folder that is no mount what its user may have meant: often it is the output.
func notAMount(err error, dir string) error {
	switch m := mountAbove(dir); {
	case m != "":
		return exit.WithHint(err, "it lies in a mount: codafs snapshot "+term.ShellWord(m))
	case errors.Is(err, iofs.ErrNotExist):
		return exit.WithHint(err, "to make the backup in that folder: codafs snapshot --output "+term.ShellWord(dir))
	}
	return err
}

// snapshot makes the run, or the dry run, and reports how it ended.
func (o *snapshotOptions) snapshot(ctx context.Context, std term.Streams, from snapshot.Origin, opts snapshot.Options, p *progress.Run) error {
	if !o.dryRun {
		opts.Progress = p
		s, err := snapshot.Run(ctx, from, opts)
		return o.ended(std, p, s, err)
	}
	plan, err := snapshot.DryRun(ctx, from, opts)
	if err != nil {
		return o.ended(std, p, format.NewSummary(time.Now()), err)
	}
	p.End()
	return newDryRun(plan, opts.Requests).print(std.Out, o.json)
}

// pageShare is how many more pages than other files are fetched at a time: Coda takes seconds for a page, so many are
// needed to use up its rate limit.
const pageShare = 4

// runOptions returns the options that do not depend on where the tree comes from.
func (o *snapshotOptions) runOptions(log *slog.Logger) snapshot.Options {
	return snapshot.Options{
		Output: o.output, Incremental: o.incremental, Archive: folder.ArchiveFormat(o.archive), Tool: o.Tool, Log: log,
		Concurrency: o.Concurrency, PageConcurrency: o.pages(), FullEvery: time.Duration(o.fullEvery),
		AcceptShrink: o.shrink, AcceptGaps: o.acceptGaps, AllowOtherSelection: o.otherSelection, NotCaptured: codadocs.NotCaptured,
	}
}

// treeOrigin is a tree of this process as the origin of a snapshot. Nobody waits for a single file of it, so its
// requests are background work.
type treeOrigin struct{ tree *remote.Tree }

func (t treeOrigin) Index(ctx context.Context) ([]fs.Entry, error) {
	return t.tree.Index(rate.Background(ctx))
}

func (t treeOrigin) Open(ctx context.Context, path string) (io.ReadCloser, error) {
	return fs.FS(rate.Background(ctx), t.tree.Root()).Open(path)
}
