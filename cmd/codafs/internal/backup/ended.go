package backup

import (
	"cmp"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/codafs/codafs/cmd/codafs/internal/exit"
	"github.com/codafs/codafs/cmd/codafs/internal/progress"
	"github.com/codafs/codafs/cmd/codafs/internal/term"
	"github.com/codafs/codafs/coda/rest"
	"github.com/codafs/codafs/fs/source/codadocs"
	"github.com/codafs/codafs/snapshot/format"
)

// shownFailures is how many failures are printed: a screenful. All are in summary.json.
const shownFailures = 20

// ended reports how a run ended, also one that failed before it began, and returns the error to end the program with. Its exit
// code is in the summary too; its text is what run in package main prints, so it is not printed here.
//
// The order matters to a person who reads on: what was odd, what is missing, then what there is now. JSON that cannot be
// written makes an otherwise good run fail, since a program that asked for it has nothing else. A path that cannot be printed
// does not: the snapshot is good, and is found by latest.txt.
func (o *Options) ended(std term.Streams, p *progress.Run, s format.Summary, err error) error {
	p.End()
	colors := term.HasColors(std.Err)
	warning, missing := term.Paint("warning", term.Yellow, colors), term.Paint("missing", term.Red, colors)
	for _, line := range s.Warnings {
		// It was printed as a note when it was found, which may be an hour ago; its user has read it.
		if o.notices.Has(line) {
			continue
		}
		fmt.Fprintf(std.Err, "codafs: %s: %s\n", warning, term.Printable(line))
	}
	shown := 0
	for _, f := range s.Failures {
		if f.Accepted {
			continue
		}
		if shown++; shown > shownFailures {
			fmt.Fprintf(std.Err, "codafs: %s: and %d more, see summary.json\n", missing, s.Missing()-shownFailures)
			break
		}
		fmt.Fprintf(std.Err, "codafs: %s: %s: %s\n", missing, term.Printable(cmp.Or(f.Path, f.ObjectID)), term.Printable(f.Message))
	}
	if err != nil {
		// Nothing was sealed, or something failed after that (the archive): one line, as in summary.json.
		s.ExitCode, s.Error = exit.Code(err), strings.Join(strings.Fields(err.Error()), " ")
	}
	o.summary = s
	unprinted := o.print(std, s)
	if unprinted != nil {
		fmt.Fprintf(std.Err, "codafs: warning: what the run came to could not be printed: %v\n", unprinted)
	}
	if !o.Quiet {
		for _, line := range o.report(s, err) {
			if rest, ok := strings.CutPrefix(line, string(s.Result)); ok {
				line = term.Paint(string(s.Result), ColorOf(s.Result), colors) + rest
			}
			fmt.Fprintln(std.Err, "codafs: "+line)
		}
	}
	if s.ExitCode == 0 && o.JSON && unprinted != nil {
		return exit.Error{Code: exit.Failed} // the reader of the output has left; the snapshot is good
	}
	if s.ExitCode == 0 {
		return nil
	}
	return exit.Error{Code: s.ExitCode, Err: err}
}

// LineByLine says what is missing from the text of pages that were read line by line.
func LineByLine(pages int) string {
	return fmt.Sprintf("page text is line by line (%s are missing from %d pages)", codadocs.NotInLines, pages)
}

// print writes the data on stdout: the summary, or the path of the sealed snapshot, which is good whatever failed
// later. A run that sealed nothing prints no path, so that a script that takes the output for one gets none.
func (o *Options) print(std term.Streams, s format.Summary) (err error) {
	if o.JSON {
		return json.NewEncoder(std.Out).Encode(s)
	}
	if s.Result != format.Failed {
		_, err = fmt.Fprintln(std.Out, filepath.Join(o.Output, s.ID))
	}
	return err
}

// noAnswerError ends a run because Coda does not answer. It gives the client's error an exit code: whether silence is the end
// of a run is decided here, not by the client.
type noAnswerError struct{ *rest.SilenceError }

func (e noAnswerError) Unwrap() error { return e.SilenceError }

// ExitCode is [format.ExitNoAnswer], the same as in summary.json.
func (e noAnswerError) ExitCode() int { return format.ExitNoAnswer }

// ColorOf is the color of a result on a terminal. All but complete and incomplete are red, also words of a later release.
func ColorOf(r format.Result) term.Color {
	switch r {
	case format.Complete:
		return term.Green
	case format.Incomplete:
		return term.Yellow
	}
	return term.Red
}
