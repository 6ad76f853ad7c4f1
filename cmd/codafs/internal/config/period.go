package config

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/codafs/codafs/cmd/codafs/internal/term"
)

// Period is a duration flag that also takes days.
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

// String implements [pflag.Value].
func (p *Period) String() string {
	d := time.Duration(*p)
	if d > 0 && d%term.Day == 0 {
		return strconv.Itoa(int(d/term.Day)) + "d"
	}
	return d.String()
}

// Type implements [pflag.Value].
func (*Period) Type() string { return "duration" }
