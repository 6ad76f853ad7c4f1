package snapshot

import (
	"context"
	"errors"
	iofs "io/fs"
	"maps"

	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/snapshot/folder"
	"github.com/codafs/codafs/snapshot/format"
)

// Plan is what a run has to do.
type Plan struct {
	Docs   int `json:"docs"`
	Pages  int `json:"pages"` // whose text can be had, as in [format.Contents]
	Tables int `json:"tables"`
	Views  int `json:"views"`
	Files  int `json:"files"`
	// Kinds counts all files by kind.
	Kinds map[fs.Kind]int `json:"kinds"`
	// Fetch counts, by kind, the files that are to be fetched. The others are there, from
	// a run that was stopped or from the snapshot before; a damaged one of those is fetched too.
	Fetch map[fs.Kind]int `json:"fetch"`
	// Bytes is the size that the files in Fetch had in the last good snapshot, BytesUnknown
	// the number of those that were not in it.
	Bytes        int64 `json:"bytes"`
	BytesUnknown int   `json:"bytes_unknown"`
	// Missing counts the gaps that are known already.
	Missing int `json:"missing"`
	// ByClass counts the requests of Estimate by their class.
	ByClass map[string]int `json:"requests_by_class"`
	Estimate
}

// Estimate is what fetching takes beside the listing, which is done: the fewest requests,
// and the shortest time in which the rate limits allow them.
type Estimate struct {
	Requests int     `json:"requests"`
	Minutes  float64 `json:"minutes"`
}

// Cost is what a service asks for files.
type Cost struct {
	// Requests gives the fewest requests that fetching e takes, by their class. rows is the
	// number of rows that the index says, or that the file had in the last good snapshot; 0
	// where neither is known.
	Requests func(e fs.Entry, rows int64) map[string]int
	// PerMinute is how many requests of each class may be sent in a minute. A class that
	// is not in it has no limit.
	PerMinute map[string]float64
}

// DryRun reports what [Run] would do now. It lists the tree, and writes nothing. Its errors
// are those of Run.
func DryRun(ctx context.Context, from Origin, o Options) (Plan, error) {
	r := newRun(from, o)
	left, err := r.look()
	if err != nil {
		return Plan{}, err
	}
	index, err := r.index(ctx, left)
	if err != nil {
		return Plan{}, err
	}
	l := newListing(index)
	return r.plan(l, r.trusted(left, l.files)), nil
}

// look reads what is in the output folder, if that is there. It takes no lock: it changes nothing, and a run that works there
// may do so.
func (r *run) look() (left map[string]folder.Finished, err error) {
	if r.out, err = folder.Open(r.opts.Output); errors.Is(err, iofs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, &folder.DestinationError{Err: err}
	}
	defer r.out.Close()
	if err := r.compare(); err != nil {
		return nil, err
	}
	return r.out.Left(r.head)
}

// plan reports what of a listing is to be fetched, and sets the meter to it.
func (r *run) plan(l listing, left map[string]folder.Finished) Plan {
	p := Plan{Docs: l.found, Files: len(l.files), Kinds: map[fs.Kind]int{}, Fetch: map[fs.Kind]int{}, Missing: len(l.missing)}
	r.meter = newMeter(r.opts.Cost)
	var c format.Contents
	for _, e := range l.files {
		c.Add(format.File{Kind: e.Kind, Path: e.Path})
		p.Kinds[e.Kind]++
		if r.held(e, left) {
			continue
		}
		p.Fetch[e.Kind]++
		old, known := r.last.Get(format.KeyOf(e))
		if known {
			p.Bytes += old.Size
		} else {
			p.BytesUnknown++
		}
		rows := e.Rows
		if rows == 0 && old.Rows != nil {
			rows = *old.Rows
		}
		r.meter.add(e, rows)
	}
	p.Pages, p.Tables, p.Views = c.Pages.Total, c.Tables.Total, c.Views.Total
	p.Estimate, p.ByClass = r.meter.left(), maps.Clone(r.meter.sum)
	return p
}

// meter counts the requests that are still to be sent. It is for the goroutine of the run.
type meter struct {
	cost Cost
	of   map[string][]classCount // by path of the file
	sum  map[string]int          // by class
}

// classCount is how many requests of a class a file takes.
type classCount struct {
	class string
	n     int
}

func newMeter(c Cost) *meter {
	return &meter{cost: c, of: map[string][]classCount{}, sum: map[string]int{}}
}

func (m *meter) add(e fs.Entry, rows int64) {
	if m.cost.Requests == nil {
		return
	}
	takes := m.cost.Requests(e, rows)
	if len(takes) == 0 {
		return
	}
	counts := make([]classCount, 0, len(takes)) // a map takes twice as much
	for class, n := range takes {
		counts = append(counts, classCount{class, n})
		m.sum[class] += n
	}
	m.of[e.Path] = counts
}

// done takes a file off, fetched or not.
func (m *meter) done(path string) {
	for _, c := range m.of[path] {
		m.sum[c.class] -= c.n
	}
	delete(m.of, path)
}

// left reports what is still to be done. Classes are sent side by side, so the slowest counts.
func (m *meter) left() Estimate {
	var e Estimate
	for class, n := range m.sum {
		e.Requests += n
		if limit := m.cost.PerMinute[class]; limit > 0 {
			e.Minutes = max(e.Minutes, float64(n)/limit)
		}
	}
	return e
}
