package backup

import (
	"fmt"
	"math"

	"github.com/codafs/codafs/cmd/codafs/internal/term"
)

const (
	// filesATask is how many files one fetch may have open at most: a connection, the fetched file, the cache's and the
	// snapshot's.
	filesATask = 4
	// filesAList is the same for fetching one list.
	filesAList = 2
	// filesBeside is how many files the rest of a run has open.
	filesBeside = 24
)

// WithinOpenFiles lowers the concurrency to what the limit of open files allows, and warns if it does. It is to be called
// before the run. Without it a run met EMFILE somewhere, in the cache, at a connection or in the destination, and told of a
// failure of that. With a limit of 256 files, a concurrency of up to 11 stays as it is.
func (o *Options) WithinOpenFiles(std term.Streams) {
	limit := openFilesLimit()
	room := limit - filesBeside
	// Each of the concurrent files has PageShare pages beside it.
	fits := max(1, room/(filesATask*(1+PageShare)))
	if limit == 0 || fits >= o.Concurrency {
		return
	}
	if !o.Quiet {
		fmt.Fprintf(std.Err, "codafs: warning: this process may have %d files open (ulimit -n): --concurrency is %d, not %d\n", limit, fits, o.Concurrency)
	}
	o.Concurrency = fits
	o.fewPages = max(1, room/filesATask-fits)
	o.parallel = max(1, int(math.Sqrt(float64(max(0, room)/filesAList)))) // docs at a time, times lists of each
}

// pages is how many pages are fetched at the same time, beside Concurrency other files.
func (o *Options) pages() int {
	if o.fewPages > 0 {
		return min(o.fewPages, PageShare*o.Concurrency)
	}
	return PageShare * o.Concurrency
}
