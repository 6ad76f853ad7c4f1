package load

import (
	"errors"
	"fmt"
	"hash/maphash"
	"iter"
	"slices"

	"github.com/codafs/codafs/fs"
)

// The service gives lists in pages that begin at a number. If items are added or deleted in front of a page that is
// still to come, the rest shifts: an item comes twice, or never. So a list that may have shifted is read once more. If
// it shifts again, it is kept with a warning: that is better than no list.

// ErrMoved says that something changed while it was read. It fails the first try only.
var ErrMoved = errors.New("this changed while it was read")

// Try is one of two tries at reading something. It belongs to the goroutine that reads.
type Try struct {
	Last bool // there is no further try: what was read is kept, even if it changed meanwhile
	// Service is the name of the service, for messages.
	Service string
	// Looked says that a list was read, so that what was odd about it before is replaced.
	Looked bool
	// Odd has what is odd about what was read: code and message, no more.
	Odd []fs.Failure
}

// Warn adds a warning about what was read. The file or list is kept all the same.
func (t *Try) Warn(code, format string, args ...any) {
	f := fs.Failure{Code: code, Message: fmt.Sprintf(format, args...), Warning: true}
	if !slices.Contains(t.Odd, f) { // rows that are kept as sent are read twice
		t.Odd = append(t.Odd, f)
	}
}

// Once yields the items of a list, each id once. A repeated id fails the first try. In the last try the first item of
// an id stays: it was already written when the second came.
func Once[T any](t *Try, items iter.Seq2[T, error], id func(T) string) iter.Seq2[T, error] {
	t.Looked = true
	return func(yield func(T, error) bool) {
		seed, seen, told := maphash.MakeSeed(), map[uint64]struct{}{}, false // hashes: a table may have many rows
		for v, err := range items {
			if key := id(v); err == nil && key != "" {
				n := len(seen)
				seen[maphash.String(seed, key)] = struct{}{}
				switch {
				case len(seen) > n:
				case !t.Last:
					yield(v, ErrMoved)
					return
				default:
					if !told {
						t.Warn(fs.CodeTwice, "%s lists %q twice, also when the list was read again; it is kept once", t.Service, key)
					}
					told = true
					continue
				}
			}
			if !yield(v, err) {
				return
			}
		}
	}
}
