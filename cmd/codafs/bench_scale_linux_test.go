package main

import (
	iofs "io/fs"
	"math"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/codafs/codafs/coda/codatest"
)

// work is what a snapshot by the real program cost.
type work struct {
	took, again     time.Duration // again: a second one, nothing having changed
	requests        int64
	peak, peakAgain int64 // bytes of memory
	cached          int64 // bytes on disk
}

// BenchmarkGrowth has the real program make snapshots of workspaces, each ten times as large as another,
// with all limits off.
func BenchmarkGrowth(b *testing.B) {
	bin := plainProgram(b)
	for _, c := range []struct {
		what         string
		small, large size
	}{
		{"100 → 1,000 pages in 10 docs", size{make: pagesIn(10, 10)}, size{make: pagesIn(10, 100)}},
		{"10 → 100 docs of 10 pages", size{make: pagesIn(10, 10)}, size{make: pagesIn(100, 10)}},
		{"20,000 → 200,000 rows", size{make: oneTable, rows: 20_000}, size{make: oneTable, rows: 200_000}},
	} {
		small, large := c.small.cost(b, bin), c.large.cost(b, bin)
		figuresMeasured.add(measured{What: "peak memory, snapshot, " + c.what, How: noLimits, Value: mib(large.peak), Unit: "MiB",
			Beside: map[string]float64{"small MiB": mib(small.peak), "incremental MiB": mib(large.peakAgain)}}.limited(96, 96))
		for _, g := range []struct {
			what         string
			small, large float64
		}{
			{"requests", float64(small.requests), float64(large.requests)},
			{"time (s)", small.took.Seconds(), large.took.Seconds()},
			{"time of an unchanged incremental (s)", small.again.Seconds(), large.again.Seconds()},
			{"memory (MiB)", mib(small.peak), mib(large.peak)},
			{"cache (MiB)", mib(small.cached), mib(large.cached)},
		} {
			figuresMeasured.add(growth("snapshot, "+c.what+": "+g.what, g.small, g.large))
		}
	}
}

// growth is the power of the work with which a cost grows: 1 is as fast as the work, 0 not at all.
func growth(what string, small, large float64) measured {
	return measured{What: what, How: noLimits, Value: math.Log10(large / small), Unit: "exponent",
		Beside: map[string]float64{"small": small, "×10": large}}
}

func mib(bytes int64) float64 { return float64(bytes) / (1 << 20) }

// cost measures two snapshots, the second with nothing changed.
func (s size) cost(b *testing.B, bin string) (c work) {
	b.Helper()
	dir := b.TempDir()
	w := s.make()
	var requests atomic.Int64
	_, apiURL := listen(b, w, codatest.Options{}, func(service http.Handler) http.Handler {
		h := s.handler(service, w)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { requests.Add(1); h.ServeHTTP(w, r) })
	})
	for i := range 2 {
		cmd := exec.Command(bin, append([]string{"snapshot", "--incremental", "--output", filepath.Join(dir, "backups"), "--cache-dir", filepath.Join(dir, "cache"), "--api-url", apiURL}, unlimited...)...)
		cmd.Env = append(os.Environ(), "CODA_API_TOKEN=any", "XDG_CONFIG_HOME="+filepath.Join(dir, "config"))
		start := time.Now()
		_, peak := runAndMeasure(b, cmd)
		took := time.Since(start)
		if i == 0 {
			c.took, c.peak, c.requests = took, peak, requests.Load()
			continue
		}
		c.again, c.peakAgain = took, peak
	}
	c.cached = bytesBelow(b, filepath.Join(dir, "cache"))
	return c
}

func bytesBelow(b *testing.B, dir string) (n int64) {
	b.Helper()
	err := filepath.WalkDir(dir, func(_ string, d iofs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		n += info.Size()
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return n
}

const manyDocs = 10_000

// BenchmarkManyDocs mounts a workspace of 10,000 docs, and lists them.
func BenchmarkManyDocs(b *testing.B) {
	if !haveFUSE("a mount of 10,000 docs", noLimits) {
		return
	}
	bin := plainProgram(b)
	var ready [2][]time.Duration
	var first [2]float64
	var peak [2]int64
	for n, docs := range []int{manyDocs / 10, manyDocs} {
		_, apiURL := listen(b, codatest.Generate(1, docs, 0, 0, 0), codatest.Options{}, nil)
		for round := range benchRounds {
			dir := b.TempDir()
			m, end := startMount(b, bin, apiURL, dir, unlimited...)
			ready[n] = append(ready[n], m.ready)
			if round == 0 {
				first[n] = timeOf(b, "ls -U docs >/dev/null", m.dir).Seconds()
				peak[n], _ = peakMemory(m.pid)
			}
			end()
		}
		if docs == manyDocs {
			listBench(b, bin, apiURL)
		}
	}
	m := measured{What: "mount ready, 10,000 docs", How: noLimits, Value: ms(median(ready[1])), Unit: "ms", Runs: benchRounds,
		Least: ms(slices.Min(ready[1])), Most: ms(slices.Max(ready[1])), Beside: map[string]float64{"1,000 docs ms": ms(median(ready[0])), "codafs version ms": ms(versionTime(b, bin))}}
	figuresMeasured.add(m.limited(100, 100))
	figuresMeasured.add(growth("first listing of 1,000 → 10,000 docs: time (s)", first[0], first[1]))
	figuresMeasured.add(measured{What: "peak memory, mount, 10,000 docs listed", How: noLimits, Value: mib(peak[1]), Unit: "MiB",
		Beside: map[string]float64{"1,000 docs MiB": mib(peak[0])}}.limited(96, 96))
}

// versionTime is what starting the program costs by itself.
func versionTime(b *testing.B, bin string) time.Duration {
	var took []time.Duration
	for range benchRounds {
		took = append(took, timeOf(b, bin+" version >/dev/null", "/"))
	}
	return median(took)
}

// listBench lists 10,000 folders in a mount, on disk, and through the loopback example.
func listBench(b *testing.B, bin, apiURL string) {
	m, end := startMount(b, bin, apiURL, b.TempDir(), unlimited...)
	defer end()
	disk := b.TempDir()
	names, err := os.ReadDir(filepath.Join(m.dir, "docs"))
	if err != nil || len(names) != manyDocs {
		b.Fatalf("%d names, %v", len(names), err)
	}
	for _, n := range names {
		if err := os.Mkdir(filepath.Join(disk, n.Name()), 0o700); err != nil {
			b.Fatal(err)
		}
	}
	at := places{disk, filepath.Join(m.dir, "docs"), mountLoopback(b, disk)}
	none := func(m measured) measured { return m }
	compare(b, "readdir of 10,000 entries (ls -U)", "ls -U >/dev/null", at, none)
	compare(b, "stat of 10,000 entries (ls -l)", "ls -l >/dev/null", at, func(m measured) measured { return m.limited(1.5, 1.2) })
	peak, err := peakMemory(m.pid)
	if err != nil {
		b.Fatal(err)
	}
	figuresMeasured.add(measured{What: "peak memory, mount, 10,000 docs looked at", How: noLimits, Value: mib(peak), Unit: "MiB"}.limited(96, 96))
}

// BenchmarkTable reads a table of 200,000 rows through a mount.
func BenchmarkTable(b *testing.B) {
	const what = "peak memory, mount, a table of 200,000 rows read"
	if !haveFUSE(what, noLimits) {
		return
	}
	bin, s := plainProgram(b), size{make: oneTable, rows: 200_000}
	w := s.make()
	_, apiURL := listen(b, w, codatest.Options{}, func(service http.Handler) http.Handler { return s.handler(service, w) })
	const rounds = 3
	var peaks []float64
	for range rounds {
		m, end := startMount(b, bin, apiURL, b.TempDir(), unlimited...)
		timeOf(b, "cat docs/*/tables/table/*.csv >/dev/null", m.dir)
		peak, err := peakMemory(m.pid)
		if err != nil {
			b.Fatal(err)
		}
		peaks = append(peaks, mib(peak))
		end()
	}
	figuresMeasured.add(measured{What: what, How: noLimits, Value: median(peaks), Unit: "MiB", Runs: rounds, Least: slices.Min(peaks), Most: slices.Max(peaks)}.limited(96, 96))
}
