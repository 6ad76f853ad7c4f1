package codatext

import (
	"regexp"
	"slices"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/fs"
)

// volatileCall matches calls of the functions whose value changes by itself. A column's formula is text (Coda API 1.5.0,
// listColumns), and is not parsed: a call inside a string counts too, and costs a fetch that was not needed. What such a
// formula calls elsewhere is not seen.
var volatileCall = regexp.MustCompile(`(?i)\b(today|now|user|rand\w*)\s*\(`)

// ComputedBy returns how much of the cells their columns compute. A default does not count: it is computed once, when
// the row is made. Nor does a button's action, which runs when somebody pushes the button.
func ComputedBy(columns []coda.Column) (most fs.Computed) {
	for _, c := range columns {
		switch {
		case volatileCall.MatchString(c.Formula), c.Format.Type == "button" && volatileCall.MatchString(c.Format.Label):
			return fs.ComputedVolatile
		// Only the first case is certain to change by itself; this one may, when what it is computed from does.
		case notPlain(c):
			most = fs.ComputedCalculated
		}
	}
	return most
}

// ComputedByFilter returns how much a table's filter computes. The API does not give the filter's formula, only some facts
// about it (Coda API 1.5.0, getTable: isVolatile, hasTodayFormula …).
func ComputedByFilter(t coda.Table) fs.Computed {
	switch f := t.Filter; {
	case f == nil:
		return fs.ComputedNot
	case f.IsVolatile, f.HasTodayFormula, f.HasNowFormula, f.HasUserFormula:
		return fs.ComputedVolatile
	}
	return fs.ComputedCalculated
}

// plainTypes are the column formats whose cells change only when somebody edits the row or the column. Left out are
// formats that show the name of another object (person, lookup), that may hold addresses which differ at each read
// (image, attachments), or of which this is not known (canvas, packObject, reaction, button, and all future formats).
var plainTypes = []string{"text", "number", "percent", "currency", "date", "time", "dateTime", "duration",
	"email", "link", "slider", "scale", "checkbox"}

// AllPlain reports whether the cells of all columns change only when somebody edits the row or the column.
func AllPlain(columns []coda.Column) bool { return !slices.ContainsFunc(columns, notPlain) }

// notPlain reports whether the cells of a column may change without an edit of their row. If in doubt it is true: the table is
// then read whole, which is right and only slower.
func notPlain(c coda.Column) bool {
	if c.Calculated || c.Formula != "" {
		return true
	}
	if c.Format.Type == "select" { // without options of its own it takes them from elsewhere
		return len(c.Format.Options) == 0 || len(c.Format.Options) >= mostOptions
	}
	return !slices.Contains(plainTypes, c.Format.Type)
}

// mostOptions is the length at which the service cuts the list of a column's options (Coda API 1.5.0, listColumns).
const mostOptions = 5000
