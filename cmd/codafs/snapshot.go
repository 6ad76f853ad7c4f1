package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/snapshot"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

type snapshotOptions struct {
	settings
	shortcuts
	output         string
	incremental    bool
	archive        string
	quiet          bool
	shrink         bool
	otherSelection bool
	onResult       string
	summary        snapshot.Summary // of the run, for onResult
}

func newSnapshot(std streams) *cobra.Command {
	var o snapshotOptions
	cmd := &cobra.Command{
		Use:   "snapshot [MOUNTPOINT]",
		Short: "Make a full local backup",
		Long: `Copy the whole tree into a new folder below --output, named by the time (UTC), with a manifest
and checksums. Nothing of it is visible under that name before all of it is there and on disk;
earlier snapshots are never touched. The new folder's path is printed on standard output.

Without MOUNTPOINT everything is read from Coda, which needs no FUSE. With one, what is mounted
there is copied; the mount's own selection of docs and files holds.`,
		Example: `  codafs snapshot --output ~/coda-backups
  codafs snapshot --demo
  codafs snapshot --incremental --output ~/coda-backups     every night
  codafs snapshot --on-result 'test $CODAFS_RESULT_EXIT_CODE = 0 || mail -s "Coda backup" me <<<"$CODAFS_RESULT_MESSAGE"'
  codafs snapshot ./mnt
  cd ~/coda-backups/latest && sha256sum --quiet -c SHA256SUMS`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if f := snapshot.Format(o.archive); f != "" && f != snapshot.Zip && f != snapshot.TarZstd {
				return usageError{fmt.Errorf("--archive %q: want zip or tar.zst", o.archive)}
			}
			if o.output == "" || len(args) == 1 && args[0] == "" {
				return usageError{errors.New("the folder's name is empty")}
			}
			if err := o.check(cmd.Flags(), o.incremental, len(args) == 1); err != nil {
				return err
			}
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
	f.StringVarP(&o.output, "output", "o", "./coda-backups", "`DIR` that holds the snapshots; made if it is missing")
	f.BoolVar(&o.incremental, "incremental", false, "take over from the last good snapshot what has not changed, as hard links")
	f.StringVar(&o.archive, "archive", "", "also write an archive beside the folder, of the `FORM` zip or tar.zst")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "say nothing but errors")
	f.BoolVar(&o.shrink, "accept-shrink", false, "take a workspace that is empty, or half of what it was, for good")
	f.BoolVar(&o.otherSelection, "allow-other-selection", false, "let one folder hold snapshots of several accounts or selections")
	o.registerShortcuts(f)
	f.StringVar(&o.onResult, "on-result", "", "run `COMMAND` in a shell when the snapshot has ended, however it did (see above)")
	o.register(cmd)
	return cmd
}

const exitHelp = `Exit codes:
  0   complete
  1   failed, nothing was sealed
  2   wrong use
  3   sealed, with gaps that summary.json names, or suspiciously small
  4   the token is missing or was refused
  10  the source is no mount, or the output holds another account's or selection's snapshots
  11  another run works in the output folder
  13  the output folder is full or cannot be written
  130, 143  stopped by a signal; the next run takes up what is done`

// noSelection refuses the flags that choose what is in the tree: a mount was made with its own.
func noSelection(flags *pflag.FlagSet) error {
	for name := range (&settings{}).recorded() {
		if f := flags.Lookup(name); f != nil && f.Changed {
			return usageError{fmt.Errorf("--%s does not go with a MOUNTPOINT: what was chosen when it was mounted holds", name)}
		}
	}
	return nil
}

// snapshotTree makes a snapshot of a tree in this process.
func snapshotTree(ctx context.Context, o *snapshotOptions, std streams) error {
	w, err := o.open(std, openOptions{afresh: !o.incremental, rowDeltas: o.deltasOver(o.incremental)})
	if err != nil {
		return err
	}
	defer w.close()
	return o.snapshotOf(ctx, std, w)
}

func (o *snapshotOptions) snapshotOf(ctx context.Context, std streams, w *workspace) error {
	user, err := w.client.WhoAmI(ctx)
	if err != nil {
		return err
	}
	w.remember(user.LoginID)
	opts := o.runOptions(w.log)
	opts.TrustDocTimestamps, opts.RowDeltas = o.incremental && o.trustDocs, o.deltasOver(o.incremental) > 0
	opts.Source = snapshot.Source{APIURL: o.baseURL(), Account: user.LoginID}
	opts.Selection = o.recorded()
	opts.Explain = func(path string, err error) fs.Failure { return fs.FailureOf(err, fs.Object{}, path) }
	opts.Requests = func() (int, time.Duration) {
		u := w.client.Usage()
		return int(u.Requests), u.Throttled
	}
	opts.Cost = cost(w.client, o.deltasOver(o.incremental))
	return o.snapshot(ctx, std, treeOrigin{w.tree}, opts, newProgress(std, o.quiet, w.client))
}

// snapshotMount makes a snapshot of a mounted tree. It needs no token.
func snapshotMount(ctx context.Context, o *snapshotOptions, std streams, dir string) error {
	log, err := o.logger(std)
	if err != nil {
		return err
	}
	m, err := snapshot.Mounted(dir)
	if err != nil {
		return err
	}
	opts := o.runOptions(log)
	opts.Source, opts.Selection, opts.Explain = m.Source(), m.Selection(), m.Explain
	return o.snapshot(ctx, std, m, opts, newProgress(std, o.quiet, nil))
}

func (o *snapshotOptions) snapshot(ctx context.Context, std streams, from snapshot.Origin, opts snapshot.Options, p *progress) error {
	opts.Progress = p
	s, err := snapshot.Run(ctx, from, opts)
	o.summary = s
	p.end()
	for _, line := range s.Warnings {
		fmt.Fprintln(std.err, "codafs: warning: "+line)
	}
	for i, f := range s.Failures {
		if i == shownFailures {
			fmt.Fprintf(std.err, "codafs: missing: and %d more, see summary.json\n", len(s.Failures)-i)
			break
		}
		fmt.Fprintf(std.err, "codafs: missing: %s: %s\n", cmp.Or(f.Path, f.ObjectID), f.Message)
	}
	if err != nil {
		return err
	}
	fmt.Fprintln(std.out, filepath.Join(o.output, s.ID))
	if !o.quiet {
		fmt.Fprintf(std.err, "codafs: %s: %d docs, %d pages, %d tables, %d views; %d files, %d bytes; %d requests\n",
			s.Result, s.DocsProcessed, s.PagesExported, s.TablesExported, s.ViewsExported, s.Files, s.Bytes, s.Requests)
	}
	if s.ExitCode != 0 {
		return exitError{s.ExitCode}
	}
	return nil
}

// shownFailures is how many of them are printed; all are in summary.json.
const shownFailures = 20

func (o *snapshotOptions) runOptions(log *slog.Logger) snapshot.Options {
	return snapshot.Options{Output: o.output, Incremental: o.incremental, Archive: snapshot.Format(o.archive), Concurrency: o.concurrency, Tool: tool(), AcceptShrink: o.shrink,
		AllowOtherSelection: o.otherSelection, Log: log}
}

// treeOrigin is a tree of this process as the origin of a snapshot. Nobody waits for a single
// file of it, so its requests let interactive ones go first.
type treeOrigin struct{ tree *fs.Tree }

func (t treeOrigin) Index(ctx context.Context) ([]fs.Entry, error) {
	return t.tree.Index(coda.Background(ctx))
}

func (t treeOrigin) Open(ctx context.Context, path string) (io.ReadCloser, error) {
	return fs.FS(coda.Background(ctx), t.tree.Root()).Open(path)
}
