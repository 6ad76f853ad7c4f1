package fs

import (
	"context"
	"regexp"

	"github.com/codafs/codafs/coda"
)

// Computed says how much of a file's bytes the service computes. Computed values change without a stamp, so that two
// fetches of one version may return different bytes. The strongest value sorts last: versionHash takes the maximum.
type Computed string

const (
	// ComputedNot: every change of the bytes moves a stamp.
	ComputedNot Computed = ""
	// ComputedCalculated: values that may change when something elsewhere does: formulas, names of other objects, and
	// the text of all pages, which may contain formulas that the API does not mark.
	ComputedCalculated Computed = "calculated"
	// ComputedVolatile: values that are known to change with the time or the user.
	ComputedVolatile Computed = "volatile"
)

// volatileCall matches calls of the functions whose value changes by itself.
var volatileCall = regexp.MustCompile(`(?i)\b(today|now|user|rand\w*)\s*\(`)

// computedBy returns how much of the cells their columns compute. A default does not count: it is computed once, when
// the row is made. Nor does a button's action, which runs when somebody pushes the button.
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

// filtered returns how much a table's filter computes. The API does not give the filter's formula, only some facts
// about it.
func filtered(t coda.Table) Computed {
	switch f := t.Filter; {
	case f == nil:
		return ComputedNot
	case f.IsVolatile, f.HasTodayFormula, f.HasNowFormula, f.HasUserFormula:
		return ComputedVolatile
	}
	return ComputedCalculated
}

// addComputed adds to v how much of a table or view is computed: by its filter, and by the columns of its base table,
// by which a view may filter and sort without showing them. The columns of id itself are already in v.
func (l *docLists) addComputed(ctx context.Context, v *versionHash, id string) error {
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
	return nil // the base table reports this failure itself
}
