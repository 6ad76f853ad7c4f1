package main

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/codafs/codafs/coda/codatest"
)

// large is a workspace as companies have them: so many docs, each of 100 pages and 2 tables of a few rows. The number of docs is
// CODAFS_SCALE, or 1,000; make soak-scale takes 10,000, which are a million pages.
type large struct{ docs int }

const (
	largeDocs  = 1000
	largePages = 100 // of each doc
)

// promised is what holds up to 1,000 docs, or else what holds up to 10,000.
func (l large) promised(hundredThousandPages, millionPages float64) float64 {
	if l.docs <= largeDocs {
		return hundredThousandPages
	}
	return millionPages
}

func (l large) String() string { return fmt.Sprintf("%d pages in %d docs", l.docs*largePages, l.docs) }

// makeLarge makes the workspace once for all benchmarks. Pages share their texts: only names and stamps are as many as pages.
var makeLarge = sync.OnceValue(func() *codatest.Workspace {
	docs := largeDocs
	if n, err := strconv.Atoi(os.Getenv("CODAFS_SCALE")); err == nil {
		docs = n
	}
	texts := codatest.Generate(7, 1, largePages, 0, 0).Docs[0].Pages
	w := codatest.Generate(7, 0, 0, 0, 0)
	for i := range docs {
		d := codatest.Generate(uint64(i), 1, largePages, 2, 3).Docs[0]
		for n, p := range d.Pages {
			p.Body = texts[n].Body
		}
		w.Docs = append(w.Docs, d)
	}
	return w
})

// BenchmarkScale measures what codafs takes of a machine for a large workspace, with all limits off.
func BenchmarkScale(b *testing.B) {
	w := makeLarge()
	l := large{len(w.Docs)}
	b.Run("names", func(b *testing.B) { l.names(b, w) })
	b.Run("mount", func(b *testing.B) { l.mount(b, w) })
	b.Run("snapshot", func(b *testing.B) { l.snapshot(b, w) })
}

// figure adds a figure. In a soak a promise that is not kept fails.
func (l large) figure(b *testing.B, m measured) {
	m.How = noLimits
	m.What += ", " + l.String()
	if soak && m.verdict() == "MISSED" {
		b.Errorf("%s: %s %s, promised %s", m.What, number(m.Value), m.Unit, m.bound())
	}
	figuresMeasured.add(m)
}

// names has find go through a mount that knows nothing yet. It looks at names alone.
func (l large) names(b *testing.B, w *codatest.Workspace) {
	if !haveFUSE("cold find of a large workspace", noLimits) {
		return
	}
	var requests atomic.Int64 // about docs; the list of docs takes some more
	_, apiURL := listen(b, w, codatest.Options{}, counting(&requests))
	m, end := startMount(b, plainProgram(b), apiURL, b.TempDir(), unlimited...)
	defer end()
	spent := cpuOf(b, m.pid)
	took := timeOf(b, "find . >/dev/null", filepath.Join(m.dir, "docs"))
	beside := map[string]float64{"cpu s": (cpuOf(b, m.pid) - spent).Seconds()}
	most := 15 * float64(l.docs) / largeDocs
	l.figure(b, measured{What: "cold find", Value: took.Seconds(), Unit: "s", Beside: beside}.limited(most, most))
	l.figure(b, measured{What: "cold find, requests", Value: float64(requests.Load()) / float64(l.docs), Unit: "a doc"}.limited(5, 5))
}

// counting counts the requests about single docs.
func counting(n *atomic.Int64) func(http.Handler) http.Handler {
	return func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasPrefix(r.URL.Path, codatest.Base+"/docs/") {
				n.Add(1)
			}
			h.ServeHTTP(w, r)
		})
	}
}

// mount has programs ask for the size of each file of a mount, nearly all of which were never fetched.
func (l large) mount(b *testing.B, w *codatest.Workspace) {
	if !haveFUSE("a mount of a large workspace", noLimits) {
		return
	}
	var requests atomic.Int64
	_, apiURL := listen(b, w, codatest.Options{}, counting(&requests))
	m, end := startMount(b, plainProgram(b), apiURL, b.TempDir(), unlimited...)
	defer end()
	docs := filepath.Join(m.dir, "docs")
	var names float64
	for _, walk := range []string{"first ls -lR", "second ls -lR"} {
		spent, sent := cpuOf(b, m.pid), requests.Load()
		took := timeOf(b, "ls -lR . >/dev/null", docs)
		cpu := cpuOf(b, m.pid) - spent
		if names == 0 {
			names = l.count(b, docs)
		}
		l.figure(b, measured{What: "processor time of a mount for a name, " + walk, Value: cpu.Seconds() * 1e6 / names, Unit: "µs",
			Beside: map[string]float64{"s": took.Seconds(), "names": names, "requests": float64(requests.Load() - sent)}}.limited(60, 60))
	}
	timeOf(b, "find . -ls >/dev/null", docs)
	held, err := memoryOf(m.pid, "VmRSS:")
	if err != nil {
		b.Fatal(err)
	}
	peak, err := peakMemory(m.pid)
	if err != nil {
		b.Fatal(err)
	}
	most := l.promised(192, 512)
	l.figure(b, measured{What: "memory of a mount after find -ls", Value: mib(held), Unit: "MiB",
		Beside: map[string]float64{"peak MiB": mib(peak), "names": names}}.limited(most, most))
}

func (l large) count(b *testing.B, dir string) float64 {
	out, err := exec.Command("sh", "-c", `find "$0" | wc -l`, dir).Output()
	if err != nil {
		b.Fatal(err)
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(out)))
	if err != nil || n < l.docs*largePages {
		b.Fatalf("%d names, %v", n, err)
	}
	return float64(n)
}

// userSecond is how many ticks of /proc a second has, on every system that Linux has today.
const userSecond = 100

// cpuOf is the processor time that a process has taken.
func cpuOf(b *testing.B, pid int) time.Duration {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		b.Fatal(err)
	}
	f := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	var ticks int
	for _, text := range f[11:13] { // utime and stime
		n, err := strconv.Atoi(text)
		if err != nil {
			b.Fatal(err)
		}
		ticks += n
	}
	return time.Duration(ticks) * time.Second / userSecond
}
