package main

import (
	"context"
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/codafs/codafs/cmd/codafs/internal/backup"
	"github.com/codafs/codafs/cmd/codafs/internal/config"
	"github.com/codafs/codafs/cmd/codafs/internal/exit"
	"github.com/codafs/codafs/cmd/codafs/internal/term"
	"github.com/codafs/codafs/snapshot/sealed"
	"github.com/spf13/cobra"
)

// newVerify makes 'codafs verify': is each byte still what was sealed? It needs neither Coda nor a token, reads every file (one
// part of them with --subset), and writes nothing, so it may run on a read-only disk and beside other commands.
// SHA256SUMS can be checked without codafs; verify also finds files that are too many, and manifests that disagree.
// Damage is data, one line each with tabs, and exit code 5; a folder without a snapshot is 10.
func newVerify(std term.Streams) *cobra.Command {
	var o config.OutputFolder
	var subset string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "verify [DIR]",
		Short: "Check backups against their checksums",
		Long: `Compare what is in DIR, an output folder or one snapshot in it, else in --output, with what was sealed: every name,
size and hash. Damage is printed one line each; nothing is written. What file managers and network storage leave
in folders (.DS_Store, ._NAME, Thumbs.db, desktop.ini, @eaDir, .directory) is counted in a note, and is no damage.

Exit codes: 0 all is as it was sealed, 5 damage, 10 no snapshot there.`,
		Example: `  codafs verify ~/coda-backups
  codafs verify ~/coda-backups/latest`,
		Args: between(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir, err := o.Dir(cmd.Flags(), args)
			if err != nil {
				return err
			}
			return runVerify(cmd.Context(), std, dir, subset, asJSON)
		},
	}
	o.Register(cmd.Flags())
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.Flags().StringVar(&subset, "subset", "", "check one part of the files, as `N/T`: the N-th of T; a part a night checks all in T nights")
	return cmd
}

// runVerify checks and prints. Damage ends it with a code alone: the lines have said it, and a message would say it twice.
func runVerify(ctx context.Context, std term.Streams, dir, subset string, asJSON bool) error {
	n, t, err := parseSubset(subset)
	if err != nil {
		return err
	}
	r, err := sealed.VerifySubset(ctx, dir, n, t)
	if err != nil {
		return err
	}
	if asJSON {
		err = term.PrintJSON(std.Out, r)
	} else {
		err = printReport(std, r)
	}
	if err != nil {
		return err
	}
	if code := r.ExitCode(); code != 0 {
		return exit.Error{Code: code}
	}
	return nil
}

// printReport prints damage as data, all else as messages: a script that mails what is on standard output mails nothing if
// all is well. Paths are made printable, since a damaged manifest may hold anything. A line has the kind of damage (the words
// are those of sealed.Problem), the snapshot, the path in it, and what is wrong:
//
//	size	2026-03-07T101530Z	docs/Hub__AbC/doc.json	120 bytes, not 1843
func printReport(std term.Streams, r sealed.Report) error {
	for _, d := range r.Damage {
		if _, err := fmt.Fprintf(std.Out, "%s\t%s\t%s\t%s\n", d.Problem, term.Printable(d.Snapshot), term.Printable(d.Path), term.Printable(d.Detail)); err != nil {
			return err
		}
	}
	if n := len(r.Strays); n > 0 {
		first := path.Join(r.Strays[0].Snapshot, r.Strays[0].Path)
		fmt.Fprintf(std.Err, "codafs: note: a file manager or a NAS left %s among the sealed ones, where it does no harm: %s%s\n",
			term.Count(n, "file"), term.Printable(first), strings.Repeat(" …", min(n-1, 1)))
	}
	fmt.Fprintf(std.Err, "codafs: %s, %s, %s: %d damaged\n", term.Count(len(r.Checked), "snapshot"), term.Count(r.Files, "file"), term.FormatSize(r.Bytes), len(r.Damage))
	if note := plainText(r); note != "" {
		fmt.Fprintln(std.Err, "codafs: "+note)
	}
	return nil
}

// plainText says in which snapshots page text lacks something that could not be read, and how much in the newest.
func plainText(r sealed.Report) string {
	if len(r.LineByLine) == 0 {
		return ""
	}
	// Checked is in the order of the snapshots' times: the last one counts.
	newest, more := "", ""
	for _, id := range r.Checked {
		if r.LineByLine[id] > 0 {
			newest = id
		}
	}
	if n := len(r.LineByLine) - 1; n > 0 {
		more = fmt.Sprintf(" and %d before it", n)
	}
	return term.Printable(newest) + more + ": " + backup.LineByLine(r.LineByLine[newest])
}

// parseSubset parses "2/7". "" means everything. Whether 1 ≤ n ≤ t is for package sealed to say.
func parseSubset(s string) (n, t int, err error) {
	if s == "" {
		return 1, 1, nil
	}
	first, second, _ := strings.Cut(s, "/")
	n, err1 := strconv.Atoi(first)
	t, err2 := strconv.Atoi(second)
	if err1 != nil || err2 != nil {
		return 0, 0, exit.Usagef("--subset %q: want n/t, such as 2/7", s)
	}
	return n, t, nil
}
