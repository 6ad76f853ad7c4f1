package coda

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Class is a rate class: each has a bucket of its own.
type Class string

const (
	ClassList    Class = "list"    // listing docs
	ClassRead    Class = "read"    // all other GETs
	ClassWrite   Class = "write"   // writes other than a doc's content
	ClassContent Class = "content" // writes to a doc's content
	ClassExport  Class = "export"  // starts of page exports
)

// Rate is N requests in each window of length Per.
type Rate struct {
	N   int
	Per time.Duration
}

// maxRate bounds a rate's N, for each of which a bucket keeps a time.
const maxRate = 1_000_000

func (r Rate) valid() bool { return 0 < r.N && r.N <= maxRate && r.Per > 0 }

// DefaultRates are the limits that Coda publishes (API 1.5.0). The class of export starts is
// not published; they were seen not to count as content writes, so the write rate is assumed.
var DefaultRates = map[Class]Rate{
	ClassList:    {4, 6 * time.Second},
	ClassRead:    {100, 6 * time.Second},
	ClassWrite:   {10, 6 * time.Second},
	ClassContent: {5, 10 * time.Second},
	ClassExport:  {10, 6 * time.Second},
}

// ParseRate reads "export=30/6s".
func ParseRate(s string) (Class, Rate, error) {
	class, rest, _ := strings.Cut(s, "=")
	n, per, _ := strings.Cut(rest, "/")
	if _, ok := DefaultRates[Class(class)]; !ok {
		return "", Rate{}, fmt.Errorf("rate %q: want CLASS=N/TIME with a class of list, read, write, content, export", s)
	}
	num, err1 := strconv.Atoi(n)
	d, err2 := time.ParseDuration(per)
	r := Rate{num, d}
	if err1 != nil || err2 != nil || !r.valid() {
		return "", Rate{}, fmt.Errorf("rate %q: want a count (1 to %d) and a time, such as %s=30/6s", s, maxRate, class)
	}
	return Class(class), r, nil
}
