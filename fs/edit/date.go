package edit

import (
	"strings"
	"time"
)

// isoTimes are the forms in which a date and a time are taken as an edit: the order of day and month is certain in them.
var isoTimes = []string{
	"2006-01-02T15:04:05.999999999Z07:00", "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02T15:04Z07:00", "2006-01-02 15:04Z07:00",
	"2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999", "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02",
}

// shownTimes are forms that spreadsheets and tools make of a date. They are only compared with what was there before: whether
// 03/04 is in March or in April nobody can tell.
var shownTimes = []string{
	"1/2/2006", "2/1/2006", "1/2/06", "2/1/06", "01/02/2006", "02/01/2006", "2.1.2006", "02.01.2006", "2.1.06", "02.01.06", "2006/1/2", "2006/01/02",
	"Jan 2, 2006", "January 2, 2006", "2 Jan 2006", "2 January 2006", "Mon, Jan 2, 2006", "2-Jan-06", "2-Jan-2006", "20060102",
}

// shownClocks follow a date in shownTimes, if anything does.
var shownClocks = []string{"", " 15:04", " 15:04:05", " 3:04 PM", " 3:04:05 PM", " 15:04:05.000"}

// clocks are the forms of a time of the day, and of a duration that is shown as one.
var clocks = []string{"15:04", "15:04:05", "15:04:05.999999999", "3:04 PM", "3:04:05 PM", "3:04:05.999 PM"}

// moment is a date or a time as it was read.
type moment struct {
	at time.Time // in UTC if zoned is false
	// zoned says that the text has an offset, so that it is an instant.
	zoned bool
	// clock says that the text has a time of the day.
	clock bool
}

// parseISO reads a date or a time in one of isoTimes.
func parseISO(text string) (moment, bool) {
	text = strings.ToUpper(text)
	for _, layout := range isoTimes {
		if at, err := time.Parse(layout, text); err == nil {
			return moment{at, strings.HasSuffix(layout, "Z07:00"), len(layout) > len("2006-01-02")}, true
		}
	}
	return moment{}, false
}

// same reports that two texts mean the same time. Where one has no offset, it is taken to be in that of the other.
func (m moment) same(other moment) bool {
	if m.zoned && other.zoned {
		return m.at.Equal(other.at)
	}
	return m.wall() == other.wall()
}

// wall is what a clock on a wall shows.
func (m moment) wall() string { return m.at.Format("2006-01-02T15:04:05.999999999") }

// shows reports that some reading of text is the same time: whoever wrote it may have meant that.
func (m moment) shows(text string) bool {
	if other, ok := parseISO(text); ok {
		return m.same(other) || !other.clock && m.at.Format(time.DateOnly) == other.wall()[:len(time.DateOnly)] && m.midnight()
	}
	for _, date := range shownTimes {
		for _, clock := range shownClocks {
			if at, err := time.Parse(date+clock, text); err == nil && m.same(moment{at: at, clock: clock != ""}) {
				return true
			}
		}
	}
	return false
}

func (m moment) midnight() bool { return m.at.Format("15:04:05.999999999") == "00:00:00" }

// parseClock reads a time of the day.
func parseClock(text string) (time.Time, bool) {
	for _, layout := range clocks {
		if at, err := time.Parse(layout, strings.ToUpper(text)); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}

// SameStamp reports whether two stamps of a row are the same moment, however they are written.
func SameStamp(a, b string) bool { return sameInstant(a, b) }

// After reports whether the time in a is later than that in b. What is no time is not later than anything, and earlier than
// all times.
func After(a, b string) bool {
	x, isTime := parseISO(a)
	y, too := parseISO(b)
	return isTime && (!too || x.at.After(y.at))
}

// sameInstant compares the texts of two stamps. What is no time is compared as text.
func sameInstant(a, b string) bool {
	if a == b {
		return true
	}
	x, isTime := parseISO(a)
	y, too := parseISO(b)
	return isTime && too && x.same(y)
}
