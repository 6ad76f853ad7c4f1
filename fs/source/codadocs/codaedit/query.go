package codaedit

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/fs/edit"
	"github.com/codafs/codafs/fs/source/codadocs/codatext"
)

// Query is a condition on rows: a column has a value.
type Query struct {
	column coda.Column
	kind   edit.Kind
	at     int // the column's place among a row's cells
	value  string
}

// ParseQuery reads COLUMN:VALUE. The column is named by its header or its id; both may hold colons, and the longest one
// that fits is meant.
func ParseQuery(columns []coda.Column, text string) (Query, error) {
	headers, own := codatext.Headers(columns), len(codatext.OwnColumns)
	best, length := -1, -1
	for i, c := range columns {
		for _, name := range []string{headers[own+i], c.ID} {
			if strings.HasPrefix(text, name+":") && len(name) > length {
				best, length = i, len(name)
			}
		}
	}
	if best < 0 {
		name, _, _ := strings.Cut(text, ":")
		return Query{}, fmt.Errorf("%q: the table has no column %q: want COLUMN:VALUE, with a column of %s", text, name, strings.Join(headers[own:], ", "))
	}
	return Query{columns[best], kindOf(columns[best]), own + best, text[length+1:]}, nil
}

// Service is the query as Coda's API takes it: exactly this value, as JSON (Coda API 1.5.0, listRows).
func (q Query) Service() string {
	value, err := json.RawMessage(nil), error(nil)
	if q.kind == edit.Number || q.kind == edit.Checkbox {
		value, err = edit.Column{Kind: q.kind}.Value(q.value)
	}
	if value == nil || err != nil {
		value, _ = json.Marshal(q.value) // text never fails
	}
	return q.column.ID + ":" + string(value)
}

// Matches reports whether a row has the value, however that is written. cells are as [codatext.Cells] gives them.
func (q Query) Matches(cells []string) bool { return q.kind.Equal(cells[q.at], q.value) }
