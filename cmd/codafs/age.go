package main

import (
	"fmt"
	"time"
)

// dateTimeZone formats a local time together with its zone, since names of snapshots are in UTC.
const dateTimeZone = time.DateTime + " MST"

// formatAge formats how long ago something was, or how long it takes, in the largest fitting unit: 40 s, 12 min, 30 h,
// 3 days.
func formatAge(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", max(0, int(d.Seconds())))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 2*day:
		return fmt.Sprintf("%d h", int(d.Hours()))
	}
	return fmt.Sprintf("%d days", int(d/day))
}
