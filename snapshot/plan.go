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
	defer r.close()
	if err := r.look(); err != nil {
		return Plan{}, err
	}
	l := &listing{r: r}
	if err := r.index(ctx, l); err != nil {
		return Plan{}, err
	}
	return l.planned(), nil
}

// look reads what is in the output folder, if that is there. It takes no lock: it changes nothing, and a run that works there
// may do so.
func (r *run) look() (err error) {
	if r.out, err = folder.Open(r.opts.Output); errors.Is(err, iofs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return &folder.DestinationError{Err: err}
	}
	defer r.out.Close()
	if err := r.compare(); err != nil {
		return err
	}
	r.left, err = r.out.Left(r.head)
	return err
}

// count adds a file to the plan, and to what the meter counts. If the file is to be fetched, it gives the requests that this
// takes.
func (l *listing) count(e fs.Entry) (takes map[string]int, err error) {
	r, p := l.r, &l.plan
	p.Files++
	l.objects.Add(format.File{Kind: e.Kind, Path: e.Path})
	p.Kinds[e.Kind]++
	held, old, err := r.held(e)
	if held || err != nil {
		return nil, err
	}
	p.Fetch[e.Kind]++
	if old.known {
		p.Bytes += old.Size
	} else {
		p.BytesUnknown++
	}
	rows := e.Rows
	if rows == 0 && old.Rows != nil {
		rows = *old.Rows
	}
	return r.meter.add(e, rows), nil
}

// planned is the plan for what was listed.
func (l *listing) planned() Plan {
	p := l.plan
	p.Docs, p.Missing = len(l.units), len(l.missing)
	p.Pages, p.Tables, p.Views = l.objects.Pages.Total, l.objects.Tables.Total, l.objects.Views.Total
	p.Estimate, p.ByClass = l.r.meter.left(), maps.Clone(l.r.meter.sum)
	return p
}

// meter counts the requests that are still to be sent. It is for the goroutine of the run.
type meter struct {
	cost Cost
	sum  map[string]int // by class
}

func newMeter(c Cost) *meter { return &meter{cost: c, sum: map[string]int{}} }

// add counts the requests that a file takes, and gives them.
func (m *meter) add(e fs.Entry, rows int64) map[string]int {
	if m.cost.Requests == nil {
		return nil
	}
	takes := m.cost.Requests(e, rows)
	for class, n := range takes {
		m.sum[class] += n
	}
	return takes
}

// done takes off what a file took, fetched or not.
func (m *meter) done(takes map[string]int) {
	for class, n := range takes {
		m.sum[class] -= n
	}
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
