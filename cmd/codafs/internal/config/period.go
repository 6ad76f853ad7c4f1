package config

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/codafs/codafs/cmd/codafs/internal/term"
)

// Period is a duration flag that also takes days: 7d, 1.5d. It is never negative; 0 means never to its users. The limit of
// 10,000 days keeps it within a time.Duration, which ends at 292 years.
type Period time.Duration

// Set implements [pflag.Value].
func (p *Period) Set(s string) error {
	d, err := time.ParseDuration(s)
	if days, ok := strings.CutSuffix(s, "d"); ok {
		var n float64
		n, err = strconv.ParseFloat(days, 64)
		if d = time.Duration(n * float64(term.Day)); n > 10_000 {
			err = strconv.ErrRange
		}
	}
	if err != nil || d < 0 {
		return errors.New("want a time such as 7d or 36h, or 0")
	}
	*p = Period(d)
	return nil
}

// String implements [pflag.Value]. Whole days are written as such, so that help shows the default as a user would write it.
func (p *Period) String() string {
	d := time.Duration(*p)
	if d > 0 && d%term.Day == 0 {
		return strconv.Itoa(int(d/term.Day)) + "d"
	}
	return d.String()
}

// Type implements [pflag.Value].
func (*Period) Type() string { return "duration" }
