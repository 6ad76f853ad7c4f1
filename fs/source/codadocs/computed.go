package codadocs

import (
	"context"
	"regexp"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/remote"
)

// volatileCall matches calls of the functions whose value changes by itself.
var volatileCall = regexp.MustCompile(`(?i)\b(today|now|user|rand\w*)\s*\(`)

// computedBy returns how much of the cells their columns compute. A default does not count: it is computed once, when
// the row is made. Nor does a button's action, which runs when somebody pushes the button.
func computedBy(columns []coda.Column) (most fs.Computed) {
	for _, c := range columns {
		switch {
		case volatileCall.MatchString(c.Formula), c.Format.Type == "button" && volatileCall.MatchString(c.Format.Label):
			return fs.ComputedVolatile
		case notPlain(c):
			most = fs.ComputedCalculated
		}
	}
	return most
}

// filtered returns how much a table's filter computes. The API does not give the filter's formula, only some facts
// about it.
func filtered(t coda.Table) fs.Computed {
	switch f := t.Filter; {
	case f == nil:
		return fs.ComputedNot
	case f.IsVolatile, f.HasTodayFormula, f.HasNowFormula, f.HasUserFormula:
		return fs.ComputedVolatile
	}
	return fs.ComputedCalculated
}

// addComputed adds to v how much of a table or view is computed: by its filter, and by the columns of its base table,
// by which a view may filter and sort without showing them. The columns of id itself are already in v.
func (s *docs) addComputed(ctx context.Context, l *remote.Lists, v *fs.VersionHash, id string) error {
	info, err := s.tableInfo(ctx, l, id)
	if err != nil {
		return err
	}
	v.Computes(filtered(info.table))
	base := info.table.ParentTable
	if base == nil || base.ID == id || !fs.ValidID(base.ID) || v.Computed() == fs.ComputedVolatile {
		return nil
	}
	columns, err := s.columnList(ctx, l, base.ID)
	if s.t.Fatal(ctx, err) {
		return err
	}
	if err == nil {
		v.Computes(columns.computed)
	}
	return nil // the base table reports this failure itself
}
