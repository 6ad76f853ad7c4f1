package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/snapshot"
)

// How often progress is shown: redrawn on a terminal, else a line for a log.
const (
	redrawEvery = 100 * time.Millisecond
	lineEvery   = time.Minute
)

// progress shows how far a snapshot is. It is told by one goroutine.
type progress struct {
	out    io.Writer
	redraw bool
	client *coda.Client // nil for a mount, which sends by itself

	plan          snapshot.Plan
	files, missed int
	bytes         int64
	shown         time.Time
}

// newProgress shows nothing where quiet is true.
func newProgress(std streams, quiet bool, client *coda.Client) *progress {
	p := &progress{out: std.err, client: client, shown: time.Now()}
	if f, ok := std.err.(*os.File); ok && os.Getenv("TERM") != "dumb" {
		st, err := f.Stat()
		p.redraw = err == nil && st.Mode()&os.ModeCharDevice != 0
	}
	if quiet {
		p.out, p.redraw = io.Discard, false
	}
	return p
}

// Listed implements [snapshot.Progress]. What is to be sent is told to the rate buckets, so that
// 'codafs status' can say when it will be done.
func (p *progress) Listed(plan snapshot.Plan) {
	p.plan = plan
	if p.client != nil {
		p.client.Plan(coda.ClassExport, plan.Fetch[fs.KindPage]+plan.Fetch[fs.KindPageHTML])
	}
	p.show(plan.Estimate)
}

// Copied implements [snapshot.Progress].
func (p *progress) Copied(f snapshot.File, left snapshot.Estimate) {
	p.files++
	p.bytes += f.Size
	p.show(left)
}

// Missed implements [snapshot.Progress].
func (p *progress) Missed(_ fs.Failure, left snapshot.Estimate) {
	p.missed++
	p.show(left)
}

func (p *progress) show(left snapshot.Estimate) {
	every := lineEvery
	if p.redraw {
		every = redrawEvery
	}
	if time.Since(p.shown) < every {
		return
	}
	p.shown = time.Now()
	line := fmt.Sprintf("codafs: %d docs, %d of %d files, %d bytes, %d missing, about %d requests left, until about %s",
		p.plan.Docs, p.files, p.plan.Files, p.bytes, p.missed, left.Requests,
		p.shown.Add(time.Duration(left.Minutes*float64(time.Minute))).Format(time.TimeOnly))
	if p.redraw {
		fmt.Fprintf(p.out, "\r\x1b[K%s", line)
		return
	}
	fmt.Fprintln(p.out, line)
}

// end takes the line away that was redrawn.
func (p *progress) end() {
	if p.redraw {
		fmt.Fprint(p.out, "\r\x1b[K")
	}
}

// rowsPerRequest is how many rows an answer has at the most.
const rowsPerRequest = 500

// cost tells what fetching a file takes, for the estimate of when a snapshot will be done. Of tables
// with more rows than deltasOver (if that is not 0) the changed rows alone may be enough.
func cost(client *coda.Client, deltasOver int64) snapshot.Cost {
	perMinute := map[string]float64{}
	for _, b := range client.Limits() {
		perMinute[string(b.Class)] = float64(b.Rate.N) / (b.Rate.Per + b.Margin).Minutes()
	}
	return snapshot.Cost{PerMinute: perMinute, Requests: func(e fs.Entry, rows int64) map[string]int {
		switch e.Kind {
		case fs.KindPage, fs.KindPageHTML:
			return map[string]int{string(coda.ClassExport): 1, string(coda.ClassRead): 1}
		case fs.KindRows, fs.KindRowsJSON:
			n := max(1, int((rows+rowsPerRequest-1)/rowsPerRequest))
			if deltasOver > 0 && rows > deltasOver {
				n = 1
			}
			return map[string]int{string(coda.ClassRead): n}
		}
		return nil
	}}
}
