package coda

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/codafs/codafs/coda/rate"
)

// The rate classes of the API.
const (
	ClassList    rate.Class = "list"    // listing docs
	ClassRead    rate.Class = "read"    // all other GETs
	ClassWrite   rate.Class = "write"   // writes other than a doc's content
	ClassContent rate.Class = "content" // writes to a doc's content
	ClassExport  rate.Class = "export"  // starts of page exports
)

// DefaultRates are the limits that Coda publishes (API 1.5.0). The class of export starts is
// not published; they were seen not to count as content writes, so the write rate is assumed.
var DefaultRates = map[rate.Class]rate.Rate{
	ClassList:    {N: 4, Per: 6 * time.Second},
	ClassRead:    {N: 100, Per: 6 * time.Second},
	ClassWrite:   {N: 10, Per: 6 * time.Second},
	ClassContent: {N: 5, Per: 10 * time.Second},
	ClassExport:  {N: 10, Per: 6 * time.Second},
}

// ParseRate reads "export=30/6s".
func ParseRate(s string) (rate.Class, rate.Rate, error) {
	class, rest, _ := strings.Cut(s, "=")
	n, per, _ := strings.Cut(rest, "/")
	if _, ok := DefaultRates[rate.Class(class)]; !ok {
		return "", rate.Rate{}, fmt.Errorf("rate %q: want CLASS=N/TIME with a class of list, read, write, content, export", s)
	}
	num, err1 := strconv.Atoi(n)
	d, err2 := time.ParseDuration(per)
	r := rate.Rate{N: num, Per: d}
	if err1 != nil || err2 != nil || !r.Valid() {
		return "", rate.Rate{}, fmt.Errorf("rate %q: want a count (1 to %d) and a time, such as %s=30/6s", s, rate.MaxN, class)
	}
	return rate.Class(class), r, nil
}

// ReadLimits reports how the processes that share a state file ([Options.StateFile]) use the
// rate classes now, in the order of their names. If none has ever run, the error is one
// for [io/fs.ErrNotExist].
func ReadLimits(stateFile string) ([]rate.Status, error) {
	return rate.ReadStatus(stateFile, DefaultRates)
}
