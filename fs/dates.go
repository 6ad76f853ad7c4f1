package fs

import (
	"slices"
	"time"

	"github.com/codafs/codafs/coda"
)

// isDate tells columns of calendar dates. The service sends those as midnight in the doc's time zone, and programs that
// read a CSV file into another zone take that for the day before or after.
func isDate(c coda.Column) bool { return c.Format.Type == "date" }

func hasDates(columns []coda.Column) bool { return slices.ContainsFunc(columns, isDate) }

// calendarDate gives the day of a time that is midnight in its own offset. Any other text stays as it is.
func calendarDate(text string) string {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil || at.Hour() != 0 || at.Minute() != 0 || at.Second() != 0 || at.Nanosecond() != 0 {
		return text
	}
	return at.Format(time.DateOnly)
}
