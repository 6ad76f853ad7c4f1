package coda_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/coda/rate"
	"github.com/codafs/codafs/coda/rest"
)

// The environment of a test binary that is a client, for this test.
const (
	childURL   = "CODAFS_TEST_URL"
	childState = "CODAFS_TEST_STATE"
	childName  = "CODAFS_TEST_NAME"
)

var fast = rate.Rate{N: 20, Per: 500 * time.Millisecond}

// asClient is a process that reads as fast as it may until its input ends.
func asClient(t *testing.T) {
	c := newClient(t, coda.Options{
		BaseURL: os.Getenv(childURL), StateFile: os.Getenv(childState), UserAgent: os.Getenv(childName),
		Rates: map[rate.Class]rate.Rate{coda.ClassRead: fast}, MaxRetries: rest.NoRetries,
	})
	ctx, stop := context.WithCancel(t.Context())
	go func() {
		defer stop()
		io.Copy(io.Discard, os.Stdin)
	}()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for ctx.Err() == nil {
				if _, err := c.WhoAmI(ctx); err != nil && ctx.Err() == nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}

// visitors counts requests by client, and can be waited for.
type visitors struct {
	http.Handler
	mu   sync.Mutex
	came *sync.Cond
	seen map[string]int
	late bool // nobody need come any more
}

func (v *visitors) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v.mu.Lock()
	v.seen[r.UserAgent()]++
	v.came.Broadcast()
	v.mu.Unlock()
	v.Handler.ServeHTTP(w, r)
}

// wait returns when each client has come n times more.
func (v *visitors) wait(t *testing.T, n int, names ...string) {
	t.Helper()
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, name := range names {
		for goal := v.seen[name] + n; v.seen[name] < goal; v.came.Wait() {
			if v.late {
				t.Fatalf("%s has come %d times in all, want %d", name, v.seen[name], goal)
			}
		}
	}
}

func (v *visitors) giveUp() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.late = true
	v.came.Broadcast()
}

// The windows are those of the requests' arrival. A busy machine may hold some up, and then let several through at once, but hardly
// three times in a row.
func TestProcessesShareTheirBucketsAlsoWhenOneIsKilled(t *testing.T) {
	if os.Getenv(childURL) != "" {
		asClient(t)
		return
	}
	var closest time.Duration
	for range 3 {
		if closest = shareBuckets(t); closest >= fast.Per {
			return
		}
		t.Logf("%d requests came within %v", fast.N+1, closest)
	}
	t.Errorf("%d requests came within %v, want %v at least", fast.N+1, closest, fast.Per)
}

// shareBuckets has three processes send requests, one of which is killed, and gives the shortest time in which one more came than the rate
// allows.
func shareBuckets(t *testing.T) (closest time.Duration) {
	api := codatest.New(small(), codatest.Options{Token: secret})
	v := &visitors{Handler: api, seen: map[string]int{}}
	v.came = sync.NewCond(&v.mu)
	defer time.AfterFunc(time.Minute, v.giveUp).Stop()
	server := httptest.NewServer(v)
	defer server.Close()
	state := filepath.Join(t.TempDir(), "rates", "account.json")
	start := func(name string) (stop func(), kill func()) {
		cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.timeout=1m")
		cmd.Env = append(os.Environ(), childURL+"="+server.URL+codatest.Base, childState+"="+state, childName+"="+name)
		cmd.Stderr = os.Stderr
		in, err := cmd.StdinPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		stop = func() {
			in.Close()
			if err := cmd.Wait(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		kill = func() { cmd.Process.Kill(); cmd.Wait() }
		return stop, kill
	}
	stop, _ := start("one")
	_, kill := start("two")
	v.wait(t, 20, "one", "two")
	kill()
	v.wait(t, 20, "one")
	stop3, _ := start("three")
	v.wait(t, 5, "one", "three")
	stop()
	stop3()
	rs := api.Requests()
	t.Logf("%d requests: %v", len(rs), v.seen)
	closest = time.Hour
	for i := fast.N; i < len(rs); i++ {
		closest = min(closest, rs[i].Time.Sub(rs[i-fast.N].Time))
	}
	return closest
}
