package write

import (
	"encoding/json"
	"strings"
)

// What is sent at once. Coda refuses a request of more than 2 MB and a row of more than 85 KB as a whole, and does not say which
// row it was (observed). The rest is room for what is not known of how it counts.
const (
	MaxRows  = 200
	MaxBytes = 1_500_000
	MaxRow   = 80 << 10
)

// Size is the size of a row as Coda counts it: bytes of UTF-8, each newline twice.
func (r Row) Size() (n int) {
	for _, c := range r.Cells {
		var text string
		if json.Unmarshal(c.Value, &text) != nil {
			n += len(c.Value)
			continue
		}
		n += len(text) + strings.Count(text, "\n")
	}
	return n
}

// Batches splits rows into requests that Coda takes, in their order. No row may be larger than MaxRow.
func Batches(rows []Row) [][]Row {
	var all [][]Row
	bytes := 0
	for i, r := range rows {
		size := len(`{"cells":[]},`)
		for _, c := range r.Cells {
			size += len(`{"column":"","value":},`) + len(c.Column) + len(c.Value)
		}
		if last := len(all) - 1; i > 0 && len(all[last]) < MaxRows && bytes+size <= MaxBytes {
			all[last], bytes = append(all[last], r), bytes+size
			continue
		}
		all, bytes = append(all, []Row{r}), size
	}
	return all
}
