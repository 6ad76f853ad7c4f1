package treetest_test

import (
	"context"
	"crypto/sha256"
	"math/rand/v2"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/codafs/codafs/cache"
	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/remote"
	"github.com/codafs/codafs/fs/remote/keys"
	"github.com/codafs/codafs/fs/source/codadocs"
	"github.com/codafs/codafs/fs/treetest"
)

// TestADayInTheOffice lives through a simulated day: programs read, people edit, the service's reads
// lag, it goes away, the cache is too small, and now and then codafs is started anew.
func TestADayInTheOffice(t *testing.T) {
	length := time.Hour
	if os.Getenv("CODAFS_SOAK") == "1" {
		length = 24 * time.Hour
	}
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		d := newDay(t, dir, 1)
		d.live(length)
		d.sum()
	})
}

// day is what happens, and what was seen.
type day struct {
	t    *testing.T
	seed uint64
	dir  string
	w    *treetest.Workspace
	h    *history
	ed   editor
	log  sightings

	disk atomic.Pointer[cache.Disk]
	tree *remote.Tree
}

// sightings count what happened: a day without them shows nothing.
type sightings struct {
	mu                          sync.Mutex
	reads, late, young, inspite int
	evicted, lagged, failed     int
	idle                        []idle
}

// idle is what the process held while nobody read.
type idle struct {
	goroutines int
	heap       uint64
}

func newDay(t *testing.T, dir string, seed uint64) *day {
	d := &day{t: t, seed: seed, dir: dir}
	state := smallOffice(d.rand("workspace"))
	d.w = treetest.New(t, state, treetest.Options{Paced: true,
		Service: codatest.Options{Latency: 50 * time.Millisecond, ExportTime: 2 * time.Second, Lag: d.lag(d.rand("lag"))}})
	d.h = newHistory(t, d.w)
	d.ed = editor{rng: d.rand("editor"), w: state, h: d.h}
	return d
}

// rand gives each actor its own numbers, so that none depends on when another one runs.
func (d *day) rand(actor string) *rand.Rand {
	var sum [32]byte
	copy(sum[:], actor)
	sum[31] = byte(d.seed)
	return rand.New(rand.NewChaCha8(sum))
}

const mostLag = 5 * time.Minute

// lag has every other read of content lag, and some lists of a doc. A doc's own stamp never does.
func (d *day) lag(rng *rand.Rand) func(method, path string) time.Duration {
	return func(method, path string) time.Duration {
		content := method == http.MethodPost || strings.HasSuffix(path, "/rows") || strings.HasSuffix(path, "/columns")
		if strings.Count(path, "/") == 2 || strings.Contains(path, "/export/") || content && rng.IntN(2) == 0 || !content && rng.IntN(5) > 0 {
			return 0
		}
		d.log.count(&d.log.lagged)
		return time.Duration(rng.Int64N(int64(mostLag)))
	}
}

// live goes through the day in rounds, between which all is quiet. Every few rounds the cache is opened
// anew, with nothing in memory, and after the first of these times the tree is another one: the rest of
// the day is one long life.
func (d *day) live(length time.Duration) {
	ctx, cancel := context.WithCancel(d.t.Context())
	var service sync.WaitGroup
	service.Go(func() { d.outages(ctx) })
	const round, renewal = 10 * time.Minute, 3
	d.openCache()
	d.newTree()
	for n := range int(length / round) {
		d.round(time.Now().Add(round))
		if n%renewal != renewal-1 {
			continue
		}
		d.closeCache()
		d.openCache()
		if n < renewal {
			d.tree.Close()
			d.newTree()
		}
		d.watch()
	}
	cancel()
	service.Wait()
	d.tree.Close()
	d.closeCache()
}

// openCache opens the cache that earlier runs have left.
func (d *day) openCache() {
	disk, err := cache.OpenDisk(d.dir, cache.Options{MaxBytes: officeCache, Last: keys.EvictLast, Undated: keys.Undated, Now: d.w.Clock.Now})
	if err != nil {
		d.t.Fatal(err)
	}
	d.disk.Store(disk)
}

func (d *day) closeCache() {
	disk := d.disk.Load()
	disk.Close()
	d.log.evicted += int(disk.Counts().Evicted)
}

func (d *day) newTree() {
	d.tree = codadocs.New(d.w.Client, renewed{&d.disk}, codadocs.Options{Options: remote.Options{Account: "test", Prefetch: 16, Now: d.w.Clock.Now}})
}

// renewed is a cache that may be opened anew behind a tree.
type renewed struct{ disk *atomic.Pointer[cache.Disk] }

func (r renewed) store() fs.Store { return treetest.Kept(r.disk.Load()) }

func (r renewed) Get(ctx context.Context, key string, fill cache.Fill) (fs.Content, error) {
	return r.store().Get(ctx, key, fill)
}

func (r renewed) Put(ctx context.Context, key string, fill cache.Fill) (fs.Content, error) {
	return r.store().Put(ctx, key, fill)
}

func (r renewed) Lookup(ctx context.Context, key string) (fs.Content, bool) {
	return r.store().Lookup(ctx, key)
}

func (r renewed) Size(key string) (int64, bool) { return r.store().Size(key) }
func (r renewed) Has(key string) bool           { return r.store().Has(key) }

func (r renewed) Filled(key string) (time.Time, bool) { return r.store().Filled(key) }

func (r renewed) Sum(key string) ([sha256.Size]byte, bool) { return r.store().Sum(key) }

// round has all actors act until end.
func (d *day) round(end time.Time) {
	ctx, cancel := context.WithDeadline(d.t.Context(), end)
	defer cancel()
	var actors sync.WaitGroup
	actors.Go(func() { d.tree.Run(ctx, time.Minute) })
	actors.Go(func() { d.every(ctx, "editor", 2*time.Minute, func(*rand.Rand) { d.ed.edit() }) })
	for _, name := range []string{"reader 1", "reader 2", "reader 3"} {
		actors.Go(func() { d.every(ctx, name, 20*time.Second, d.readSome) })
	}
	actors.Go(func() { d.every(ctx, "walker", 8*time.Minute, d.readEverything) })
	actors.Wait()
}

// watch notes what the process holds. What the cache has in memory was just dropped.
func (d *day) watch() {
	synctest.Wait()
	d.w.ForgetRequests()
	d.h.service.ForgetRequests()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	d.log.idle = append(d.log.idle, idle{runtime.NumGoroutine(), m.HeapAlloc})
}

// every has an actor act, at random but so often on average, until ctx ends.
func (d *day) every(ctx context.Context, name string, mean time.Duration, act func(*rand.Rand)) {
	rng := d.rand(name + time.Now().String())
	for {
		select {
		case <-time.After(time.Duration(rng.ExpFloat64() * float64(mean))):
			act(rng)
		case <-ctx.Done():
			return
		}
	}
}

// outages has the service go away: it answers nonsense, or nothing at all.
func (d *day) outages(ctx context.Context) {
	d.every(ctx, "outages", 30*time.Minute, func(rng *rand.Rand) {
		faults := []codatest.Fault{{Kind: codatest.Reset}, {Status: http.StatusServiceUnavailable}, {Kind: codatest.HTML}}
		d.w.Fail(faults[rng.IntN(len(faults))])
		d.h.outage(true)
		select {
		case <-time.After(time.Duration(rng.Int64N(int64(15 * time.Minute)))):
		case <-ctx.Done():
		}
		d.w.Heal()
		d.h.outage(false)
	})
}

// readSome reads a file that it comes to at random.
func (d *day) readSome(rng *rand.Rand) {
	since := time.Now()
	var n fs.Node = d.tree.Root()
	for {
		dir, ok := n.(fs.Dir)
		if !ok {
			break
		}
		nodes, err := dir.Entries(d.t.Context())
		if err != nil || len(nodes) == 0 {
			d.missing(objectOf(dir), since, err)
			return
		}
		n = nodes[rng.IntN(len(nodes))]
	}
	d.read(n.(fs.File))
}

// readEverything reads all files one after the other, as grep -r does, and misses none.
func (d *day) readEverything(*rand.Rand) {
	since := time.Now()
	seen := map[object]bool{}
	err := walk(d.t.Context(), d.tree.Root(), func(f fs.File) error {
		seen[objectOf(f)] = true
		d.read(f)
		return nil
	})
	unlock := d.h.lock()
	defer unlock()
	if err != nil && d.h.calm(since, time.Now()) {
		d.t.Logf("a walk broke off: %v", err)
		return
	}
	for p := range d.h.states {
		if err == nil && !seen[p.object] && d.h.sureOf(p.object, since, time.Now()) {
			d.t.Errorf("at %v: a walk did not come by %v", d.w.Clock.Now(), p.object)
		}
	}
}

// read reads a file and has the history judge it.
func (d *day) read(f fs.File) {
	since := time.Now()
	data, v, err := readAll(d.t.Context(), f)
	if err != nil {
		d.missing(objectOf(f), since, err)
		return
	}
	defer d.h.lock()()
	now := time.Now()
	got := d.h.judge(objectOf(f), data, v, since, now)
	down := !d.h.calm(since, now)
	if got == neverWas || got == tooOld && !down { // what nobody asked for while there was a service stays old
		d.t.Errorf("%v of version %v: %s", objectOf(f), v, d.h.why(objectOf(f), data, v, since, now))
	}
	d.log.count(&d.log.reads)
	if got == older {
		d.log.count(&d.log.late)
	}
	if v.Young() {
		d.log.count(&d.log.young)
	}
	if down {
		d.log.count(&d.log.inspite)
	}
}

// missing judges what could not be read.
func (d *day) missing(o object, since time.Time, err error) {
	defer d.h.lock()()
	d.log.count(&d.log.failed)
	if d.h.sureOf(o, since, time.Now()) {
		d.t.Errorf("at %v: %v: %v", d.w.Clock.Now(), o, err)
	}
}

func (s *sightings) count(n *int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	*n++
}

// sum reports what the day showed, and fails where it showed too little or things piled up.
func (d *day) sum() {
	l := &d.log
	d.t.Logf("%d edits, %d outages; %d reads: %d older than the newest, %d young, %d while the service was away; %d failed; %d lagging answers, %d evictions; idle at first %+v, at last %+v",
		d.ed.count, len(d.h.outages), l.reads, l.late, l.young, l.inspite, l.failed, l.lagged, l.evicted, l.idle[0], l.idle[len(l.idle)-1])
	for what, n := range map[string]int{"edits": d.ed.count, "outages": len(d.h.outages), "reads of the older": l.late,
		"young reads": l.young, "reads without the service": l.inspite, "lagging answers": l.lagged, "evictions": l.evicted} {
		if n == 0 {
			d.t.Errorf("the day had no %s", what)
		}
	}
	third := len(l.idle) / 3
	if third < 10 {
		return // a few moments show nothing: some work may go on behind
	}
	first, last := least(l.idle[:third]), least(l.idle[len(l.idle)-third:])
	if last.goroutines > first.goroutines {
		d.t.Errorf("%d goroutines, then %d", first.goroutines, last.goroutines)
	}
	if last.heap > first.heap+2<<20 {
		d.t.Errorf("%d bytes of heap, then %d", first.heap, last.heap)
	}
}

// least takes the quietest moments.
func least(all []idle) idle {
	return idle{slices.MinFunc(all, func(a, b idle) int { return a.goroutines - b.goroutines }).goroutines,
		slices.MinFunc(all, func(a, b idle) int { return int(a.heap) - int(b.heap) }).heap}
}
