package main

import (
	"os/signal"
	"syscall"

	"github.com/codafs/codafs/cmd/codafs/internal/backup"
	"github.com/codafs/codafs/cmd/codafs/internal/config"
	"github.com/codafs/codafs/cmd/codafs/internal/exit"
	"github.com/codafs/codafs/cmd/codafs/internal/term"
	"github.com/codafs/codafs/snapshot/folder"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// newSnapshot makes 'codafs snapshot', for a person once and for a timer each night. It promises: nothing in Coda changes;
// earlier snapshots do not either; the new folder has its name only when all of it is on disk; whatever could not be had is
// named in summary.json; and the exit code says which of these it was (exitHelp), the same as in summary.json.
//
// Standard output has the path of the sealed folder and nothing else, or JSON with --json, so that a script can read it.
// Messages and progress are on standard error. A run that is stopped (Ctrl-C, an outage, a killed process) leaves a hidden
// folder with what is done, which the next run with the same settings takes up.
//
// This file has the command's words and checks which flags go together; package backup has the run.
func newSnapshot(std term.Streams) *cobra.Command {
	o := backup.Options{Settings: newSettings()}
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

Images, videos and attachments come too, each once, in each doc's files/, with files.json, which says what shows them, and the pages' HTML, in
which they are found. That is a second export of each page: 10 minutes for 1,000 pages the first time. --files=false leaves out both.

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
		RunE: func(cmd *cobra.Command, args []string) error { return runSnapshot(cmd, &o, std, args) },
	}
	// The parts that explain single flags come after what everybody reads.
	cmd.Long += "\n\n" + shortcutHelp + "\n\n" + backup.OnResultHelp + "\n\n" + exitHelp
	registerSnapshot(&o, cmd.Flags())
	completeDocs(cmd, &o.Settings)
	return cmd
}

// registerSnapshot adds the flags of the command. Its own --concurrency must come before Register, which would add it hidden.
func registerSnapshot(o *backup.Options, f *pflag.FlagSet) {
	config.PathVar(f, &o.Output, "output", "o", config.DefaultOutput, "`DIR` that holds the snapshots; made if it is missing")
	f.BoolVar(&o.Incremental, "incremental", false, "take over from the last good snapshot what has not changed, as hard links")
	f.StringVar(&o.Archive, "archive", "", "also pack the finished snapshot into one file beside its folder; `FORMAT` is zip or tar.zst")
	f.BoolVar(&o.DryRun, "dry-run", false, "list, print what a run would fetch and how long the rate limits make it, write nothing")
	f.BoolVar(&o.JSON, "json", false, "print progress and the summary as JSON, one object a line")
	f.BoolVarP(&o.Quiet, "quiet", "q", false, "say nothing but errors and the new folder; with --json print the summary alone")
	f.BoolVar(&o.AcceptShrink, "accept-shrink", false, "accept a workspace that is empty, or has shrunk by half")
	f.StringArrayVar(&o.AcceptGaps, "accept-gap", nil,
		"the page, table or doc with this `ID` may be missing: summary.json still names it, and it makes no exit code 3 (may be given more than once)")
	f.BoolVar(&o.AllowOtherSelection, "allow-other-selection", false, "let one folder hold snapshots of several accounts or selections")
	registerShortcuts(o, f)
	f.StringVar(&o.OnResult, "on-result", "", "run `COMMAND` in a shell at the end, after a success and after a failure (what it is given: see above)")
	o.RegisterConcurrency(f)
	o.Register(f, "offline") // without requests there is nothing to copy; a mount sends its own requests
	config.FilesByDefault(f)
}

// runSnapshot checks what goes together, and makes the snapshot: of the mount that args name, or of the workspace. What it
// refuses is a usage error, for which --on-result does not run: whoever typed it reads the message.
func runSnapshot(cmd *cobra.Command, o *backup.Options, std term.Streams, args []string) error {
	signal.Ignore(syscall.SIGPIPE) // the reader of the output may leave; the backup goes on
	if f := folder.ArchiveFormat(o.Archive); f != "" && f != folder.Zip && f != folder.TarZstd {
		return exit.Usagef("--archive %q: want zip or tar.zst", o.Archive)
	}
	if o.Output == "" {
		return config.ErrNoOutput
	}
	if err := checkShortcuts(cmd.Flags(), o.Incremental, len(args) == 1); err != nil {
		return err
	}
	if o.Offline && len(args) == 0 {
		return exit.Usagef("--offline: a snapshot lists the workspace afresh; only one of a MOUNTPOINT asks nothing of Coda")
	}
	// Before anything is opened: a file or connection that cannot be opened later would be a failure of its object.
	o.WithinOpenFiles(std)
	if len(args) == 1 {
		if err := noSelection(cmd.Flags()); err != nil {
			return err
		}
		return o.TellResult(cmd.Context(), std, backup.OfMount(cmd.Context(), o, std, args[0]))
	}
	return o.TellResult(cmd.Context(), std, backup.OfWorkspace(cmd.Context(), o, std))
}

// exitHelp has the exit codes of this command alone, with what they mean for a backup. 'help exit-codes' has all of them.
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

// noSelection refuses the flags that choose what is in the tree: the mount has its own. Only the command line counts; the
// configuration file has them for other commands.
func noSelection(flags *pflag.FlagSet) error {
	for name := range (&config.Settings{}).Recorded() {
		if f := flags.Lookup(name); f != nil && f.Changed {
			return exit.Usagef("--%s does not go with a MOUNTPOINT: what was chosen when it was mounted holds", name)
		}
	}
	return nil
}

// registerShortcuts adds the flags that make an incremental snapshot send fewer requests.
func registerShortcuts(s *backup.Options, f *pflag.FlagSet) {
	f.BoolVar(&s.TrustDocs, "trust-doc-timestamps", false,
		"with --incremental: skip docs that have the same time of change as in the last snapshot (it may miss something: see above)")
	f.BoolVar(&s.RowDeltas, "row-deltas", false, "with --incremental: fetch only the changed rows of large tables")
	// Var has no parameter for a default.
	s.FullEvery = config.Period(7 * term.Day)
	f.Var(&s.FullEvery, "full-every", "with --incremental: fetch pages and calculated tables anew at least every `TIME` (7d, 36h), though nothing says that they changed; 0 is never")
}

// checkShortcuts refuses a flag on the command line that would have no effect. A configuration file may have these settings for
// all runs.
func checkShortcuts(flags *pflag.FlagSet, incremental, mount bool) error {
	for _, name := range []string{"trust-doc-timestamps", "row-deltas"} {
		switch {
		case !flags.Lookup(name).Changed:
		case mount:
			return exit.Usagef("--%s does not go with a MOUNTPOINT: the mount lists and fetches as it does", name)
		case !incremental:
			return exit.Usagef("--%s needs --incremental", name)
		}
	}
	if flags.Lookup("full-every").Changed && !incremental && !mount {
		return exit.Usagef("--full-every needs --incremental")
	}
	return nil
}

// shortcutHelp is the contract of what an incremental run may miss: a user who reads it decides on --full-every and the two
// shortcuts. Package snapshot (snapshot/computed.go) and fs/source/codadocs (row deltas) must keep to it.
const shortcutHelp = `Coda's times of change move with edits. What it computes changes without one, and an incremental run can
only fetch it anew. It always does so for named formulas, for tables and views with Today(), Now(), User() or a random number in
a column or filter, and for the pages that show them. All other pages, whose text may hold formulas, and all
other calculated tables (columns with a formula, buttons, relations, people, filters) are fetched at least every --full-every, spread over
the days: with 7d about a seventh a night. A change of what they compute from elsewhere (a volatile column of
another table, another doc) may be missed until then. What was kept so is marked as computed in manifest.json and counted in summary.json
(computed_kept). Of a MOUNTPOINT the same holds.

--trust-doc-timestamps compares one thing of each doc: its time of change. If it is the same as in the last good snapshot, the
whole doc is taken over from there, and its pages and tables are not asked for: of an unchanged workspace, only the list of docs is
read. As far as is known, every edit of a page, table or row moves that time. These changes may not move it, and are then
missed until somebody edits the doc: permissions, and values that Coda computes (from the date, the user, other docs; formulas in
pages), also those that --full-every would have fetched. Not skipped are docs that were edited in the ten minutes before the
last snapshot, docs that had gaps in it, and, after an update of codafs, all docs.

--row-deltas asks Coda for the rows of a table that changed since it was last read, instead of all of
them, and puts them in place. It is for tables of over 500 rows, which need more than one request, from the
second change on, and keeps their rows once more in the cache. Deleted rows are never among the
changed ones, so the result must have as many rows as Coda counts, in an order without gaps. Where it
has not, where a table was renamed or its columns changed, and every tenth time, the table is read
whole. So is one with computed columns, relations, people or anything else that may change in rows
that nobody edits; views too. The result is then what a whole read gives, but for changes that Coda does not report:
  - rows dragged to another place, if Coda does not count them as changed (their _row_index);
  - as many rows brought back by undo as others were deleted, if it does not count those;
  - names of people and rows mentioned in text, and dates after a change of the doc's time zone.
Such rows are right again when they are edited, or when the table is read whole.`
