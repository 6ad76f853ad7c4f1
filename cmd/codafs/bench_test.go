package main

import (
	"bufio"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/codafs/codafs/coda/codatest"
)

// 'make bench' runs the benchmarks of this package, and TestFigures at its full sizes, once each, and
// ends with a table of all that was measured. Each may be run alone:
//
//	go test -run '^$' -bench Warm -benchtime 1x ./cmd/codafs -args -bench-json "$PWD/bench.json"     -short: a table of 10 MB
//
// Nothing is judged by a time, as times of a machine mean nothing on another: a figure is a
// multiple of something measured in the same run, in turns. bench.md tells how to read them.

// benchRounds is how often each of two is measured, in turns.
const benchRounds = 11

// BenchmarkWarm has programs read a mount of which everything was read before, a copy of it on disk, and that
// copy through go-fuse's own loopback example.
func BenchmarkWarm(b *testing.B) {
	if !haveFUSE("warm walks", noLimits) {
		return
	}
	mnt := mountBench(b, warmWorkspace(), codatest.Options{}, unlimited...)
	docs := filepath.Join(mnt.dir, "docs")
	at := places{mount: docs, disk: copyOf(b, docs)}
	second := copyOf(b, docs) // to compare with
	at.loopback = mountLoopback(b, at.disk)
	for _, doc := range []string{"flat", "tree"} {
		in := places{folderOf(b, at.disk, doc), folderOf(b, at.mount, doc), at.loopback}
		if at.loopback != "" {
			in.loopback = folderOf(b, at.loopback, doc)
		}
		other := filepath.Join(folderOf(b, second, doc), "pages")
		for _, walk := range []struct {
			name, command string
			limit, aim    float64
		}{
			{"find -ls", "find . -ls >/dev/null", 1.5, 1.2},
			{"ls -lR", "ls -lR . >/dev/null", 1.5, 1.2},
			{"du", "du -s . >/dev/null", 1.5, 1.2},
			{"rsync -an", "rsync -an pages/ '" + other + "' >/dev/null", 1.5, 1.2},
			{"grep -r", "grep -r 'no such words' pages >/dev/null; test $? = 1", 8, 1.5},
			{"rg", "rg 'no such words' pages >/dev/null; test $? = 1", 8, 1.5},
			{"tar | wc -c", "tar cf - pages | wc -c >/dev/null", 8, 1.5},
			{"git diff --no-index", "git diff --no-index --quiet pages '" + other + "'", 8, 1.5},
			{"cat of a table of 100 MB", "cat tables/table/*.csv >/dev/null", 1.3, 1.3},
		} {
			if strings.HasPrefix(walk.name, "cat") {
				if doc == "tree" {
					continue // its table is small
				}
				in.drop(b, "tables/table/*.csv")
			}
			what := "warm " + walk.name + ", " + shapes[doc]
			compare(b, what, walk.command, in, func(m measured) measured { return m.limited(walk.limit, walk.aim) })
		}
	}
}

// shapes tell of the docs of warmWorkspace.
var shapes = map[string]string{"flat": "2,000 pages in one folder", "tree": "2,000 pages in 800 folders"}

// places hold the same: a folder on disk, one of a mount, and one of the loopback example over that on
// disk; "" where that is missing.
type places struct{ disk, mount, loopback string }

// drop has the kernel let go of what it holds of files, so that the program that is timed fills its cache. Copying a
// large file out of a mount while it comes in leaves it scattered over the memory, and slower to read from then on.
func (p places) drop(b *testing.B, files string) {
	for _, dir := range []string{p.disk, p.mount, p.loopback} {
		if dir != "" {
			timeOf(b, `for f in `+files+`; do dd if="$f" iflag=nocache count=0; done`, dir)
		}
	}
}

// compare runs a command in each of the places in turns.
func compare(b *testing.B, what, command string, at places, promise func(measured) measured) {
	if program := strings.Fields(command)[0]; !installed(program) {
		figuresMeasured.add(promise(measured{What: what, How: noLimits, Missing: program + " is not installed"}))
		return
	}
	all := []string{at.disk, at.mount, at.loopback}
	took := make([][]time.Duration, len(all))
	for round := range benchRounds + 1 {
		for i := range all {
			n := (i + round) % len(all) // each goes first as often
			if all[n] == "" {
				continue
			}
			d := timeOf(b, command, all[n])
			if round > 0 { // else it was to warm up
				took[n] = append(took[n], d)
			}
		}
	}
	m := promise(ratios(what, noLimits, "x disk", took[1], took[0]))
	m.Beside = map[string]float64{"ms": ms(median(took[1])), "disk ms": ms(median(took[0]))}
	if at.loopback != "" {
		m.Beside["loopback ms"], m.Beside["x loopback"] = ms(median(took[2])), float64(median(took[1]))/float64(median(took[2]))
	}
	figuresMeasured.add(m)
}

func timeOf(tb testing.TB, command, dir string) time.Duration {
	cmd := exec.Command("sh", "-c", command)
	cmd.Dir = dir
	start := time.Now()
	if out, err := cmd.CombinedOutput(); err != nil {
		tb.Fatalf("%s in %s: %v: %s", command, dir, err, out)
	}
	return time.Since(start)
}

func ms(d time.Duration) float64 { return d.Seconds() * 1000 }

func installed(program string) bool {
	_, err := exec.LookPath(program)
	return err == nil
}

func folderOf(b *testing.B, docs, name string) string {
	b.Helper()
	found, err := filepath.Glob(filepath.Join(docs, name+"__*"))
	if err != nil || len(found) != 1 {
		b.Fatal(found, err)
	}
	return found[0]
}

// copyOf copies a folder to the disk, where it is when this returns.
func copyOf(b *testing.B, dir string) string {
	b.Helper()
	disk := filepath.Join(b.TempDir(), filepath.Base(dir))
	if out, err := exec.Command("cp", "-a", dir, disk).CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	if err := exec.Command("sync", "-f", disk).Run(); err != nil {
		b.Fatal(err)
	}
	return disk
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

// unlimited takes the limits off that the program keeps to.
var unlimited = []string{"--rate=list=1000000/1s", "--rate=read=1000000/1s", "--rate=export=1000000/1s"}

// benchMount is a mount made by the real program, over a service of its own.
type benchMount struct {
	dir     string
	cache   string
	service *codatest.Server
	pid     int
	ready   time.Duration // from the start of the program until it says that it is mounted
}

// mountBench mounts a workspace with the real program until the benchmark ends.
func mountBench(b *testing.B, w *codatest.Workspace, o codatest.Options, args ...string) benchMount {
	b.Helper()
	service, apiURL := listen(b, w, o, nil)
	m, end := startMount(b, plainProgram(b), apiURL, b.TempDir(), args...)
	b.Cleanup(end)
	m.service = service
	return m
}

// startMount runs the mount command with its mountpoint and cache in dir.
func startMount(b *testing.B, bin, apiURL, dir string, args ...string) (m benchMount, end func()) {
	b.Helper()
	m = benchMount{dir: filepath.Join(dir, "mnt"), cache: filepath.Join(dir, "cache")}
	if err := os.MkdirAll(m.dir, 0o700); err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(bin, append([]string{"mount", "--cache-dir", m.cache, "--api-url", apiURL, m.dir}, args...)...)
	cmd.Env = append(os.Environ(), "CODA_API_TOKEN=any", "XDG_CONFIG_HOME="+filepath.Join(dir, "config"))
	start := time.Now()
	end = startUntil(b, cmd, "mounted at")
	m.ready, m.pid = time.Since(start), cmd.Process.Pid
	return m, end
}

// startUntil starts a program that says when it is ready; end interrupts it and waits.
func startUntil(b *testing.B, cmd *exec.Cmd, ready string) (end func()) {
	b.Helper()
	talk, w, err := os.Pipe()
	if err != nil {
		b.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = w, w
	err = cmd.Start()
	w.Close()
	if err != nil {
		b.Fatal(err)
	}
	lines := bufio.NewScanner(talk)
	if !lines.Scan() || !strings.Contains(lines.Text(), ready) {
		b.Fatalf("%q, %v", lines.Text(), cmd.Wait())
	}
	ended := make(chan error)
	go func() {
		for lines.Scan() {
			b.Log(lines.Text())
		}
		talk.Close()
		ended <- cmd.Wait()
	}()
	return func() {
		_ = cmd.Process.Signal(os.Interrupt)
		if err := <-ended; err != nil {
			b.Error(err)
		}
	}
}

// mountLoopback mounts go-fuse's example of a filesystem over dir, until the benchmark ends. It gives "" where
// the example cannot be built.
func mountLoopback(b *testing.B, dir string) (mnt string) {
	b.Helper()
	work := b.TempDir()
	bin, mnt := filepath.Join(work, "loopback"), filepath.Join(work, "mnt")
	if out, err := exec.Command("go", "build", "-o", bin, "github.com/hanwen/go-fuse/v2/example/loopback").CombinedOutput(); err != nil {
		b.Logf("no loopback: %v\n%s", err, out)
		return ""
	}
	if err := os.Mkdir(mnt, 0o700); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(startUntil(b, exec.Command(bin, mnt, dir), "Mounted!"))
	return mnt
}
