package fs

import (
	"context"
	"regexp"

	"github.com/codafs/codafs/coda"
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
func (s *docs) addComputed(ctx context.Context, l *lists, v *versionHash, id string) error {
	info, err := s.tableInfo(ctx, l, id)
	if err != nil {
		return err
	}
	v.computes(filtered(info.table))
	base := info.table.ParentTable
	if base == nil || base.ID == id || !validID(base.ID) || v.computed == ComputedVolatile {
		return nil
	}
	columns, err := s.columnList(ctx, l, base.ID)
	if s.t.fatal(ctx, err) {
		return err
	}
	if err == nil {
		v.computes(columns.computed)
	}
	return nil // the base table reports this failure itself
}
