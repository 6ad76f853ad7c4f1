package main

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/codafs/codafs/coda/codatest"
)

// These benchmarks run programs of every day over a real mount, made by the real program:
//
//	go test -run '^$' -bench Warm -benchtime 10x ./cmd/codafs      -short has a table of 10 MB
//	go test -run '^$' -bench Cold -benchtime 1x -timeout 20m ./cmd/codafs
//	go test -run '^$' -bench Snapshot -benchtime 1x -timeout 20m ./cmd/codafs
//
// They judge nothing: what they report are ratios, as times of a machine mean nothing on another.

// BenchmarkWarm has programs read a mount of which everything was read before, and a copy of it on
// disk. The metric x-disk is the median time over the mount as a multiple of that over the copy.
func BenchmarkWarm(b *testing.B) {
	mnt := mountReal(b, warmWorkspace(), codatest.Options{}, "--rate=read=1000000/1s", "--rate=export=1000000/1s").dir
	disk := filepath.Join(b.TempDir(), "docs")
	if out, err := exec.Command("cp", "-a", filepath.Join(mnt, "docs"), disk).CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	for _, doc := range []string{"flat", "tree"} {
		for _, walk := range []struct{ name, command string }{
			{"find-ls", "find . -ls >/dev/null"},
			{"ls-lR", "ls -lR . >/dev/null"},
			{"du", "du -s . >/dev/null"},
			{"grep-r", "grep -r 'no such words' pages >/dev/null; test $? = 1"},
			{"rg", "rg 'no such words' pages >/dev/null; test $? = 1"},
			{"tar", "tar cf - pages | wc -c >/dev/null"},
			{"cat-table", "cat tables/table/*.csv >/dev/null"},
		} {
			if walk.name == "cat-table" && doc == "tree" {
				continue // its table is small
			}
			b.Run(doc+"/"+walk.name, func(b *testing.B) {
				compare(b, walk.command, folderOf(b, disk, doc), folderOf(b, filepath.Join(mnt, "docs"), doc))
			})
		}
	}
}

// compare runs a command in two folders that hold the same.
func compare(b *testing.B, command, disk, mnt string) {
	if _, err := exec.LookPath(strings.Fields(command)[0]); err != nil {
		b.Skip(err)
	}
	in := func(dir string) time.Duration {
		cmd := exec.Command("sh", "-c", command)
		cmd.Dir = dir
		start := time.Now()
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("%s in %s: %v: %s", command, dir, err, out)
		}
		return time.Since(start)
	}
	in(disk)
	in(mnt)
	var onDisk, mounted []time.Duration
	for b.Loop() {
		onDisk = append(onDisk, in(disk))
		mounted = append(mounted, in(mnt))
	}
	b.ReportMetric(median(mounted).Seconds()*1000, "mount-ms")
	b.ReportMetric(float64(median(mounted))/float64(median(onDisk)), "x-disk")
}

func folderOf(b *testing.B, docs, name string) string {
	b.Helper()
	found, err := filepath.Glob(filepath.Join(docs, name+"__*"))
	if err != nil || len(found) != 1 {
		b.Fatal(found, err)
	}
	return found[0]
}

// BenchmarkColdGrep greps the pages of a doc that nobody has read, from a service that keeps to the
// documented limits. The metric x-floor is the time as a multiple of the shortest in which so many
// requests may be sent.
func BenchmarkColdGrep(b *testing.B) {
	const latency, export = 50 * time.Millisecond, 2 * time.Second
	for b.Loop() {
		w := codatest.Generate(1, 1, 200, 0, 0)
		m := mountReal(b, w, codatest.Options{Latency: latency, ExportTime: export, Throttle: true})
		start := time.Now()
		if out, err := exec.Command("grep", "-rc", "", filepath.Join(m.dir, "docs")).CombinedOutput(); err != nil {
			b.Fatalf("%v: %s", err, out)
		}
		took := time.Since(start)
		sends := map[string]int{}
		for _, r := range m.service.Requests() {
			sends[bucketOf(r)]++
			if r.Status == http.StatusTooManyRequests {
				b.Errorf("%s %s: %d", r.Method, r.Path, r.Status)
			}
		}
		// The last export that may start, and then its start, status and download.
		floor := lastSend(sends["export"], 10, 6*time.Second) + export + 3*latency
		floor = max(floor, lastSend(sends["read"], 100, 6*time.Second), lastSend(sends["list"], 4, 6*time.Second))
		b.Logf("%v of %v; requests: %v", took, floor, sends)
		b.ReportMetric(took.Seconds(), "s")
		b.ReportMetric(float64(took)/float64(floor), "x-floor")
	}
}

// BenchmarkSnapshot has the real program make a snapshot of 1,000 pages and 200 tables, from a service
// that keeps to the documented limits: eleven minutes of what figures_test.go does in simulated time.
func BenchmarkSnapshot(b *testing.B) {
	const export = 2 * time.Second
	for b.Loop() {
		dir := b.TempDir()
		w := figureWorkspace()
		service, apiURL := listen(b, w, codatest.Options{Latency: figureLatency, ExportTime: export, Throttle: true}, nil)
		bin := filepath.Join(dir, "codafs")
		if out, err := exec.Command("go", "build", "-o", bin, ".").CombinedOutput(); err != nil {
			b.Fatalf("go build: %v\n%s", err, out)
		}
		cmd := exec.Command(bin, "snapshot", "--output", filepath.Join(dir, "backups"), "--cache-dir", filepath.Join(dir, "cache"), "--api-url", apiURL)
		cmd.Env = append(os.Environ(), "CODA_API_TOKEN=any", "XDG_CONFIG_HOME="+filepath.Join(dir, "config"))
		start := time.Now()
		out, err := cmd.CombinedOutput()
		took := time.Since(start)
		b.Logf("%v: %s", err, out)
		must := fewestRequests(w)
		floor, fewest := shortestTime(must, export), 0
		for _, n := range must {
			fewest += n
		}
		b.ReportMetric(took.Seconds(), "s")
		b.ReportMetric(float64(took)/float64(floor), "x-floor")
		b.ReportMetric(float64(len(service.Requests()))/float64(fewest), "x-requests")
	}
}

// bucketOf is the rate class that a request counts in.
func bucketOf(r codatest.Request) string {
	switch {
	case r.Download:
		return "download"
	case r.Method == http.MethodPost:
		return "export"
	case r.Path == "/docs":
		return "list"
	}
	return "read"
}

// lastSend is when the last of n requests can be sent, of which the service takes so many a window.
func lastSend(n, perWindow int, window time.Duration) time.Duration {
	return time.Duration(max(0, n-1)/perWindow) * window
}

func median(all []time.Duration) time.Duration {
	slices.Sort(all)
	return all[len(all)/2]
}

// warmWorkspace has two docs of 2,000 pages of 4 KiB: one has them all at the top, and a table of
// 100 MB; in the other, 800 of them have subpages.
func warmWorkspace() *codatest.Workspace {
	size := 100_000_000
	if testing.Short() {
		size /= 10
	}
	const rowSize = 4000
	flat, tree := codatest.Generate(2, 1, 2000, 1, size/rowSize), codatest.Generate(3, 1, 2000, 1, 1)
	flat.Docs[0].Name, tree.Docs[0].Name = "flat", "tree"
	for _, p := range flat.Docs[0].Pages {
		p.Parent = ""
	}
	t := flat.Docs[0].Tables[0]
	for _, r := range t.Rows {
		r.Cells[t.Columns[0].ID] = codatest.Text(strings.Repeat("x", rowSize))
	}
	flat.Docs = append(flat.Docs, tree.Docs...)
	for _, d := range flat.Docs {
		d.Tables[0].Parent = "" // its rows would be in the export of the page
		for i, p := range d.Pages {
			p.Body = strings.Repeat(fmt.Sprintf("Line of page %04d: all of it is prose, and none of it is looked for.\n", i), 59)
		}
	}
	return flat
}
