package main

import (
	"context"
	"io"
	"time"

	"github.com/codafs/codafs/cmd/codafs/internal/config"
	"github.com/codafs/codafs/cmd/codafs/internal/exit"
	"github.com/codafs/codafs/cmd/codafs/internal/term"
	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/rate"
	"github.com/codafs/codafs/fs"
	"github.com/spf13/pflag"
)

// shortcuts are the flags that make an incremental snapshot send fewer requests.
type shortcuts struct {
	trustDocs bool
	rowDeltas bool
	fullEvery config.Period
}

func (s *shortcuts) registerShortcuts(f *pflag.FlagSet) {
	f.BoolVar(&s.trustDocs, "trust-doc-timestamps", false,
		"with --incremental: skip docs that have the same time of change as in the last snapshot (it may miss something: see above)")
	f.BoolVar(&s.rowDeltas, "row-deltas", false, "with --incremental: fetch only the changed rows of large tables")
	s.fullEvery = config.Period(7 * term.Day)
	f.Var(&s.fullEvery, "full-every", "with --incremental: fetch pages and calculated tables anew at least every `TIME` (7d, 36h), though nothing says that they changed; 0 is never")
}

// check refuses a flag on the command line that would have no effect. A configuration file may have these settings for
// all runs.
func (s *shortcuts) check(flags *pflag.FlagSet, incremental, mount bool) error {
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

// deltasOver is how many rows a table must have for row deltas; 0 means no row deltas.
func (s *shortcuts) deltasOver(incremental bool) int64 {
	if incremental && s.rowDeltas {
		return coda.RowsPerRequest
	}
	return 0
}

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

// Warnings implements [snapshot.Warner].
func (t treeOrigin) Warnings(context.Context) ([]fs.Failure, error) { return t.tree.Warnings(), nil }

// IndexChanged implements [snapshot.ChangeIndexer].
func (t treeOrigin) IndexChanged(ctx context.Context, held fs.Held) ([]fs.Entry, error) {
	return t.tree.IndexChanged(rate.Background(ctx), held)
}

// OpenAnew implements [snapshot.Renewer].
func (t treeOrigin) OpenAnew(ctx context.Context, path string, since time.Time) (io.ReadCloser, error) {
	return t.tree.OpenSince(rate.Background(ctx), path, since)
}
