package sealed

import (
	"crypto/sha256"
	"fmt"
	"hash/maphash"

	"github.com/codafs/codafs/snapshot/format"
)

// records has what manifest.json and SHA256SUMS say of each file of a snapshot. It has a hash of each path, and not the path: a snapshot
// has a million of them. That two of a million are the same by chance happens once in 30 million snapshots.
type records struct {
	seed maphash.Seed
	of   map[uint64]record
	n    map[state]int // how many have a state
}

// record is what is known of one file.
type record struct {
	sum   [sha256.Size]byte
	size  int64 // if it is listed
	state state
}

// state says where a file was met. The values may be joined.
type state uint8

const (
	summed state = 1 << iota // in SHA256SUMS
	listed                   // in the manifest
	found                    // in the folder
)

func newRecords() records {
	return records{maphash.MakeSeed(), map[uint64]record{}, map[state]int{}}
}

func (r records) get(path string) (record, bool) {
	is, ok := r.of[maphash.String(r.seed, path)]
	return is, ok
}

// put keeps a record with one state more.
func (r records) put(path string, is record, more state) {
	if is.state&more == 0 {
		is.state |= more
		r.n[more]++
	}
	r.of[maphash.String(r.seed, path)] = is
}

// all reports whether each record has a state.
func (r records) all(s state) bool { return r.n[s] == len(r.of) }

// sum takes in a line of SHA256SUMS.
func (r records) sum(path string, sum [sha256.Size]byte) error {
	if _, twice := r.get(path); twice {
		return fmt.Errorf("%q is there twice", path)
	}
	r.put(path, record{sum: sum}, summed)
	return nil
}

// list takes in a file of the manifest. It reports whether SHA256SUMS has the same hash.
func (r records) list(f format.File) (same bool) {
	is, _ := r.get(f.Path)
	sum, ok := format.ParseSum(f.SHA256)
	same = ok && is.state&summed != 0 && is.sum == sum
	is.sum, is.size = sum, f.Size
	r.put(f.Path, is, listed)
	return same
}

// find takes in that a file is there, and gives its record.
func (r records) find(path string) (record, bool) {
	is, ok := r.get(path)
	if ok {
		r.put(path, is, found)
	}
	return is, ok
}
