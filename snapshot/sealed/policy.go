package sealed

import (
	"fmt"
	"time"
)

// Policy says how many snapshots [Prune] keeps: the Last newest, and the newest of each of
// the newest Daily days, Weekly ISO weeks and so on in which there is one, in UTC. It counts
// good ones only: those that are suspect, or whose records cannot be read, stay beside it.
type Policy struct{ Last, Daily, Weekly, Monthly, Yearly int }

// rule is one part of a policy: how many periods, and in which of them a time falls. Two snapshots with the same word for their
// period are of one period; the word is never shown.
type rule struct {
	name   string
	keep   int
	period func(id string, at time.Time) string
}

// rules are the parts of p, those that keep nothing included. Periods are of the run's start, in UTC: a snapshot stays in its
// day wherever prune is called.
func (p Policy) rules() []rule {
	in := func(layout string) func(string, time.Time) string {
		return func(_ string, at time.Time) string { return at.Format(layout) }
	}
	// ISO weeks have a year of their own: the last days of December may be in week 1 of the next.
	week := func(_ string, at time.Time) string {
		year, week := at.ISOWeek()
		return fmt.Sprint(year, week)
	}
	itself := func(id string, _ time.Time) string { return id }
	return []rule{
		{"last", p.Last, itself}, {"daily", p.Daily, in(time.DateOnly)}, {"weekly", p.Weekly, week},
		{"monthly", p.Monthly, in("2006-01")}, {"yearly", p.Yearly, in("2006")},
	}
}

// check refuses a policy that keeps nothing: it is a mistake. A single rule above 0 is enough; those at 0 keep nothing.
func (p Policy) check() error {
	some := false
	for _, r := range p.rules() {
		if r.keep < 0 {
			return fmt.Errorf("%w: %s is %d", ErrPolicy, r.name, r.keep)
		}
		some = some || r.keep > 0
	}
	if !some {
		return fmt.Errorf("%w: it keeps nothing", ErrPolicy)
	}
	return nil
}
