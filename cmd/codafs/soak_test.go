package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	iofs "io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/fs/source/codadocs"
	"github.com/codafs/codafs/fs/treetest"
)

// A workspace that is edited all the time and goes away now and then, 50 readers, a cache that holds a part of it, and
// a second mount that comes and goes under its readers. What is read is never torn; after each of two rounds all bytes
// are those of the service, and after the second the mount holds no more than after the first.
func TestSoak(t *testing.T) {
	round := 1500 * time.Millisecond
	if soak {
		round = 150 * time.Second
	}
	o := newOffice(t)
	mnt := filepath.Join(o.dir, "mnt")
	cmd, ended := o.mount(t, mnt, o.flags()...)
	o.walk(mnt)
	var held [2]resources
	for i := range held {
		o.start(round)
		for range 50 {
			o.beside(func() { o.read(mnt) })
		}
		o.beside(o.edit)
		o.beside(o.outages)
		o.beside(func() { o.comeAndGo(t) })
		o.work.Wait()

		o.service.Heal()
		o.wantEqual(t, mnt)
		held[i] = resourcesOf(t, mnt)
		t.Logf("%d edits, %d outages, %d mounts, %d reads, %d of them failed; the mount has %+v",
			o.edits.Load(), o.away.Load(), o.mounts.Load(), o.reads.Load(), o.failed.Load(), held[i])
	}
	wantNoMore(t, held[0], held[1])
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if said, err := ended(); err != nil {
		t.Errorf("%v\n%s", err, said)
	}
	if out, _ := exec.Command("findmnt", "-n", "-l", "-o", "TARGET", "-t", "fuse.codafs").Output(); bytes.Contains(out, []byte(o.dir)) {
		t.Errorf("mounts are left behind:\n%s", out)
	}
}

// office is the workspace and all who work with it.
type office struct {
	realService
	state *codatest.Workspace
	until time.Time
	work  sync.WaitGroup
	t     *testing.T

	edits, away, mounts, reads, failed atomic.Int64
}

func newOffice(t *testing.T) *office {
	state := codatest.Generate(11, 4, 30, 2, 40)
	for _, d := range state.Docs {
		for i, p := range d.Pages {
			p.Body = pageText(p.ID, 0, i)
		}
	}
	return &office{realService: serveReal(t, state, codatest.Options{}), state: state, t: t}
}

// pageText is another text for each edit. All its lines tell which, so that a torn one shows.
func pageText(id string, edit, size int) string {
	return strings.Repeat(fmt.Sprintf("edit %d of %s\n\n", edit, id), 1+size*size*3%2000)
}

func (o *office) flags() []string {
	return []string{"--refresh=1s", "--cache-size=1MiB", "--rate=list=10000/1s", "--rate=read=10000/1s", "--rate=export=10000/1s", "--log-level=error"}
}

// start has what follows go on for so long.
func (o *office) start(length time.Duration) { o.until = time.Now().Add(length) }

func (o *office) on() bool { return time.Now().Before(o.until) }

func (o *office) beside(f func()) { o.work.Go(f) }

// pause is the pace of those who would otherwise leave no time to the others. Nothing waits for it to be over.
func pause(most time.Duration) { time.Sleep(rand.N(most)) }

func (o *office) edit() {
	for ; o.on(); pause(60 * time.Millisecond) {
		n := int(o.edits.Add(1))
		d := o.state.Docs[rand.IntN(len(o.state.Docs))]
		p, t := d.Pages[rand.IntN(len(d.Pages))], d.Tables[0]
		if n%3 == 0 {
			o.state.SetCell(d.ID, t.ID, t.Rows[rand.IntN(len(t.Rows))].ID, t.Columns[0].ID, codatest.Text(fmt.Sprint("cell ", n)))
		} else {
			o.state.SetPageBody(d.ID, p.ID, pageText(p.ID, n, rand.IntN(40)))
		}
	}
}

func (o *office) outages() {
	for ; o.on(); pause(3 * time.Second) {
		o.away.Add(1)
		o.service.Fail(codatest.Fault{Kind: codatest.Status, Status: http.StatusServiceUnavailable})
		pause(time.Second)
		o.service.Heal()
	}
}

// comeAndGo mounts the workspace a second time over the same cache, again and again, and takes the mount away while it is
// read: as told, by a signal, and by kill -9.
func (o *office) comeAndGo(t *testing.T) {
	mnt := filepath.Join(o.dir, "second")
	for i := 0; o.on() || i < 3; i++ {
		o.mounts.Add(1)
		cmd, ended := o.mount(t, mnt, o.flags()...)
		var readers sync.WaitGroup
		for range 4 {
			readers.Go(func() { o.walk(mnt) })
		}
		pause(500 * time.Millisecond)
		switch i % 3 {
		case 0:
			if out, err := o.command("unmount", mnt).CombinedOutput(); err != nil {
				t.Errorf("unmount: %v, %s", err, out)
			}
		case 1:
			_ = cmd.Process.Signal(syscall.SIGTERM)
		case 2:
			_ = cmd.Process.Kill()
		}
		said, err := ended()
		if i%3 != 2 && err != nil {
			t.Errorf("mount %d ended with %v: %s", i, err, said)
		}
		readers.Wait()
	}
	_ = o.command("unmount", mnt).Run() // of one that was killed
}

// read reads files by chance until the time is over.
func (o *office) read(mnt string) {
	for o.on() {
		docs, err := os.ReadDir(filepath.Join(mnt, "docs"))
		if err != nil || len(docs) != len(o.state.Docs) {
			o.t.Errorf("%d docs, %v", len(docs), err)
			return
		}
		files, err := filepath.Glob(filepath.Join(mnt, "docs", docs[rand.IntN(len(docs))].Name(), "*", "*.md"))
		if err != nil || len(files) == 0 {
			continue // a glob takes an error for nothing
		}
		o.readOne(files[rand.IntN(len(files))])
	}
}

// walk reads all files in order, as far as it comes.
func (o *office) walk(mnt string) {
	_ = filepath.WalkDir(filepath.Join(mnt, "docs"), func(path string, e iofs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.Type().IsRegular() {
			o.readOne(path)
		}
		return nil
	})
}

func (o *office) readOne(path string) {
	o.reads.Add(1)
	b, err := os.ReadFile(path)
	if err != nil {
		o.failed.Add(1)
		return
	}
	edit := ""
	for line := range strings.Lines(string(b)) {
		if !strings.HasPrefix(line, "edit ") {
			continue
		}
		if edit == "" {
			edit = line
		}
		if line != edit {
			o.t.Errorf("%s is torn: %q and %q", path, edit, line)
			return
		}
	}
}

// wantEqual holds what is mounted, once the last edit was seen, against the service.
func (o *office) wantEqual(t *testing.T, mnt string) {
	t.Helper()
	want := treetest.Read(t, treeOf(t, o.url, codadocs.Selection{}))
	var differ []string
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
		if differ = (treetest.RunOptions{AnyFolderTime: true}).Differ(want, treetest.Read(t, os.DirFS(mnt))); len(differ) == 0 {
			return
		}
		pause(time.Second)
	}
	t.Errorf("the mount is not what the service has:\n%s", strings.Join(differ, "\n"))
}

// resources are what a mount's process holds.
type resources struct{ goroutines, descriptors, kilobytes int }

func resourcesOf(t *testing.T, mnt string) (r resources) {
	t.Helper()
	var status struct{ PID, Goroutines int }
	b, err := os.ReadFile(filepath.Join(mnt, ".codafs", "status.json"))
	if err == nil {
		err = json.Unmarshal(b, &status)
	}
	open, openErr := os.ReadDir(fmt.Sprintf("/proc/%d/fd", status.PID))
	proc, procErr := os.ReadFile(fmt.Sprintf("/proc/%d/status", status.PID))
	if err := errors.Join(err, openErr, procErr); err != nil {
		t.Fatal(err)
	}
	r.goroutines, r.descriptors = status.Goroutines, len(open)
	_, rss, _ := strings.Cut(string(proc), "VmRSS:")
	if r.kilobytes, err = strconv.Atoi(strings.Fields(rss)[0]); err != nil {
		t.Fatal(err)
	}
	return r
}

// mostKilobytes is what README promises of a mount.
const mostKilobytes = 96 << 10

// wantNoMore holds what the mount has after the second round against what it had after the first. The connections to
// the service count too, two goroutines and a descriptor each, and nobody says how many of them are idle.
func wantNoMore(t *testing.T, before, now resources) {
	t.Helper()
	const connections = 50
	if now.goroutines > before.goroutines+2*connections {
		t.Errorf("%d goroutines, %d before", now.goroutines, before.goroutines)
	}
	if now.descriptors > before.descriptors+connections {
		t.Errorf("%d descriptors, %d before", now.descriptors, before.descriptors)
	}
	if now.kilobytes > mostKilobytes {
		t.Errorf("%d KiB, at most %d are promised", now.kilobytes, mostKilobytes)
	}
	// A short round does not fill the memory that the cache may have.
	if soak && now.kilobytes > before.kilobytes*5/4 {
		t.Errorf("%d KiB, %d before", now.kilobytes, before.kilobytes)
	}
}
