package progress

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"github.com/codafs/codafs/cmd/codafs/internal/term"
)

// shownSilence is how long Coda must not answer before that is shown.
const shownSilence = 5 * time.Second

// silent is the text for a silence that is worth showing, else "".
func (s state) silent() string {
	if s.silence < shownSilence {
		return ""
	}
	return "no answer from Coda for " + term.FormatAge(s.silence)
}

// givesUp says how long the silence may last before the run ends by itself; "" as long as there is no silence.
func (s state) givesUp() string {
	if s.silence < shownSilence {
		return ""
	}
	return "gives up after " + term.FormatAge(SilenceLimit)
}

// outageNews reports once for each outage that Coda cannot be reached, and once that it can again. The line of a terminal
// is overwritten; these reports stay on it. One goroutine uses it.
type outageNews struct {
	since time.Time // start of the outage that was reported, else zero
}

// line is the text to print now, "" for nothing. Outages shorter than waitShownAfter are not reported.
func (o *outageNews) line(s state) string {
	now := time.Now()
	switch {
	case s.away == nil && !o.since.IsZero():
		after := now.Sub(o.since)
		o.since = time.Time{}
		return "Coda answers again, after " + term.FormatAge(after)
	case s.away != nil && o.since.IsZero() && now.Sub(s.awayAt) >= waitShownAfter:
		o.since = s.awayAt
		until := now.Add(SilenceLimit - s.silence)
		return fmt.Sprintf("Coda cannot be reached since %s: %s; waiting for it until %s at the latest",
			s.awayAt.Local().Format(time.TimeOnly), term.Printable(reason(s.away).Error()), until.Local().Format(time.TimeOnly))
	}
	return ""
}

// SilenceLimit is how long a run goes on while Coda does not answer; then it ends with the exit code 75. An error is an
// answer, and so is a 429; waiting for a rate limit is no silence. 'help exit-codes' promises the five minutes.
const SilenceLimit = 5 * time.Minute

// reason is the cause of a failed request, if it has one: a line on a terminal is short, and which of many requests failed
// first does not matter in an outage.
func reason(err error) error { return cmp.Or(errors.Unwrap(err), err) }
