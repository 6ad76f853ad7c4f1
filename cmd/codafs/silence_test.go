package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/codafs/codafs/cmd/codafs/internal/backup"
	"github.com/codafs/codafs/cmd/codafs/internal/exit"
	"github.com/codafs/codafs/cmd/codafs/internal/progress"
	"github.com/codafs/codafs/cmd/codafs/internal/term"
	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/snapshot/format"
)

// outage is a way to the service that is cut after so many requests, until it is mended.
type outage struct {
	http.RoundTripper
	left atomic.Int64
	hang bool // nothing comes back; else connections are refused
	cut  atomic.Int64
}

func (o *outage) RoundTrip(r *http.Request) (*http.Response, error) {
	if o.left.Add(-1) >= 0 {
		return o.RoundTripper.RoundTrip(r)
	}
	o.cut.CompareAndSwap(0, time.Now().UnixNano())
	if o.hang {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	return nil, errors.New("connection refused")
}

// Coda falls silent in the middle of a run: it ends after five minutes, keeps what is done, and says
// how to go on. The next run takes that up.
func TestARunEndsWhenCodaFallsSilent(t *testing.T) {
	type silence struct{ hang, json bool }
	for _, s := range sample(t, []silence{{false, false}, {false, true}, {true, false}, {true, true}}, 2) {
		t.Run(fmt.Sprintf("%+v", s), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { fallSilent(t, s.hang, s.json) })
		})
	}
}

func fallSilent(t *testing.T, hang, asJSON bool) {
	// More pages than those of which each may give up before the five minutes have passed.
	service := codatest.New(codatest.Generate(1, 1, 400, 3, 10), codatest.Options{Latency: 50 * time.Millisecond, Throttle: true})
	way := &outage{RoundTripper: service.RoundTripper(), hang: hang}
	const before = 300
	way.left.Store(before)
	dir := quickDir(t)
	var o backup.Options
	var out bytes.Buffer
	var talk stream
	run := func() int {
		out.Reset()
		o := o
		err := snapshotWith(t.Context(), t, &o, way, dir, term.Streams{Out: &out, Err: &talk})
		if err != nil {
			fmt.Fprintln(&talk, exit.Describe(err))
		}
		return exit.Code(err)
	}
	if code := run(); code != format.ExitNoAnswer {
		t.Fatalf("exit code %d\n%s", code, talk.String())
	}
	// Waits for rate limits do not count; between two attempts of one request there may be some.
	if took := time.Since(time.Unix(0, way.cut.Load())); took < progress.SilenceLimit || took > progress.SilenceLimit+time.Minute {
		t.Errorf("ended %v after the last answer", took)
	}
	if !strings.Contains(talk.String(), "Coda has answered nothing for 5m0s; what is done is kept, run again to resume") {
		t.Errorf("said %s", talk.String())
	}
	left, err := filepath.Glob(filepath.Join(dir, "backups", ".partial-*"))
	if err != nil || len(left) != 1 {
		t.Fatal(left, err)
	}
	s := readAs[format.Summary](t, os.DirFS(left[0]), "summary.json")
	if s.ExitCode != format.ExitNoAnswer || s.Result != format.Failed || s.Files == 0 {
		t.Errorf("summary.json has %+v", s)
	}
	if asJSON {
		o.JSON = true
		way.left.Store(0)
		if code := run(); code != format.ExitNoAnswer {
			t.Errorf("exit code %d", code)
		}
		if last := lastSummary(t, out.String()); last.Result != format.Failed || last.Error == "" {
			t.Errorf("the last object is %+v", last)
		}
	}
	sent := service.Count(nil)
	way.left.Store(1 << 40)
	if code := run(); code != 0 {
		t.Fatalf("the next run: exit code %d\n%s", code, talk.String())
	}
	if n := service.Count(func(r codatest.Request) bool { return r.Method == http.MethodPost }); n > 400+backup.PageShare*8 {
		t.Errorf("%d exports for 400 pages, %d requests before the next run", n, sent)
	}
}

// An outage that ends within the five minutes costs a run nothing but time, also one that has less left to do than it takes
// each page to give up.
func TestARunOutlastsAnOutage(t *testing.T) {
	// What hangs when it ends may take two minutes more until it is sent again.
	for hang, length := range map[bool]time.Duration{false: progress.SilenceLimit - 30*time.Second, true: progress.SilenceLimit / 2} {
		for _, before := range []int64{0, 60} { // from the first request on: a machine boots, or wakes
			t.Run(fmt.Sprintf("hang %v, after %d requests", hang, before), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { outlast(t, hang, length, before) })
			})
		}
	}
}

func outlast(t *testing.T, hang bool, length time.Duration, before int64) {
	service := codatest.New(codatest.Generate(1, 1, 30, 1, 10), codatest.Options{Latency: 50 * time.Millisecond, Throttle: true})
	way := &outage{RoundTripper: service.RoundTripper(), hang: hang}
	way.left.Store(before)
	start := time.Now()
	mend := time.AfterFunc(length, func() { way.left.Store(1 << 40) })
	defer mend.Stop()
	var out bytes.Buffer
	var talk stream
	dir := quickDir(t)
	err := snapshotWith(t.Context(), t, &backup.Options{}, way, dir, term.Streams{Out: &out, Err: &talk})
	if cut := time.Unix(0, way.cut.Load()).Sub(start); err != nil || cut > time.Minute || cut < 0 {
		t.Fatalf("%v, cut after %v\n%s", err, cut, talk.String())
	}
}

// A signal stops a run within two seconds, whatever it waits for, and keeps what is done.
func TestASignalStopsARunSoon(t *testing.T) {
	type signal struct {
		after time.Duration
		hang  bool
	}
	var all []signal
	for _, after := range []time.Duration{0, 3 * time.Second, 25 * time.Second, 60 * time.Second, 110 * time.Second} {
		all = append(all, signal{after, false}, signal{after, true})
	}
	for _, s := range sample(t, all, 3) {
		t.Run(fmt.Sprintf("%+v", s), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { stopAfter(t, s.after, s.hang) })
		})
	}
}

func stopAfter(t *testing.T, after time.Duration, hang bool) {
	service := codatest.New(codatest.Generate(1, 1, 200, 100, 10),
		codatest.Options{Latency: 50 * time.Millisecond, Throttle: true, ExportTime: 5 * time.Second})
	way := &outage{RoundTripper: service.RoundTripper(), hang: true}
	way.left.Store(1 << 40)
	dir := quickDir(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	var signaled time.Time
	stop := time.AfterFunc(after, func() {
		if hang {
			way.left.Store(0)
			time.Sleep(30 * time.Second) // so that all that runs hangs
		}
		signaled = time.Now()
		cancel(exit.SignalError{Signal: syscall.SIGTERM})
	})
	defer stop.Stop()
	var out bytes.Buffer
	var talk stream
	err := snapshotWith(ctx, t, &backup.Options{JSON: true}, way, dir, term.Streams{Out: &out, Err: &talk})
	if took := time.Since(signaled); took > 2*time.Second {
		t.Errorf("it took %v to stop", took)
	}
	s := lastSummary(t, out.String())
	if exit.Code(err) != 143 || s.ExitCode != 143 || s.Result != format.Failed {
		t.Errorf("exit code %d, summary %+v", exit.Code(err), s)
	}
	way.left.Store(1 << 40)
	if err := snapshotWith(t.Context(), t, &backup.Options{}, way, dir, term.Streams{Out: &out, Err: &talk}); err != nil {
		t.Fatalf("the next run: %v\n%s", err, talk.String())
	}
	// What was under way is lost, and one more page tells what the token may do.
	exports := service.Count(func(r codatest.Request) bool { return r.Method == http.MethodPost })
	if exports > 200+backup.PageShare*8+1 {
		t.Errorf("%d exports for 200 pages, %d files were done", exports, s.Files)
	}
}

// lastSummary reads the last of the JSON objects that a run printed, which all are one to a line.
func lastSummary(t *testing.T, out string) (s format.Summary) {
	t.Helper()
	var last string
	for line := range strings.Lines(out) {
		if last = line; !json.Valid([]byte(line)) {
			t.Errorf("not an object: %q", line)
		}
	}
	if err := json.Unmarshal([]byte(last), &s); err != nil || s.Schema != "codafs.summary/1" {
		t.Errorf("the last line is %q, %v", last, err)
	}
	return s
}
