package fs

import (
	"context"
	"regexp"

	"github.com/codafs/codafs/coda"
)

// Computed says what of a file's bytes the service computes. Such values change without a stamp, so that an equal
// version may have other bytes. The later value in the alphabet is the stronger one.
type Computed string

const (
	// ComputedNot is for files whose every change moves a stamp.
	ComputedNot Computed = ""
	// ComputedCalculated is for what may change with something elsewhere: formulas, names of other objects, and all
	// text of pages, where formulas stand among the words and nothing tells of them.
	ComputedCalculated Computed = "calculated"
	// ComputedVolatile is for what is known to change with the time or the user.
	ComputedVolatile Computed = "volatile"
)

// volatileCall finds the functions whose value changes by itself.
var volatileCall = regexp.MustCompile(`(?i)\b(today|now|user|rand\w*)\s*\(`)

// computedBy is what columns make of the cells in them. A default is computed once, when its row is made, and the
// action of a button when that is pushed.
func computedBy(columns []coda.Column) (most Computed) {
	for _, c := range columns {
		switch {
		case volatileCall.MatchString(c.Formula), c.Format.Type == "button" && volatileCall.MatchString(c.Format.Label):
			return ComputedVolatile
		case notPlain(c):
			most = ComputedCalculated
		}
	}
	return most
}

// filtered is what a table's filter makes of the rows that are shown. Its formula is not told, only what is in it.
func filtered(t coda.Table) Computed {
	switch f := t.Filter; {
	case f == nil:
		return ComputedNot
	case f.IsVolatile, f.HasTodayFormula, f.HasNowFormula, f.HasUserFormula:
		return ComputedVolatile
	}
	return ComputedCalculated
}

// addComputed takes into v what is computed in a table or view: in its columns, which v has, in its filter, and in the
// columns of its base table, which a view may filter and sort by without showing them.
func (l *listing) addComputed(ctx context.Context, v *versionHash, id string) error {
	info, err := l.tableInfo(ctx, id)
	if err != nil {
		return err
	}
	v.computes(filtered(info.table))
	base := info.table.ParentTable
	if base == nil || base.ID == id || !validID(base.ID) || v.computed == ComputedVolatile {
		return nil
	}
	columns, err := l.columnList(ctx, base.ID)
	if fatal(ctx, err) {
		return err
	}
	if err == nil {
		v.computes(columns.computed)
	}
	return nil // that they cannot be had is a failure of the base table
}
