package doctor

import (
	"context"
	"io"
	"time"

	"github.com/codafs/codafs/cmd/codafs/internal/config"
	"github.com/codafs/codafs/cmd/codafs/internal/term"
)

// Options has the settings of the checks. It is for one [Options.Examine]. Its Settings must be complete, see [config.Load].
type Options struct {
	config.Settings
	ConfigFile string // which may be missing
	// Output is the folder of snapshots, "" for none; OutputByDefault says that nobody named it.
	Output          string
	OutputByDefault bool
	// AllowOther asks for one more check: whether this user may let others into a mount.
	AllowOther bool
}

// finding is one line of the output of 'codafs doctor'. Check is the name of the check; one check may have several lines, or
// none if there is nothing to look at. Text is what was found, Do what the user should do, "" if nothing or if Text says it.
// Both hold no secret: neither a token nor a download link.
type finding struct {
	Check string `json:"check"`
	State string `json:"state"` // ok, warning or problem
	Text  string `json:"text"`
	Do    string `json:"do,omitempty"`
}

// The states of a finding. A warning is what will not stop the user, a problem what will.
const (
	isOK      = "ok"
	isWarning = "warning"
	isProblem = "problem"
)

// Examination is the output of 'codafs doctor'; its JSON form is promised. Problems and Warnings count the lines of Checks.
type Examination struct {
	Tool     string    `json:"tool"`
	Problems int       `json:"problems"`
	Warnings int       `json:"warnings"`
	Checks   []finding `json:"checks"`
}

// doctorTime limits how long the service may take to answer all that is asked of it: enough for the export of one page (Coda
// was seen to take 2 to 6 s), and as long as a person waits.
const doctorTime = 20 * time.Second

// Examine makes all checks, in the order in which they are shown: what else depends on comes first. A failed check is a
// finding; the error is a usage error, and then nothing is to be shown. Requests are made with the settings that a mount or a
// snapshot would use, but without its cache.
func (d *Options) Examine(ctx context.Context) (Examination, error) {
	out := Examination{Tool: d.Tool, Checks: []finding{checkConfig(d.ConfigFile)}}
	service, err := d.checkService(ctx)
	if err != nil {
		return out, err
	}
	out.Checks = append(out.Checks, service...)
	// What follows needs no service, and is checked also if that does not answer.
	out.Checks = append(out.Checks, d.checkFUSE(), d.checkCache())
	switch {
	case d.Output == "":
	case d.OutputByDefault && isMissing(d.Output):
		out.Checks = append(out.Checks, noOutput(ctx, d.Output)...)
	default:
		out.Checks = append(out.Checks, checkOutput(ctx, d.Output)...)
	}
	out.Checks = append(out.Checks, checkMounts(ctx)...)
	for _, c := range out.Checks {
		switch c.State {
		case isProblem:
			out.Problems++
		case isWarning:
			out.Warnings++
		}
	}
	return out, nil
}

// Print writes the lines for people: state, check and text in columns, and what to do on a line of its own below.
func (e Examination) Print(w io.Writer) error {
	var t term.Table
	colors := map[string]term.Color{isOK: term.Green, isWarning: term.Yellow, isProblem: term.Red}
	for _, c := range e.Checks {
		t = append(t, []term.Cell{term.Colored(c.State, colors[c.State]), term.Colored(c.Check, term.NoColor), term.Colored(c.Text, term.NoColor)})
		if c.Do != "" {
			t.Add("", "", "-> "+c.Do)
		}
	}
	return t.Print(w)
}
