package main

import (
	"cmp"
	"fmt"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/codafs/codafs/coda/codatest"
)

// coldWalk is a command that goes through the docs ("$0") of a mount of which nothing was read before. "$1" is an
// empty folder, "$2" the program.
type coldWalk struct {
	name, command string
	looks         bool    // it wants no content
	pages, tables int     // of the doc; 0 pages are 200
	limit         float64 // what was promised of its time, if anything was
	took          time.Duration
	err           error
	out           []byte
}

// BenchmarkCold reads a doc that nobody has read. Each command has a mount and a service of its own, and all go
// at the same time: nearly all of it they wait for their limits.
func BenchmarkCold(b *testing.B) {
	if !haveFUSE("cold walks", realLimits) {
		return
	}
	walks := []*coldWalk{
		{name: "grep -r", command: `grep -rc "" "$0"`, limit: 1.05},
		{name: "grep -r", command: `grep -rc "" "$0"`, pages: 20, tables: 4, limit: 1.10},
		{name: "rg", command: `rg -c "" "$0"`},
		{name: "tar | wc -c", command: `tar cf - "$0" | wc -c`},
		{name: "rsync -a", command: `rsync -a "$0" "$1"`},
		{name: "snapshot of a mount", command: `"$2" snapshot "$0/.." --output "$1"`, limit: mostWall},
		{name: "find -ls", command: `find "$0" -ls`, looks: true},
		{name: "ls -lR", command: `ls -lR "$0"`, looks: true},
		{name: "du", command: `du -s "$0"`, looks: true},
	}
	const latency, export = 50 * time.Millisecond, 2 * time.Second
	bin := plainProgram(b)
	mounts := make([]benchMount, len(walks))
	for i := range walks {
		o := codatest.Options{Latency: latency, ExportTime: export, Throttle: true}
		mounts[i] = mountBench(b, codatest.Generate(1, 1, cmp.Or(walks[i].pages, 200), walks[i].tables, 50), o)
	}
	var all sync.WaitGroup
	for i, w := range walks {
		to := b.TempDir()
		all.Go(func() {
			start := time.Now()
			w.out, w.err = exec.Command("sh", "-c", w.command+" >/dev/null", filepath.Join(mounts[i].dir, "docs"), to, bin).CombinedOutput()
			w.took = time.Since(start)
		})
	}
	all.Wait()
	for i, w := range walks {
		what := "cold " + w.name + ", 200 pages"
		if w.pages > 0 {
			what = fmt.Sprintf("cold %s, %d pages and %d tables", w.name, w.pages, w.tables)
		}
		if w.err != nil {
			figuresMeasured.add(measured{What: what, How: realLimits, Missing: w.err.Error()})
			b.Logf("%s: %v\n%s", w.command, w.err, w.out)
			continue
		}
		sent := countRequests(b, mounts[i].service.Requests())
		// The last export that may start, and then its start, status and download.
		floor := max(lastSend(sent["read"], 100, 6*time.Second), lastSend(sent["list"], 4, 6*time.Second)) + latency
		if sent["export"] > 0 {
			floor = max(floor, lastSend(sent["export"], 10, 6*time.Second)+export+3*latency)
		}
		m := measured{What: what, How: realLimits, Value: float64(w.took) / float64(floor), Unit: "x floor",
			Beside: map[string]float64{"s": w.took.Seconds(), "floor s": floor.Seconds(), "exports": float64(sent["export"]), "reads": float64(sent["read"])}}
		switch {
		case w.looks:
			m.Value, m.Unit = float64(sent["export"]+sent["download"]), "fetches"
			m = m.limited(0, 0)
		case w.limit > 0:
			m = m.limited(w.limit, w.limit)
		}
		figuresMeasured.add(m)
	}
}

// haveFUSE notes what cannot be measured where it is missing.
func haveFUSE(what, how string) bool {
	ok, _ := condition("fuse")
	if !ok {
		figuresMeasured.add(measured{What: what, How: how, Missing: "FUSE is missing"})
	}
	return ok
}
