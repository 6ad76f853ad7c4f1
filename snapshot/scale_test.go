package snapshot_test

import (
	"context"
	"io"
	iofs "io/fs"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/codafs/codafs/cache"
	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/coda/rate"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/remote"
	"github.com/codafs/codafs/fs/source/codadocs"
	"github.com/codafs/codafs/fs/treetest"
	"github.com/codafs/codafs/snapshot"
	"github.com/codafs/codafs/snapshot/format"
)

// A workspace of so many docs has so many pages and rows in each, and a table. At 100 pages a doc,
// a hundredth of 10,000 docs and a million pages is 100 docs.
const (
	scalePages = 100
	scaleRows  = 1000
)

// scaleCosts are what a workspace costs: in requests, in simulated time, in bytes.
type scaleCosts struct {
	docs                               int
	first, nightly, trusting           map[string]float64 // requests by class, and the minutes that they took
	tree, run                          float64            // bytes held by a tree that was listed whole; by an incremental run
	cacheBytes, cacheFiles             float64
	manifest, files, contents, listing float64
}

// TestCostsGrowNoFasterThanTheWorkspace runs backups of growing workspaces under the documented limits,
// on a clock that is not real, and prints what they cost.
func TestCostsGrowNoFasterThanTheWorkspace(t *testing.T) {
	t.Setenv("CODAFS_OPENAPI", "")
	sizes := []int{1, 4}
	if soak {
		sizes = []int{10, 40, 100}
	}
	var all []scaleCosts
	for _, docs := range sizes {
		dir := filepath.Dir(options(t).Output)
		synctest.Test(t, func(t *testing.T) { all = append(all, scaleOf(t, dir, docs)) })
	}
	small, large := all[len(all)-2], all[len(all)-1]
	for _, row := range scaleRowsOf {
		line := []any{row.name}
		for _, c := range all {
			line = append(line, math.Round(row.of(c)*10)/10)
		}
		exponent := math.Log(row.of(large)/row.of(small)) / math.Log(float64(large.docs)/float64(small.docs))
		line = append(line, "exponent", math.Round(exponent*100)/100)
		t.Log(line...)
		noise := row.memory && row.of(small) < memoryNoise
		if exponent > 1.1 && !noise {
			t.Errorf("%s grows with exponent %.2f", row.name, exponent)
		}
	}
}

// memoryNoise is what else comes and goes in the memory of a process, in KB.
const memoryNoise = 5000

var scaleRowsOf = []struct {
	name   string
	of     func(scaleCosts) float64
	memory bool
}{
	{"docs", func(c scaleCosts) float64 { return float64(c.docs) }, false},
	{"first: exports", func(c scaleCosts) float64 { return c.first["export"] }, false},
	{"first: reads", func(c scaleCosts) float64 { return c.first["read"] }, false},
	{"first: minutes", func(c scaleCosts) float64 { return c.first["minutes"] }, false},
	{"nightly: exports", func(c scaleCosts) float64 { return c.nightly["export"] }, false},
	{"nightly: reads", func(c scaleCosts) float64 { return c.nightly["read"] }, false},
	{"nightly: listings of docs", func(c scaleCosts) float64 { return c.nightly["list"] }, false},
	{"nightly: minutes", func(c scaleCosts) float64 { return c.nightly["minutes"] }, false},
	{"nightly, trusting: exports", func(c scaleCosts) float64 { return c.trusting["export"] }, false},
	{"nightly, trusting: reads", func(c scaleCosts) float64 { return c.trusting["read"] }, false},
	{"nightly, trusting: minutes", func(c scaleCosts) float64 { return c.trusting["minutes"] }, false},
	{"files", func(c scaleCosts) float64 { return c.files }, false},
	{"contents, KB", func(c scaleCosts) float64 { return c.contents / 1000 }, false},
	{"manifest.json, KB", func(c scaleCosts) float64 { return c.manifest / 1000 }, false},
	{"cache, KB", func(c scaleCosts) float64 { return c.cacheBytes / 1000 }, false},
	{"cache, files", func(c scaleCosts) float64 { return c.cacheFiles }, false},
	{"a listed tree in memory, KB", func(c scaleCosts) float64 { return c.tree / 1000 }, true},
	{"its index in memory, KB", func(c scaleCosts) float64 { return c.listing / 1000 }, true},
	{"an incremental run in memory, KB", func(c scaleCosts) float64 { return c.run / 1000 }, true},
}

// scaled is a workspace of some size on its way through its first two nights.
type scaled struct {
	t   *testing.T
	dir string
	w   *treetest.Workspace
	o   snapshot.Options
}

func scaleOf(t *testing.T, dir string, docs int) scaleCosts {
	s := &scaled{t: t, dir: dir, w: treetest.New(t, codatest.Generate(5, docs, scalePages, 1, scaleRows), treetest.Options{Paced: true,
		Service: codatest.Options{Latency: 50 * time.Millisecond, ExportTime: 2 * time.Second}})}
	s.o = optionsFor(filepath.Join(dir, "backups"))
	s.o.Now = s.w.Clock.Now
	s.o.Incremental = true
	c := scaleCosts{docs: docs}
	c.first, _ = s.night()
	s.liveADay()
	c.nightly, c.run = s.night()
	s.liveADay()
	s.o.TrustDocTimestamps = true
	c.trusting, _ = s.night()
	c.tree, c.listing = s.listed()
	c.manifest = s.sizeOf(filepath.Join("backups", "latest", "manifest.json"))
	c.cacheBytes, c.cacheFiles = s.folder("cache")
	c.contents, c.files = s.folder(filepath.Join("backups", "latest", "docs"))
	return c
}

// liveADay has one doc edited, a page and a row of it.
func (s *scaled) liveADay() {
	d := s.w.State.Docs[0]
	s.w.State.SetPageBody(d.ID, d.Pages[0].ID, "# Edited "+time.Now().String()+"\n")
	s.w.State.SetCell(d.ID, d.Tables[0].ID, d.Tables[0].Rows[0].ID, d.Tables[0].Columns[0].ID, codatest.Text(time.Now().String()))
	time.Sleep(24 * time.Hour)
}

// open makes a tree of a new process.
func (s *scaled) open() (tree *remote.Tree, close func()) {
	disk, err := cache.OpenDisk(filepath.Join(s.dir, "cache"), cache.Options{Now: s.w.Clock.Now})
	if err != nil {
		s.t.Fatal(err)
	}
	tree = codadocs.New(s.w.Client, treetest.Kept(disk), codadocs.Options{Options: remote.Options{Account: "test", Now: s.w.Clock.Now}})
	return tree, func() { tree.Close(); disk.Close() }
}

// night makes a snapshot and tells what it cost, and how much it held at most.
func (s *scaled) night() (cost map[string]float64, held float64) {
	tree, closeTree := s.open()
	defer closeTree()
	s.w.ForgetRequests()
	start, heap := time.Now(), heapNow()
	var peak heapWatch
	s.o.Progress = &peak
	if _, err := snapshot.Run(s.t.Context(), treeOrigin{tree}, s.o); err != nil {
		s.t.Fatal(err)
	}
	cost = map[string]float64{"minutes": time.Since(start).Minutes()}
	for _, r := range s.w.Requests() {
		switch {
		case r.Download:
			cost["download"]++
		case r.Method == "POST":
			cost["export"]++
		case r.Path == "/docs":
			cost["list"]++
		default:
			cost["read"]++
		}
	}
	return cost, peak.heap - heap
}

// listed reports what a tree holds that was listed whole, as by a walk over a mount, and the index of it.
func (s *scaled) listed() (tree, index float64) {
	opened, closeTree := s.open()
	defer closeTree()
	s.w.ForgetRequests() // the log is no small part of the memory
	before := heapNow()
	entries, err := treetest.Index(s.t.Context(), opened, fs.Held{})
	if err != nil {
		s.t.Fatal(err)
	}
	both := heapNow()
	runtime.KeepAlive(entries)
	entries = nil
	// What the walk of the index made is gone; now as a mount does it.
	if err := iofs.WalkDir(fs.FS(s.t.Context(), opened.Root()), ".", func(_ string, _ iofs.DirEntry, err error) error { return err }); err != nil {
		s.t.Fatal(err)
	}
	tree = heapNow() - before
	runtime.KeepAlive(opened)
	return tree, both - before
}

func (s *scaled) sizeOf(name string) float64 {
	info, err := os.Stat(filepath.Join(s.dir, name))
	if err != nil {
		s.t.Fatal(err)
	}
	return float64(info.Size())
}

// folder sums up the files below a folder.
func (s *scaled) folder(name string) (bytes, files float64) {
	err := filepath.WalkDir(filepath.Join(s.dir, name), func(_ string, e iofs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			info, infoErr := e.Info()
			bytes, files, err = bytes+float64(info.Size()), files+1, infoErr
		}
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return bytes, files
}

// heapNow is what is in use. What has a finalizer, or is in a pool, takes more than one collection to go.
func heapNow() float64 {
	for range 3 {
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}

// treeOrigin is a tree as package main has it.
type treeOrigin struct{ tree *remote.Tree }

func (t treeOrigin) Index(ctx context.Context, held fs.Held, each func(fs.Entry) error) error {
	return t.tree.Index(rate.Background(ctx), held, each)
}

func (t treeOrigin) Open(ctx context.Context, path string) (io.ReadCloser, error) {
	return fs.FS(rate.Background(ctx), t.tree.Root()).Open(path)
}

// heapWatch looks at the heap when the run has its index, and when half and all of the files are there.
type heapWatch struct {
	files, copied int
	heap          float64
}

func (p *heapWatch) look() { p.heap = max(p.heap, heapNow()) }

func (p *heapWatch) Listed(plan snapshot.Plan) { p.files = plan.Files; p.look() }

func (p *heapWatch) Copied(format.File, snapshot.Estimate) {
	if p.copied++; p.copied == p.files/2 || p.copied == p.files {
		p.look()
	}
}

func (p *heapWatch) Fetching(fs.Entry)                    {}
func (p *heapWatch) Missed(fs.Failure, snapshot.Estimate) {}
