package main

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/codafs/codafs/cmd/codafs/internal/backup"
	"github.com/codafs/codafs/cmd/codafs/internal/config"
	"github.com/codafs/codafs/cmd/codafs/internal/term"
	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/fs/source/codadocs"
)

// size is a workspace that snapshots are measured with.
type size struct {
	name string
	make func() *codatest.Workspace
	// rows is how many its one table has, where that is more than the workspace is to hold.
	rows int
}

var smallSize = size{name: "1 doc × 20 pages", make: pagesIn(1, 20)}

var sizes = []size{
	smallSize,
	{name: "10 docs × 100 pages", make: pagesIn(10, 100)},
	{name: "100 docs × 10 pages", make: pagesIn(100, 10)},
	{name: "a table of 200,000 rows", make: oneTable, rows: 200_000},
}

func pagesIn(docs, pages int) func() *codatest.Workspace {
	return func() *codatest.Workspace { return codatest.Generate(1, docs, pages, 0, 0) }
}

// oneTable has a table whose few rows stand for those of a rowMill.
func oneTable() *codatest.Workspace {
	w := codatest.Generate(5, 1, 1, 1, 10)
	w.Docs[0].Tables[0].Parent = "" // else the page's export has its rows
	return w
}

// handler answers for the service, and for all rows of the table. The service sees each request for rows as one for
// the first ones: it logs it, takes its time, and refuses what is over its limits.
func (s size) handler(service http.Handler, w *codatest.Workspace) http.Handler {
	if s.rows == 0 {
		return service
	}
	table := w.Docs[0].Tables[0]
	rows := rowMill{table: table, rows: s.rows}.before(service)
	return http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		if path.Base(r.URL.Path) != "rows" {
			service.ServeHTTP(out, r)
			return
		}
		first := r.Clone(r.Context())
		first.URL.RawQuery = ""
		judged := httptest.NewRecorder()
		service.ServeHTTP(judged, first)
		if judged.Code == http.StatusOK {
			rows.ServeHTTP(out, r)
			return
		}
		maps.Copy(out.Header(), judged.Header())
		out.WriteHeader(judged.Code)
		_, _ = out.Write(judged.Body.Bytes())
	})
}

// The fewest requests of a first snapshot, and of one after which nothing changed.
func (s size) fewest(w *codatest.Workspace) (first, unchanged map[string]int) {
	first = fewestRequests(w)
	first["read"] += first["export"] // each page comes as HTML, too, for the images on it: one look at the state of each
	first["export"], first["download"] = 2*first["export"], 2*first["download"]
	if s.rows > 0 {
		first["read"] += (s.rows+coda.RowsPerRequest-1)/coda.RowsPerRequest - 1
	}
	unchanged = maps.Clone(first)
	unchanged["read"] -= first["export"] // one look at the state of each
	unchanged["export"], unchanged["download"] = 0, 0
	for _, d := range w.Docs {
		for _, t := range d.Tables {
			unchanged["read"] -= max(1, (max(len(t.Rows), s.rows)+coda.RowsPerRequest-1)/coda.RowsPerRequest)
		}
	}
	return first, unchanged
}

// run is what one snapshot took.
type benchRun struct {
	took     time.Duration
	requests map[string]int
}

func (r benchRun) all() (n int) {
	for _, sent := range r.requests {
		n += sent
	}
	return n
}

// simulate makes a snapshot in simulated time, and then one of what did not change since.
func (s size) simulate(t *testing.T) (first, unchanged benchRun, w *codatest.Workspace) {
	today := time.Now().Round(0) // the stamps of files are of the real clock
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(today))
		w = s.make()
		service := codatest.New(w, codatest.Options{Throttle: true, Latency: figureLatency, ExportTime: figureExport})
		transport := service.RoundTripperOver(s.handler(service, w))
		dir := quickDir(t)
		for _, run := range []*benchRun{&first, &unchanged} {
			before := len(service.Requests())
			var said stream
			start := time.Now()
			err := snapshotWith(t.Context(), t, &backup.Options{Incremental: true, Settings: config.Settings{Selection: codadocs.Selection{Files: true}}}, transport, dir, term.Streams{In: strings.NewReader(""), Out: &said, Err: &said})
			run.took = time.Since(start)
			if err != nil {
				t.Fatalf("%v\n%s", err, said.String())
			}
			run.requests = countRequests(t, service.Requests()[before:])
			time.Sleep(24 * time.Hour)
		}
	})
	return first, unchanged, w
}

// figureExport is how long an export takes.
const figureExport = 2 * time.Second

// countRequests counts requests by their class. None may have been one too many.
func countRequests(tb testing.TB, sent []codatest.Request) map[string]int {
	n := map[string]int{}
	for _, r := range sent {
		if r.Status == http.StatusTooManyRequests {
			tb.Errorf("%s %s: %d", r.Method, r.Path, r.Status)
		}
		n[bucketOf(r)]++
	}
	return n
}

// TestFigures holds the counts of requests of a small snapshot. With -bench-json it measures the
// large ones too.
func TestFigures(t *testing.T) {
	all := []size{smallSize}
	if *benchJSON != "" {
		all = sizes
	}
	for _, s := range all {
		first, unchanged, w := s.simulate(t)
		must, mustUnchanged := s.fewest(w)
		if s.name == smallSize.name {
			guard(t, first, unchanged, must, mustUnchanged)
		}
		record("cold snapshot, "+s.name, first, must)
		record("unchanged incremental, "+s.name, unchanged, mustUnchanged)
	}
}

// mostLooks is how often exports are looked at in the small snapshot: each at its end, and before the first two
// ends some in vain, since nobody knows yet how long exports take.
const mostLooks = 2*20 + 12

// guard wants each request that must be sent, once, and no other but looks at exports that are not done.
func guard(t *testing.T, first, unchanged benchRun, must, mustUnchanged map[string]int) {
	t.Helper()
	rest := maps.Clone(first.requests)
	vain := rest["read"] - must["read"]
	rest["read"] -= vain
	if looks := must["export"] + vain; !maps.Equal(rest, must) || vain < 0 || looks > mostLooks {
		t.Errorf("a first snapshot sent %v, want %v and at most %d looks in vain", first.requests, must, mostLooks-must["export"])
	}
	maps.DeleteFunc(mustUnchanged, func(_ string, n int) bool { return n == 0 })
	if !maps.Equal(unchanged.requests, mustUnchanged) {
		t.Errorf("a second snapshot sent %v, want %v", unchanged.requests, mustUnchanged)
	}
}

func record(what string, run benchRun, must map[string]int) {
	export := time.Duration(0)
	if must["export"] > 0 {
		export = figureExport
	}
	floor := shortestTime(must, export)
	fewest := (benchRun{requests: must}).all()
	m := measured{What: what, How: simulated, Value: float64(run.took) / float64(floor), Unit: "x floor",
		Beside: map[string]float64{"s": run.took.Seconds(), "floor s": floor.Seconds()}}
	if strings.HasPrefix(what, "cold") {
		m = m.limited(mostWall, mostWall)
	}
	figuresMeasured.add(m)
	m = measured{What: what + ": requests", How: simulated, Value: float64(run.all()) / float64(fewest), Unit: "x fewest", Beside: map[string]float64{}}
	for _, class := range slices.Sorted(maps.Keys(run.requests)) {
		m.Beside[class] = float64(run.requests[class])
	}
	figuresMeasured.add(m.limited(1.02, 1.02))
}
