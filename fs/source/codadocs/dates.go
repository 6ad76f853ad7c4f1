package codadocs

import (
	"slices"
	"time"

	"github.com/codafs/codafs/coda"
)

// isDate reports whether a column holds calendar dates. The service sends a date as midnight in the doc's time zone,
// and a program that reads the CSV file in another zone would take that for the day before or after.
func isDate(c coda.Column) bool { return c.Format.Type == "date" }

func hasDates(columns []coda.Column) bool { return slices.ContainsFunc(columns, isDate) }

// calendarDate returns the day of a time that is midnight in its own offset. Other text is returned as it is.
func calendarDate(text string) string {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil || at.Hour() != 0 || at.Minute() != 0 || at.Second() != 0 || at.Nanosecond() != 0 {
		return text
	}
	return at.Format(time.DateOnly)
}
