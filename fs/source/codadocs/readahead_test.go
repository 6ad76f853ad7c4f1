package codadocs_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/coda/rate"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/treetest"
)

const mostAhead = 16

// slow is a tree over a service that takes its time and has limits, as the real one does.
func slow(t *testing.T, state *codatest.Workspace, prefetch int) *treetest.Workspace {
	return treetest.New(t, state, treetest.Options{Paced: true, Prefetch: prefetch,
		Service: codatest.Options{Latency: 50 * time.Millisecond, ExportTime: 2 * time.Second}})
}

// bigDoc has 200 pages in a tree.
func bigDoc() *codatest.Workspace { return codatest.Generate(7, 1, 200, 0, 0) }

// programs go through all files below a folder, each in its own order.
var programs = map[string]func(t *testing.T, w *treetest.Workspace) []string{
	"as listed": func(t *testing.T, w *treetest.Workspace) []string {
		return listed(t, w, "docs", false)
	},
	"as listed, files first": func(t *testing.T, w *treetest.Workspace) []string {
		return listed(t, w, "docs", true)
	},
	// ripgrep and fd put what they find on a stack.
	"as listed, from the end": func(t *testing.T, w *treetest.Workspace) []string {
		all := listed(t, w, "docs", false)
		slices.Reverse(all)
		return all
	},
	"sorted": func(t *testing.T, w *treetest.Workspace) (all []string) {
		return slices.DeleteFunc(walked(t, w), func(p string) bool { return !isFile(p) })
	},
	"sorted, files first": func(t *testing.T, w *treetest.Workspace) []string {
		all := slices.DeleteFunc(walked(t, w), func(p string) bool { return !isFile(p) })
		slices.SortFunc(all, func(a, b string) int {
			for {
				x, restA, deepA := strings.Cut(a, "/")
				y, restB, deepB := strings.Cut(b, "/")
				switch {
				case deepA && deepB && x == y:
					a, b = restA, restB
				case deepA != deepB && deepA:
					return 1
				case deepA != deepB:
					return -1
				default:
					return strings.Compare(x, y)
				}
			}
		})
		return all
	},
}

// isFile tells files from folders by their names, none of which has a dot but before its ending.
func isFile(path string) bool { return strings.Contains(path[strings.LastIndex(path, "/"):], ".") }

func listed(t *testing.T, w *treetest.Workspace, dir string, filesFirst bool) (all []string) {
	nodes, err := folder(t, w, dir).Entries(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var later []string
	for _, n := range nodes {
		path := dir + "/" + n.Name()
		_, isDir := n.(fs.Dir)
		switch {
		case !isDir:
			all = append(all, path)
		case filesFirst:
			later = append(later, path)
		default:
			all = append(all, listed(t, w, path, filesFirst)...)
		}
	}
	for _, path := range later {
		all = append(all, listed(t, w, path, filesFirst)...)
	}
	return all
}

// counts are the requests of one run.
type counts struct{ exports, reads, lists int }

func counted(w *treetest.Workspace) (c counts) {
	for _, r := range w.Requests() {
		switch {
		case r.Download:
		case r.Method == http.MethodPost:
			c.exports++
		case r.Path == "/docs":
			c.lists++
		default:
			c.reads++
		}
	}
	return c
}

// floor is the least time in which so many requests can be sent under the published limits, where
// the first of each class go at once. No answer's time is in it.
func (c counts) floor() time.Duration {
	least := func(n int, class rate.Class) time.Duration {
		r := coda.DefaultRates[class]
		return time.Duration(max(n-1, 0)/r.N) * r.Per
	}
	return max(least(c.exports, coda.ClassExport), least(c.reads, coda.ClassRead), least(c.lists, coda.ClassList))
}

// twice gives what was asked more than once, apart from polls and from what has no stamp.
func twice(w *treetest.Workspace) (again []string) {
	seen := map[string]bool{}
	for _, r := range w.Requests() {
		key := fmt.Sprint(r.Method, " ", r.Path, " ", r.Query)
		if seen[key] && !strings.Contains(r.Path, "/export/") && !strings.HasSuffix(r.Path, "/permissions") {
			again = append(again, key)
		}
		seen[key] = true
	}
	return again
}

func pages(paths []string) []string {
	return slices.DeleteFunc(slices.Clone(paths), func(p string) bool { return !strings.HasSuffix(p, ".md") })
}

// A program that reads one file after the other is nearly as fast as the service's limits allow.
func TestWalkTakesLittleMoreThanTheRateLimits(t *testing.T) {
	for name, program := range programs {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := slow(t, bigDoc(), mostAhead)
				start := time.Now()
				for _, p := range program(t, w) {
					read(t, w, p)
				}
				took := time.Since(start)
				c := counted(w)
				t.Logf("%v with %+v; the floor is %v (%.3f)", took, c, c.floor(), took.Seconds()/c.floor().Seconds())
				if c.exports != 200 {
					t.Errorf("%d exports for 200 pages", c.exports)
				}
				if took > c.floor()*112/100 {
					t.Errorf("took %v, want 1.12 × %v at most", took, c.floor())
				}
				if again := twice(w); len(again) > 0 {
					t.Errorf("asked again: %d requests, such as %s", len(again), again[0])
				}
			})
		})
	}
}

func TestWithoutPrefetchNothingIsAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := slow(t, bigDoc(), 0)
		for i, p := range pages(listed(t, w, "docs", false))[:12] {
			read(t, w, p)
			if c := counted(w); c.exports != i+1 {
				t.Fatalf("%d exports after %d reads", c.exports, i+1)
			}
		}
	})
}

func TestAWalkThatStopsLeavesLittleBehind(t *testing.T) {
	for name, program := range programs {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := slow(t, bigDoc(), mostAhead)
				half := pages(program(t, w))[:90]
				for i, p := range half {
					read(t, w, p)
					if c := counted(w); c.exports > i+1+mostAhead {
						t.Fatalf("%d exports when %d files were read", c.exports, i+1)
					}
				}
				time.Sleep(time.Hour)
				stopped := counted(w).exports
				if stopped > len(half)+mostAhead {
					t.Errorf("%d exports for %d reads", stopped, len(half))
				}
				for _, p := range pages(program(t, w))[150:153] { // another one is seen as this one was
					read(t, w, p)
				}
				time.Sleep(time.Hour)
				if n := counted(w).exports - stopped; n <= 3 || n > 3+mostAhead {
					t.Errorf("%d exports for 3 more reads", n)
				}
			})
		})
	}
}

func TestLookingStartsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := slow(t, bigDoc(), mostAhead)
		for _, p := range pages(listed(t, w, "docs", false)) {
			f := file(t, w, p)
			v := version(t, f)
			f.Size(v)
			f.Estimate(v)
			f.Object()
		}
		time.Sleep(time.Minute)
		if c := counted(w); c.exports > 0 {
			t.Errorf("%d exports", c.exports)
		}
	})
}

func TestRandomReadsStartNextToNothing(t *testing.T) {
	ahead := 0
	const runs, reads = 10, 20
	for seed := range uint64(runs) {
		synctest.Test(t, func(t *testing.T) {
			w := slow(t, bigDoc(), mostAhead)
			all := pages(listed(t, w, "docs", false))
			for _, i := range rand.New(rand.NewPCG(seed, 1)).Perm(len(all))[:reads] {
				read(t, w, all[i])
			}
			time.Sleep(time.Minute)
			ahead += counted(w).exports - reads
		})
	}
	t.Logf("%d files ahead of %d reads", ahead, runs*reads)
	if ahead > runs*reads/10 {
		t.Errorf("%d files ahead of %d reads at random", ahead, runs*reads)
	}
}

// Programs that stat, then open, have each file opened twice.
func TestAWalkOfManyThreadsIsSeenToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := slow(t, bigDoc(), mostAhead)
		all := pages(listed(t, w, "docs", false))
		start := time.Now()
		var next atomic.Int64
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				for i := next.Add(1); int(i) <= len(all); i = next.Add(1) {
					read(t, w, all[i-1])
					read(t, w, all[i-1])
				}
			})
		}
		wg.Wait()
		c := counted(w)
		if took := time.Since(start); c.exports != len(all) || took > c.floor()*112/100 {
			t.Errorf("took %v with %+v; the floor is %v", took, c, c.floor())
		}
	})
}

func TestAllReadersTogetherHaveOneBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := slow(t, codatest.Generate(3, 3, 60, 0, 0), mostAhead)
		walks := map[string][]string{}
		for _, p := range pages(listed(t, w, "docs", false)) {
			doc := strings.Split(p, "/")[1]
			walks[doc] = append(walks[doc], p)
		}
		var begun atomic.Int64
		var wg sync.WaitGroup
		for _, all := range walks {
			wg.Go(func() {
				for _, p := range all {
					begun.Add(1)
					read(t, w, p)
					if n := begun.Load(); int64(counted(w).exports) > n+mostAhead {
						t.Errorf("%d exports for %d reads", counted(w).exports, n)
					}
				}
			})
		}
		wg.Wait()
	})
}

// files with an ending, as the tree lists them.
func ending(paths []string, with string) []string {
	return slices.DeleteFunc(slices.Clone(paths), func(p string) bool { return !strings.HasSuffix(p, with) })
}

func rowRequests(w *treetest.Workspace) int {
	return w.Count(func(r codatest.Request) bool { return strings.HasSuffix(r.Path, "/rows") })
}

func TestRowsAreReadAheadAndJSONIsNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := slow(t, codatest.Generate(5, 1, 1, 40, 3), mostAhead)
		all := listed(t, w, "docs", false)
		for _, p := range ending(all, ".json") {
			read(t, w, p)
		}
		time.Sleep(time.Minute)
		if n := rowRequests(w); n > 0 {
			t.Errorf("%d requests for rows when JSON files were read", n)
		}
		csvs := ending(all, ".csv")
		for i, p := range csvs[:5] {
			read(t, w, p)
			if n := rowRequests(w); n > i+1+mostAhead {
				t.Errorf("%d requests for rows when %d tables were read", n, i+1)
			}
		}
		time.Sleep(time.Second)
		if n := rowRequests(w); n != 5+mostAhead {
			t.Errorf("%d requests for rows a second later, want %d", n, 5+mostAhead)
		}
	})
}

// Where programs stop, what they have not come to may be large.
func TestFetchingAheadEndsSoonAfterItsReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := treetest.New(t, codatest.Generate(5, 1, 1, 12, 150), treetest.Options{Paced: true, Prefetch: mostAhead,
			Service: codatest.Options{Latency: 50 * time.Millisecond, PageSize: 1}})
		for _, p := range ending(listed(t, w, "docs", false), ".csv")[:2] {
			read(t, w, p)
		}
		time.Sleep(11 * time.Second)
		soon := rowRequests(w)
		time.Sleep(time.Hour)
		if later := rowRequests(w); soon <= 2*150 || later != soon {
			t.Errorf("%d requests for rows within 11 s, %d within an hour", soon, later)
		}
	})
}

// A reader that waits for a file is not idle.
func TestFetchingAheadGoesOnWhileItsReaderWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := slow(t, codatest.Generate(5, 1, 1, 12, 3), mostAhead)
		w.Fail(codatest.Fault{Path: ".*/rows", Kind: codatest.SlowBody, Delay: 30 * time.Second})
		for _, p := range ending(listed(t, w, "docs", false), ".csv") {
			read(t, w, p)
		}
		if again := twice(w); len(again) > 0 {
			t.Errorf("asked again: %v", again)
		}
	})
}

func TestWhatIsAtHandIsNotFetchedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := slow(t, bigDoc(), 0)
		all := pages(listed(t, w, "docs", false))[:60]
		for i := 0; i < len(all); i += 3 {
			read(t, w, all[i])
		}
		ahead := treetest.New(t, w.State, treetest.Options{Paced: true, Prefetch: mostAhead, Store: w.Store})
		for _, p := range all {
			read(t, ahead, p)
		}
		time.Sleep(time.Minute)
		if c, want := counted(ahead), len(all)*2/3; c.exports < want || c.exports > want+mostAhead {
			t.Errorf("%d exports, want %d and what is ahead at the end", c.exports, want)
		}
		if again := twice(ahead); len(again) > 0 {
			t.Errorf("asked again: %v", again)
		}
		before := counted(ahead)
		for _, p := range all {
			read(t, ahead, p)
		}
		time.Sleep(time.Minute)
		if c := counted(ahead); c != before {
			t.Errorf("a second walk sent something: %+v, then %+v", before, c)
		}
	})
}

func TestAFailureAheadIsTheReadersToMeet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := slow(t, bigDoc(), mostAhead)
		all := pages(listed(t, w, "docs", false))
		broken := file(t, w, all[6]).Object().ID
		w.Fail(codatest.Fault{Method: http.MethodPost, Path: ".*/pages/" + broken + "/export", Status: http.StatusInternalServerError})
		for _, p := range all[:4] {
			read(t, w, p)
		}
		time.Sleep(time.Minute)
		asked := func() int {
			return w.Count(func(r codatest.Request) bool { return r.Method == http.MethodPost && strings.Contains(r.Path, broken) })
		}
		if n := asked(); n != 1 || len(w.Tree.Failures()) > 0 {
			t.Errorf("%d requests ahead and %d failures, want one request and none", n, len(w.Tree.Failures()))
		}
		f := file(t, w, all[6])
		if _, err := open(t.Context(), f, version(t, f)); err == nil || asked() != 2 || len(w.Tree.Failures()) != 1 {
			t.Errorf("its reader got %v after %d requests, failures: %v", err, asked(), w.Tree.Failures())
		}
	})
}

func TestNothingIsAheadWhileTheServiceIsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const ahead = 2
		w := slow(t, bigDoc(), ahead)
		all := pages(listed(t, w, "docs", false))
		begin := func(from, to int) {
			for _, p := range all[from:to] {
				read(t, w, p)
			}
			time.Sleep(5 * time.Second)
		}
		begin(0, 4)
		w.Fail(codatest.Fault{Path: "/docs", Status: http.StatusServiceUnavailable})
		if err := w.Tree.Refresh(t.Context()); err == nil {
			t.Fatal("the service is not down")
		}
		begin(4, 8)
		begin(50, 54)
		if c := counted(w); c.exports != 12 {
			t.Errorf("%d exports for 12 reads", c.exports)
		}
	})
}

// While a snapshot has the bucket full of its own exports, a file that was begun ahead goes before
// them as soon as its reader has come to it.
func TestAReaderWaitsForNoOtherBackgroundWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := slow(t, bigDoc(), mostAhead)
		all := pages(listed(t, w, "docs", false))
		first := file(t, w, all[0]).Object()
		for _, p := range all[:4] {
			read(t, w, p)
		}
		ctx, cancel := context.WithCancel(rate.Background(t.Context()))
		var others sync.WaitGroup
		for _, p := range all[100:160] {
			id := file(t, w, p).Object().ID
			others.Go(func() { _, _ = w.Client.ExportPage(ctx, first.DocID, id, coda.Markdown) })
		}
		synctest.Wait()
		longest := time.Duration(0)
		for _, p := range all[4:40] {
			start := time.Now()
			read(t, w, p)
			longest = max(longest, time.Since(start))
		}
		cancel()
		others.Wait()
		// One window until the bucket admits anything at all, and the export itself.
		if most := 6250*time.Millisecond + 3*time.Second; longest > most {
			t.Errorf("a read took %v, want %v at most", longest, most)
		}
	})
}

func TestCloseEndsWhatIsAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := slow(t, bigDoc(), mostAhead)
		for _, p := range pages(listed(t, w, "docs", false))[:8] {
			read(t, w, p)
		}
		start := time.Now()
		w.Tree.Close()
		if waited := time.Since(start); waited > 0 {
			t.Errorf("closing took %v", waited)
		}
		before := len(w.Requests())
		time.Sleep(time.Hour)
		if n := len(w.Requests()) - before; n > 0 {
			t.Errorf("%d requests after the end", n)
		}
	})
}
