package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/codafs/codafs/coda/codatest"
)

// largeRun is the program at work on a large workspace: one cache and one folder of snapshots for all that it does.
type largeRun struct {
	bin, dir, apiURL string
}

// cost is what one run of the program took.
type cost struct {
	peak      int64
	cpu, took time.Duration
}

func (r largeRun) backups() string { return filepath.Join(r.dir, "backups") }

// run runs a command of the program that talks to the service.
func (r largeRun) run(b *testing.B, args ...string) cost {
	return r.local(b, append(append(args, "--cache-dir", filepath.Join(r.dir, "cache"), "--api-url", r.apiURL), unlimited...)...)
}

// local runs one that does not.
func (r largeRun) local(b *testing.B, args ...string) cost {
	b.Helper()
	cmd := exec.Command(r.bin, args...)
	cmd.Env = append(os.Environ(), "CODA_API_TOKEN=any", "XDG_CONFIG_HOME="+filepath.Join(r.dir, "config"))
	start := time.Now()
	_, peak := runAndMeasure(b, cmd)
	return cost{peak, cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), time.Since(start)}
}

func (r largeRun) snapshot(b *testing.B) cost {
	return r.run(b, "snapshot", "--incremental", "--output", r.backups())
}

// snapshot makes two snapshots, the second of what did not change. What works with snapshots then goes through these, in a
// soak through thirty.
func (l large) snapshot(b *testing.B, w *codatest.Workspace) {
	_, apiURL := listen(b, w, codatest.Options{}, nil)
	r := largeRun{plainProgram(b), b.TempDir(), apiURL}
	most := l.promised(160, 320)
	for _, what := range []string{"first", "unchanged incremental"} {
		c := r.snapshot(b)
		beside := map[string]float64{"s": c.took.Seconds(), "cpu s": c.cpu.Seconds()}
		l.figure(b, measured{What: "peak memory, " + what + " snapshot", Value: mib(c.peak), Unit: "MiB", Beside: beside}.limited(most, most))
		if what != "first" {
			most := 30 * float64(l.docs) / largeDocs
			l.figure(b, measured{What: "processor time, " + what + " snapshot", Value: c.cpu.Seconds(), Unit: "s"}.limited(most, most))
		}
	}
	snapshots := 2
	if soak {
		for ; snapshots < 30; snapshots++ {
			r.snapshot(b)
		}
	}
	l.others(b, r, snapshots)
}

// others measures what reads the workspace, or snapshots of it.
func (l large) others(b *testing.B, r largeRun, snapshots int) {
	pages, err := filepath.Glob(filepath.Join(r.backups(), "latest", "docs", "*", "pages", "*.md"))
	if err != nil || len(pages) == 0 {
		b.Fatalf("%d pages, %v", len(pages), err)
	}
	page, err := filepath.Rel(filepath.Join(r.backups(), "latest"), pages[0])
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range []struct {
		what string
		of   func() cost
	}{
		{"ls docs", func() cost { return r.run(b, "ls", "docs") }},
		{"ls -l of a doc's pages", func() cost { return r.run(b, "ls", "-l", filepath.Dir(page)) }},
		{"cat of a page", func() cost { return r.run(b, "cat", page) }},
		{"diff", func() cost { return r.local(b, "diff", "--output", r.backups()) }},
		{"verify", func() cost { return r.local(b, "verify", filepath.Join(r.backups(), "latest")) }},
		{"list", func() cost { return r.local(b, "list", r.backups()) }},
		{"prune", func() cost { return r.local(b, "prune", r.backups(), "--keep-last=1") }},
	} {
		is := c.of()
		l.figure(b, measured{What: "peak memory, " + c.what, Value: mib(is.peak), Unit: "MiB",
			Beside: map[string]float64{"s": is.took.Seconds(), "cpu s": is.cpu.Seconds(), "snapshots": float64(snapshots)}})
	}
}
