package main

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/codafs/codafs/cmd/codafs/internal/term"
)

// period is a duration flag that also takes days.
type period time.Duration

// Set implements [pflag.Value].
func (p *period) Set(s string) error {
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
	*p = period(d)
	return nil
}

// String implements [pflag.Value].
func (p *period) String() string {
	d := time.Duration(*p)
	if d > 0 && d%term.Day == 0 {
		return strconv.Itoa(int(d/term.Day)) + "d"
	}
	return d.String()
}

// Type implements [pflag.Value].
func (*period) Type() string { return "duration" }
