package term

import (
	"fmt"
	"time"
)

// DateTimeZone formats a local time together with its zone, since names of snapshots are in UTC.
const DateTimeZone = time.DateTime + " MST"

// FormatAge formats how long ago something was, or how long it takes, in the largest fitting unit: 40 s, 12 min, 30 h,
// 3 days. A unit is used from two of it on, and rounded down, so that no text is off by more than a third. A negative time, as
// of a clock that was set back, is 0 s.
func FormatAge(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", max(0, int(d.Seconds())))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 2*Day:
		return fmt.Sprintf("%d h", int(d.Hours()))
	}
	return fmt.Sprintf("%d days", int(d/Day))
}

// Clock formats a time of day in the local zone, "-" for a zero time. It is for times that are minutes away: it has no date.
func Clock(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Local().Format(time.TimeOnly)
}

// Day is what flags and texts call one: 24 hours.
const Day = 24 * time.Hour

// FormatElapsed formats how long something took: 0.4s, 1m12s.
func FormatElapsed(d time.Duration) string {
	if d < 10*time.Second {
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}
