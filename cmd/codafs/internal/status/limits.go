package status

import (
	"errors"
	"fmt"
	iofs "io/fs"
	"strconv"
	"time"

	"github.com/codafs/codafs/cmd/codafs/internal/term"
	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/rate"
)

// Limit is one rate class. Times are absent if there is nothing to wait for. Used counts the requests in the present window
// of PerSeconds plus Margin, by all processes of the token's account on this machine; Interactive and Background are
// requests that wait for a place; DoneAt is when what is planned can be done, PausedUntil the end of a pause after a 429.
type Limit struct {
	Class       rate.Class `json:"class"`
	Limit       int        `json:"limit"`
	PerSeconds  float64    `json:"per_seconds"`
	Used        int        `json:"used"`
	Interactive int        `json:"waiting_interactive"`
	Background  int        `json:"waiting_background"`
	PausedUntil time.Time  `json:"paused_until,omitzero"`
	Margin      float64    `json:"margin_seconds"` // wider for a day after each 429
	DoneAt      time.Time  `json:"done_at,omitzero"`
}

// readLimits reads from the file that all processes of the token share how much of the rate limits is used. It takes no
// part in them: to look costs no place. Before the first run it returns none. With --demo there is no file, and nothing is
// limited.
func readLimits(o coda.Options) ([]Limit, error) {
	if o.StateFile == "" {
		return []Limit{}, nil
	}
	// The file is read without its lock: a command that only looks must not wait for one that sends.
	all, err := coda.ReadLimits(o.StateFile)
	if err != nil && !errors.Is(err, iofs.ErrNotExist) {
		return nil, err
	}
	limits := []Limit{}
	for _, b := range all {
		limits = append(limits, Limit{b.Class, b.Rate.N, b.Rate.Per.Seconds(), b.Used, b.Interactive, b.Background,
			b.PausedUntil.UTC(), b.Margin.Seconds(), b.DoneAt.UTC()})
	}
	return limits, nil
}

// limitTable is the limits for people, in the order of the classes' names. Requests that wait are shown in one count: who
// waits for them makes no difference to somebody who looks. Margins are left out.
func limitTable(limits []Limit) (t term.Table) {
	t.Add("limit", "used", "waiting", "paused until", "done at")
	for _, l := range limits {
		t.Add(string(l.Class), fmt.Sprintf("%d of %d in %gs", l.Used, l.Limit, l.PerSeconds), strconv.Itoa(l.Interactive+l.Background),
			term.Clock(l.PausedUntil), term.Clock(l.DoneAt))
	}
	return t
}
