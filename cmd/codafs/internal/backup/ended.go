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

// shownFailures is how many failures are printed; all are in summary.json.
const shownFailures = 20

// ended reports how a run ended, also one that failed before it began, and returns the error to end the program with.
func (o *Options) ended(std term.Streams, p *progress.Run, s format.Summary, err error) error {
	p.End()
	colors := term.HasColors(std.Err)
	warning, missing := term.Paint("warning", term.Yellow, colors), term.Paint("missing", term.Red, colors)
	for _, line := range s.Warnings {
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
// later.
func (o *Options) print(std term.Streams, s format.Summary) (err error) {
	if o.JSON {
		return json.NewEncoder(std.Out).Encode(s)
	}
	if s.Result != format.Failed {
		_, err = fmt.Fprintln(std.Out, filepath.Join(o.Output, s.ID))
	}
	return err
}

// noAnswerError ends a run because Coda does not answer.
type noAnswerError struct{ *rest.SilenceError }

func (e noAnswerError) Unwrap() error { return e.SilenceError }

// ExitCode is [format.ExitNoAnswer], the same as in summary.json.
func (e noAnswerError) ExitCode() int { return format.ExitNoAnswer }

// ColorOf is the color of a result.
func ColorOf(r format.Result) term.Color {
	switch r {
	case format.Complete:
		return term.Green
	case format.Incomplete:
		return term.Yellow
	}
	return term.Red
}
