package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/codafs/codafs/coda"
	codafs "github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/snapshot"
)

// shownFailures is how many of them are printed; all are in summary.json.
const shownFailures = 20

// ended tells how a run ended, whether it came to work or not, and gives the error to end the
// program with.
func (o *snapshotOptions) ended(std streams, p *progress, s snapshot.Summary, err error) error {
	p.end()
	for _, line := range s.Warnings {
		fmt.Fprintln(std.err, "codafs: warning: "+printable(line))
	}
	for i, f := range s.Failures {
		if i == shownFailures {
			fmt.Fprintf(std.err, "codafs: missing: and %d more, see summary.json\n", len(s.Failures)-i)
			break
		}
		fmt.Fprintf(std.err, "codafs: missing: %s: %s\n", printable(cmp.Or(f.Path, f.ObjectID)), printable(f.Message))
	}
	if err != nil {
		s.ExitCode, s.Error = exitCode(err), strings.Join(strings.Fields(err.Error()), " ")
	}
	o.summary = s
	if printErr := o.print(std, s); printErr != nil {
		fmt.Fprintf(std.err, "codafs: warning: %v\n", printErr)
	}
	if err == nil && !o.quiet {
		unchanged := ""
		if s.SkippedUnchanged > 0 {
			unchanged = fmt.Sprintf(" (%d unchanged)", s.SkippedUnchanged)
		}
		result, end := string(s.Result), ""
		if s.PagesLineByLine > 0 {
			result += ", but " + lineByLine(s.PagesLineByLine)
		}
		if s.Demo {
			end = "; " + demoNote
		}
		fmt.Fprintf(std.err, "codafs: %s: %d docs, %d pages, %d tables, %d views; %d files%s, %d bytes; %d requests%s\n",
			result, s.DocsProcessed, s.PagesExported, s.TablesExported, s.ViewsExported, s.Files, unchanged, s.Bytes, s.Requests, end)
	}
	if s.ExitCode == 0 {
		return nil
	}
	return exitError{s.ExitCode, err}
}

// lineByLine says what is missing from the text of so many pages.
func lineByLine(pages int) string {
	return fmt.Sprintf("page text is line by line (%s are missing from %d pages)", codafs.NotInLines, pages)
}

// print writes what programs read: the summary, or the path of what was sealed, which is good
// whatever failed later.
func (o *snapshotOptions) print(std streams, s snapshot.Summary) (err error) {
	if o.json {
		return json.NewEncoder(std.out).Encode(s)
	}
	if s.Result != snapshot.Failed {
		_, err = fmt.Fprintln(std.out, filepath.Join(o.output, s.ID))
	}
	return err
}

// noAnswerError ends a run because Coda does not answer.
type noAnswerError struct{ *coda.SilenceError }

func (e noAnswerError) Unwrap() error { return e.SilenceError }

// ExitCode is [snapshot.ExitNoAnswer]: summary.json has it too.
func (e noAnswerError) ExitCode() int { return snapshot.ExitNoAnswer }
