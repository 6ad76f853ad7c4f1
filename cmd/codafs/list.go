package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/codafs/codafs/cmd/codafs/internal/backup"
	"github.com/codafs/codafs/cmd/codafs/internal/config"
	"github.com/codafs/codafs/cmd/codafs/internal/term"
	"github.com/codafs/codafs/snapshot/folder"
	"github.com/codafs/codafs/snapshot/format"
	"github.com/codafs/codafs/snapshot/sealed"
	"github.com/spf13/cobra"
)

// newList makes 'codafs list': the backups in a folder, oldest first, on standard output. It is for a person who wants to know
// whether last night's is there and good, and where the disk went. It reads the summary.json of each snapshot, and stats all
// of their files for the column ON DISK; nothing is hashed (that is 'verify') and nothing written. Folders beside the
// snapshots are passed over, and a snapshot that cannot be read is a line, not an error. The JSON of --json is promised.
func newList(std term.Streams) *cobra.Command {
	var o config.OutputFolder
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list [DIR]",
		Short: "List the backups in a folder",
		Long: `List the snapshots in DIR, an output folder, else in --output, oldest first. The one that latest.txt names has a *. SIZE is that of all
its files, ON DISK what the disk has less since it is there: files that it shares with an earlier one (--incremental) count for
that. Names are times in UTC.

Exit codes: 0, also where there is none yet; 10 there is no such folder.`,
		Example: `  codafs list ~/coda-backups`,
		Args:    between(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir, err := o.Dir(cmd.Flags(), args)
			if err != nil {
				return err
			}
			return runList(cmd.Context(), std, dir, asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON, with the whole summary of each")
	o.Register(cmd.Flags())
	return cmd
}

// runList lists the snapshots in a folder, whether good or not. An empty folder is no error (exit code 0, a line on standard
// error): a first run may still be under way. A folder that is not there is one (10).
func runList(ctx context.Context, std term.Streams, dir string, asJSON bool) error {
	all, err := sealed.List(dir)
	if err != nil {
		return err
	}
	if asJSON {
		return term.PrintJSON(std.Out, newListing(dir, all))
	}
	b := backup.Output{All: all}
	if len(b.All) == 0 {
		fmt.Fprintf(std.Err, "codafs: there is no snapshot in %s%s\n", term.Printable(dir), itself(dir))
		return nil
	}
	space, err := folder.Space(ctx, dir, b.IDs())
	if err != nil {
		return err
	}
	return tableOf(b, space, time.Now()).Print(std.Out)
}

// itself is a part of a message for a folder that is itself a snapshot, "" if it is none. People name the snapshot where the
// folder of all is meant.
func itself(dir string) string {
	if _, err := os.Stat(filepath.Join(dir, "manifest.json")); err != nil {
		return ""
	}
	return ": it is one itself; name the folder that it is in"
}

// tableOf is the output for people. space is as folder.Space returns it; nil is a system on which it is not known. A snapshot
// that cannot be read has its name and the reason alone; the star is before the one that latest.txt names.
//
//	  2026-03-06T021500Z  32 h  incomplete  3  120  14  6  1  1.2 MiB  1.2 MiB  the first
//	* 2026-03-07T021500Z  8 h   complete    3  120  14  6  0  1.2 MiB  24 KiB   2 pages changed
func tableOf(b backup.Output, space map[string]int64, now time.Time) term.Table {
	var t term.Table
	t.Add("  SNAPSHOT (UTC)", "AGE", "RESULT", "DOCS", "PAGES", "TABLES", "VIEWS", "MISSING", "SIZE", "ON DISK", "SINCE THE LAST")
	for i := range t[0] {
		t[0][i].Color = term.Bold
	}
	for _, l := range b.All {
		mark := "  "
		if l.Latest {
			mark = "* "
		}
		// Two cells: the reason may be as long as it likes, and the last cell of a row does not widen its column.
		if l.Err != nil {
			t = append(t, []term.Cell{term.Colored(mark+l.ID, term.NoColor), term.Colored("unreadable: "+l.Err.Error(), term.Red)})
			continue
		}
		s := l.Summary
		row := []term.Cell{term.Colored(mark+l.ID, term.NoColor), term.Colored(term.FormatAge(now.Sub(s.FinishedAt)), term.NoColor), term.Colored(string(s.Result), backup.ColorOf(s.Result))}
		for _, text := range append(totals(s), strconv.Itoa(s.Missing()), term.FormatSize(s.Bytes), onDisk(space, l.ID), news(s)) {
			row = append(row, term.Colored(text, term.NoColor))
		}
		if s.Missing() > 0 {
			row[missingColumn].Color = term.Yellow
		}
		t = append(t, row)
	}
	return t
}

// missingColumn is the index of the column MISSING, whose count is colored if it is not 0.
const missingColumn = 7

// totals counts what is in a snapshot. Snapshots of earlier releases lack some counts: then there is a dash, never a 0.
func totals(s format.Summary) []string {
	c := s.Contents
	if c == nil {
		return []string{strconv.Itoa(s.DocsProcessed), "-", "-", "-"}
	}
	return []string{strconv.Itoa(c.Docs.Total), strconv.Itoa(c.Pages.Total), strconv.Itoa(c.Tables.Total), strconv.Itoa(c.Views.Total)}
}

// onDisk is what the disk has less because of a snapshot. It is not SIZE: hard links to an earlier snapshot's files take none.
func onDisk(space map[string]int64, id string) string {
	if space == nil {
		return "-"
	}
	return term.FormatSize(space[id])
}

// news says what differs from the previous snapshot, and what else the user should know. It is the last column, for it
// may be long.
func news(s format.Summary) string {
	var parts []string
	switch {
	case s.Contents == nil:
	case s.Since == "":
		parts = append(parts, "the first")
	default:
		parts = append(parts, backup.WhatDiffers(*s.Contents))
	}
	if n := len(s.Failures) - s.Missing(); n > 0 {
		parts = append(parts, fmt.Sprintf("%d missing as accepted", n))
	}
	if s.PagesLineByLine > 0 {
		parts = append(parts, backup.LineByLine(s.PagesLineByLine))
	}
	if s.Demo {
		parts = append(parts, config.DemoNote)
	}
	return strings.Join(parts, "; ")
}

// listing is the output of 'codafs list --json'; its form is promised.
type listing struct {
	Folder    string           `json:"folder"`    // as it was named, or the setting
	Snapshots []listedSnapshot `json:"snapshots"` // oldest first
}

// listedSnapshot is a snapshot in the output. Exactly one of Summary and Error is there.
type listedSnapshot struct {
	ID   string `json:"id"`
	Path string `json:"path"`
	// Latest says that latest.txt names this snapshot: the newest good one. At most one has it.
	Latest bool `json:"latest"`
	// Summary is its summary.json as it was sealed; fields of later releases are not in it. It is absent if it cannot be read:
	// then Error says why.
	Summary *format.Summary `json:"summary,omitempty"`
	Error   string          `json:"error,omitempty"`
}

// newListing returns the listing of a folder; without snapshots the list is [], not null.
func newListing(folder string, all []sealed.Listed) listing {
	l := listing{folder, []listedSnapshot{}}
	for _, s := range all {
		one := listedSnapshot{ID: s.ID, Path: filepath.Join(folder, s.ID), Latest: s.Latest}
		if s.Err != nil {
			one.Error = s.Err.Error()
		} else {
			one.Summary = &s.Summary
		}
		l.Snapshots = append(l.Snapshots, one)
	}
	return l
}
