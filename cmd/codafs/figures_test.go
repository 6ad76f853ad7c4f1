package main

import (
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/codafs/codafs/cmd/codafs/internal/term"
	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/codatest"
)

// The figures that users are promised of a full snapshot, held in simulated time: a service with the
// documented limits, and nothing but counts.

// soak reports that the tests may take their time: make soak.
var soak = os.Getenv("CODAFS_SOAK") != ""

// figure is one way in which the service takes its time.
type figure struct {
	name    string
	exports func(*rand.Rand) time.Duration
	// mean is about how long an export takes, mostRequests how many requests may be sent, as a
	// multiple of the fewest.
	mean         time.Duration
	mostRequests float64
}

// mostWall is how long a run may take, as a multiple of the least that the limits allow.
const mostWall = 1.10

var figures = []figure{
	{"2 s each", func(*rand.Rand) time.Duration { return 2 * time.Second }, 2 * time.Second, 1.02},
	{"half a second and more, 2 s on average, some much slower", func(r *rand.Rand) time.Duration {
		return 500*time.Millisecond + time.Duration(r.ExpFloat64()*1.5e9)
	}, 2 * time.Second, 1.06},
	{"8 s each", func(*rand.Rand) time.Duration { return 8 * time.Second }, 8 * time.Second, 1.02},
	{"1 to 5 s", func(r *rand.Rand) time.Duration { return time.Second + time.Duration(r.Float64()*4e9) }, 3 * time.Second, 1.06},
}

func TestASnapshotSendsHardlyMoreThanItMustAndKeepsTheLimitsBusy(t *testing.T) {
	all := figures
	if !soak {
		all = figures[:2]
	}
	for _, f := range all {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, f.hold)
		})
	}
}

// hold makes a snapshot of 1,000 pages and 200 tables.
func (f figure) hold(t *testing.T) {
	w := figureWorkspace()
	var mu sync.Mutex
	random := rand.New(rand.NewPCG(7, 1))
	service := codatest.New(w, codatest.Options{Throttle: true, Latency: figureLatency, ExportTimes: func() time.Duration {
		mu.Lock()
		defer mu.Unlock()
		return f.exports(random)
	}})
	var said stream
	start := time.Now()
	err := snapshotOver(t, service, quickDir(t), nil, term.Streams{In: strings.NewReader(""), Out: &said, Err: &said})
	took := time.Since(start)
	if err != nil {
		t.Fatalf("%v\n%s", err, said.String())
	}
	must := fewestRequests(w)
	floor := shortestTime(must, f.mean)
	sent := service.Requests()
	for _, r := range sent {
		if r.Status == http.StatusTooManyRequests {
			t.Fatalf("%s %s: %d", r.Method, r.Path, r.Status)
		}
	}
	fewest := 0
	for _, n := range must {
		fewest += n
	}
	requests, wall := float64(len(sent))/float64(fewest), float64(took)/float64(floor)
	t.Logf("%d requests, at least %d (%v): x %.4f; %v, at least %v: x %.4f", len(sent), fewest, must, requests, took.Round(time.Second), floor, wall)
	if requests > f.mostRequests {
		t.Errorf("%.4f times the fewest requests, want at most %.2f", requests, f.mostRequests)
	}
	if wall > mostWall {
		t.Errorf("%.4f times the shortest time, want at most %.2f", wall, mostWall)
	}
}

const figureLatency = 50 * time.Millisecond

// figureWorkspace has ten docs, each of 100 pages and 20 tables. One table has three answers' rows.
func figureWorkspace() *codatest.Workspace {
	w := codatest.Generate(1, 10, 100, 20, 10)
	large := codatest.Generate(2, 1, 0, 1, 1200).Docs[0].Tables[0]
	w.Docs[3].Tables[7].Columns, w.Docs[3].Tables[7].Rows = large.Columns, large.Rows
	return w
}

// Items on a page of a list, as large as the stand-in makes it.
const (
	listItems   = 200
	columnItems = 100
)

// fewestRequests counts, by their class, the requests without which the workspace cannot be read:
//
//	whoami, and the docs                                                    1 + docs/200
//	of each doc the pages, tables, formulas, controls and permissions       pages/200 + tables/200 + 1 + 1 + 1
//	of each page an export's start, one look at its state, the download     1 + 1 + 1
//	of each table itself, its columns, its rows                             1 + columns/100 + rows/500
//
// where each list takes one request at least.
func fewestRequests(w *codatest.Workspace) map[string]int {
	answers := func(items, each int) int { return max(1, (items+each-1)/each) }
	n := map[string]int{"list": answers(len(w.Docs), listItems), "read": 1}
	for _, d := range w.Docs {
		n["read"] += answers(len(d.Pages), listItems) + answers(len(d.Tables), listItems) + 3
		n["export"] += len(d.Pages)
		n["read"] += len(d.Pages)
		n["download"] += len(d.Pages)
		for _, t := range d.Tables {
			n["read"] += 1 + answers(len(t.Columns), columnItems) + answers(len(t.Rows), coda.RowsPerRequest)
		}
	}
	return n
}

// shortestTime is when the last of so many requests can have been answered: each class is sent as
// fast as its limit allows; the last export, once started, is to be made, looked at and downloaded.
func shortestTime(n map[string]int, export time.Duration) time.Duration {
	return max(lastSend(n["export"], 10, 6*time.Second)+export+3*figureLatency,
		lastSend(n["read"], 100, 6*time.Second)+figureLatency, lastSend(n["list"], 4, 6*time.Second)+figureLatency)
}
