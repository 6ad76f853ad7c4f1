package coda_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	iofs "io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/codafs/codafs/cache/filelock"
	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/rate"
	"github.com/codafs/codafs/coda/rest"
)

// oneASecond has a window of 1.25 s for a single read.
var oneASecond = map[rate.Class]rate.Rate{coda.ClassRead: {N: 1, Per: time.Second}}

// stateFile is the path of a state file in a new folder's new folder.
func stateFile(t *testing.T) string { return filepath.Join(t.TempDir(), "rates", "account.json") }

// read sends a read and tells how long it had to wait.
func (f *fleet) read(nth int) time.Duration {
	start := time.Now()
	_ = one(f.t.Context(), f.client(nth).Client, coda.ClassRead)
	return time.Since(start)
}

func TestAClientLearnsOfTheSendsOfAnother(t *testing.T) {
	path := stateFile(t)
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 2, coda.Options{StateFile: path, Rates: oneASecond})
		for i, want := range []time.Duration{0, time.Second + margin, time.Second + margin, time.Second + margin} {
			if got := f.read(i % 2); got < want || got > want+10*time.Millisecond {
				t.Errorf("read %d waited %v, want %v", i, got, want)
			}
		}
		if got := f.s.at[coda.ClassRead]; len(got) != 4 {
			t.Errorf("%d sends, want 4", len(got))
		}
	})
}

func TestA429PausesAllClientsThatShareTheBucket(t *testing.T) {
	path := stateFile(t)
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 2, coda.Options{StateFile: path, MaxRetries: rest.NoRetries})
		f.s.refusing("40", 1)
		f.read(0)
		if got := f.read(1); got != 40*time.Second {
			t.Errorf("the other client waited %v, want 40s", got)
		}
		f.restart(0)
		if got := f.read(0); got != 0 {
			t.Errorf("after the pause, a read waited %v", got)
		}
	})
}

func TestAMarginOutlivesARestartButNotTheDay(t *testing.T) {
	path := stateFile(t)
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 2, coda.Options{StateFile: path, MaxRetries: rest.NoRetries, Rates: oneASecond})
		f.s.refusing("", 2, 4)
		expect := func(what string, want time.Duration) {
			t.Helper()
			if got := f.read(0); got != time.Second+want {
				t.Errorf("%s the margin is %v, want %v", what, got-time.Second, want)
			}
		}
		f.read(0)
		expect("at first", margin)
		f.restart(0)
		expect("after a 429 and a restart", 2*margin)
		f.read(1) // the second 429
		f.restart(0)
		expect("after another's 429", time.Second)
		f.restart(0)
		expect("after that", time.Second)
		time.Sleep(24*time.Hour + time.Second)
		f.restart(0)
		f.read(0)
		expect("a day later", margin)
	})
}

// Whatever is in the file, the first send comes after a full window, and the next ones are as ever.
func TestAFileThatIsNotOursIsAFullWindow(t *testing.T) {
	path := stateFile(t)
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 1, coda.Options{StateFile: path, Rates: oneASecond})
		f.read(0)
		f.client(0).Plan(coda.ClassList, 3)
	})
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	flipped := bytes.Clone(good)
	flipped[bytes.Index(good, []byte(`"sent":[`))+10] ^= 1
	contents := map[string][]byte{
		"empty": {}, "zeros": make([]byte, len(good)), "null": []byte("null"), "other JSON": []byte(`{"buckets":{}}` + "\n"),
		"text": []byte("codafs"), "flipped bit": flipped, "old end": append(bytes.Clone(good), good[len(good)/2:]...),
		"other version": bytes.Replace(good, []byte("rates/1"), []byte("rates/2"), 1),
		"twice":         bytes.Repeat(good, 2),
	}
	for n := 1; n < len(good); n += 1 + len(good)/12 {
		contents[fmt.Sprint("first ", n, " bytes")] = good[:n]
	}
	for name, content := range contents {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(time.Hour) // by far the window of what the file held before
				f := newFleet(t, 2, coda.Options{StateFile: path, Rates: oneASecond})
				for i, want := range []time.Duration{time.Second + margin, time.Second + margin} {
					if got := f.read(i); got < want || got > want+10*time.Millisecond {
						t.Errorf("read %d waited %v, want %v", i, got, want)
					}
				}
				time.Sleep(time.Minute)
				if got := f.read(0); got != 0 {
					t.Errorf("a minute later a read waited %v, want none", got)
				}
			})
		})
	}
}

func TestAClockThatWasSetBackIsAFullWindow(t *testing.T) {
	for name, test := range map[string]struct {
		before func(f *fleet, path string)
		margin time.Duration
	}{
		"after a send":         {func(f *fleet, _ string) { f.read(0) }, margin},
		"after a long pause":   {func(f *fleet, _ string) { f.s.refusing("3600", 1); f.read(0) }, 2 * margin},
		"after a damaged file": {func(f *fleet, path string) { f.read(0); damage(f.t, path); f.client(0).Plan(coda.ClassList, 1) }, margin},
	} {
		for _, ahead := range []time.Duration{2 * time.Second, time.Hour, 30 * 24 * time.Hour} {
			t.Run(fmt.Sprint(name, " by ", ahead), func(t *testing.T) {
				path := stateFile(t)
				o := coda.Options{StateFile: path, Rates: oneASecond, MaxRetries: rest.NoRetries}
				synctest.Test(t, func(t *testing.T) {
					time.Sleep(ahead)
					test.before(newFleet(t, 1, o), path)
				})
				synctest.Test(t, func(t *testing.T) { // begins when the one before began
					f := newFleet(t, 2, o)
					want := time.Second + test.margin
					for i := range 2 {
						if got := f.read(i); got < want || got > want+10*time.Millisecond {
							t.Errorf("read %d waited %v, want %v", i, got, want)
						}
					}
					time.Sleep(2 * time.Hour)
					if got := f.read(0); got != 0 {
						t.Errorf("hours later a read waited %v, want none", got)
					}
				})
			})
		}
	}
}

func damage(t *testing.T, path string) {
	t.Helper()
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestARemovedFileIsAFullWindowForThoseWhoKnewIt(t *testing.T) {
	path := stateFile(t)
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 2, coda.Options{StateFile: path, Rates: oneASecond})
		f.read(0)
		time.Sleep(time.Minute)
		f.read(1)
		if err := os.RemoveAll(filepath.Dir(path)); err != nil {
			t.Fatal(err)
		}
		if got := f.read(0); got != time.Second+margin {
			t.Errorf("a read waited %v, want %v", got, time.Second+margin)
		}
	})
}

func TestTheFileIsForItsUserAlone(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no modes")
	}
	path := stateFile(t)
	_ = one(t.Context(), newClient(t, coda.Options{StateFile: path, Transport: newFleet(t, 0, coda.Options{}).s}), coda.ClassRead)
	for name, want := range map[string]iofs.FileMode{path: 0o600, path + ".lock": 0o600, filepath.Dir(path): iofs.ModeDir | 0o700} {
		if info, err := os.Stat(name); err != nil || info.Mode() != want {
			t.Errorf("%s has mode %v, want %v (%v)", name, info.Mode(), want, err)
		}
	}
	if b, err := os.ReadFile(path); err != nil || strings.Contains(string(b), secret) {
		t.Errorf("the file is %s (%v)", b, err)
	}
}

// A file that cannot be used costs a log line and the sharing, and no request.
func TestAFileThatCannotBeUsedIsDoneWithout(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	folder := filepath.Join(dir, "folder")
	full := filepath.Join(dir, "full")
	if err := errors.Join(os.WriteFile(file, nil, 0o600), os.Mkdir(folder, 0o700)); err != nil {
		t.Fatal(err)
	}
	paths := map[string]string{"below a file": filepath.Join(file, "rates.json"), "a folder": folder}
	if _, err := os.Stat("/dev/full"); err == nil && os.Symlink("/dev/full", full) == nil {
		paths["full disk"] = full
	}
	for name, path := range paths {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log bytes.Buffer
				s := &sends{at: map[rate.Class][]time.Time{}}
				c, err := coda.New(coda.Options{StateFile: path, Rates: oneASecond, Transport: s, Log: slog.New(slog.NewTextHandler(&log, nil))})
				if err != nil {
					t.Fatal(err)
				}
				start := time.Now()
				for range 5 {
					_ = one(t.Context(), c, coda.ClassRead)
				}
				if took := time.Since(start); took != 4*(time.Second+margin) {
					t.Errorf("5 reads took %v, want %v", took, 4*(time.Second+margin))
				}
				time.Sleep(5 * time.Minute)
				_ = one(t.Context(), c, coda.ClassRead)
				if n := strings.Count(log.String(), "\n"); n != 1 || !strings.Contains(log.String(), path) {
					t.Errorf("%d log lines, want one that names the file:\n%s", n, log.String())
				}
			})
		})
	}
}

// lock takes the lock as another process does, and gives it back.
func lock(t *testing.T, path string) (unlock func()) {
	t.Helper()
	f, err := os.OpenFile(path+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := filelock.Try(f); !ok || err != nil {
		t.Fatal("the lock is not to be had:", err)
	}
	return func() { f.Close() }
}

func TestALockThatIsHeldIsWaitedForWithTheContext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rates.json")
	synctest.Test(t, func(t *testing.T) {
		c, s := limited(t, coda.Options{StateFile: path})
		unlock := lock(t, path)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		if err := one(ctx, c, coda.ClassRead); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Second {
			t.Errorf("a read behind a lock ended after %v with %v", time.Since(start), err)
		}
		time.AfterFunc(time.Second, unlock)
		_ = one(t.Context(), c, coda.ClassRead)
		if took := time.Since(start); len(s.names) != 1 || took < 2*time.Second || took > 2*time.Second+10*time.Millisecond {
			t.Errorf("%d sends, the last after %v, want one after 2s", len(s.names), took)
		}
	})
}

func TestALockThatIsNeverGivenBackStopsNobody(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rates.json")
	synctest.Test(t, func(t *testing.T) {
		c, s := limited(t, coda.Options{StateFile: path})
		defer lock(t, path)()
		start := time.Now()
		for range 100 {
			_ = one(t.Context(), c, coda.ClassRead)
		}
		if took := time.Since(start); len(s.names) != 100 || took > 6*time.Second {
			t.Errorf("%d sends took %v, want 100 in about 5s", len(s.names), took)
		}
	})
}

func TestInteractiveRequestsOfAnotherProcessGoFirst(t *testing.T) {
	path := stateFile(t)
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 2, coda.Options{StateFile: path, Rates: oneASecond})
		ctxs := map[string]context.Context{"b": rate.Background(t.Context()), "i": t.Context()}
		var wg sync.WaitGroup
		queue(t, &wg, f.client(0).Client, ctxs, strings.Split("b b b b b b b b b b b b b", " ")...)
		queue(t, &wg, f.client(1).Client, ctxs, strings.Split("i i i i i i i i i i i i", " ")...)
		wg.Wait()
		if want := "b" + strings.Repeat(" i", 12) + strings.Repeat(" b", 12); strings.Join(f.s.names, " ") != want {
			t.Errorf("the order was %v, want %s", f.s.names, want)
		}
	})
}

// A process that waits for long is not taken for dead.
func TestAWaitingProcessStaysListed(t *testing.T) {
	path := stateFile(t)
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 1, coda.Options{StateFile: path})
		f.s.refusing("100", 1)
		var wg sync.WaitGroup
		wg.Go(func() { f.read(0) })
		for range 9 {
			time.Sleep(10 * time.Second)
			b := statusOf(t, must[[]rate.Status](t)(coda.ReadLimits(path)), coda.ClassRead)
			if b.Interactive != 1 || len(b.Processes) != 1 {
				t.Errorf("status is %+v, want one that waits", b)
			}
		}
		wg.Wait()
	})
}

// What a killed process has written about itself holds nobody up for long.
func TestAKilledProcessIsForgotten(t *testing.T) {
	path := stateFile(t)
	var alive []byte
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 1, coda.Options{StateFile: path, Rates: oneASecond})
		f.read(0)
		var wg sync.WaitGroup
		wg.Go(func() { f.read(0) })
		synctest.Wait()
		var err error
		if alive, err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
		wg.Wait()
	})
	if err := os.WriteFile(path, alive, 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) { // at the time at which the file was as it is now
		f := newFleet(t, 1, coda.Options{StateFile: path, Rates: oneASecond})
		start := time.Now()
		_ = one(rate.Background(t.Context()), f.client(0).Client, coda.ClassRead)
		if took := time.Since(start); took <= 2*time.Second || took > 4*time.Second {
			t.Errorf("background work waited %v for a process that was killed, want 3s", took)
		}
		processes := func() int {
			return len(statusOf(t, must[[]rate.Status](t)(coda.ReadLimits(path)), coda.ClassRead).Processes)
		}
		if n := processes(); n != 1 {
			t.Errorf("%d processes, want the killed one listed for a while", n)
		}
		time.Sleep(20 * time.Second)
		if n := processes(); n != 0 {
			t.Errorf("%d processes 20s later, want none", n)
		}
	})
}

// Clients of an account may have different rates; each keeps to its own.
func TestRatesMayDiffer(t *testing.T) {
	path := stateFile(t)
	synctest.Test(t, func(t *testing.T) {
		s := &sends{at: map[rate.Class][]time.Time{}}
		client := func(r rate.Rate) *coda.Client {
			return newClient(t, coda.Options{StateFile: path, Transport: s, Rates: map[rate.Class]rate.Rate{coda.ClassRead: r}})
		}
		slow, quick := rate.Rate{N: 30, Per: time.Minute}, rate.Rate{N: 4, Per: 2 * time.Second}
		a, b := client(slow), client(quick)
		start := time.Now()
		for range 15 {
			_, _ = a.Doc(t.Context(), "a")
			_, _ = b.Doc(t.Context(), "b")
		}
		if took := time.Since(start); took > 20*time.Second {
			t.Errorf("30 sends took %v", took)
		}
		_, _ = b.Doc(t.Context(), "b") // forgets what its own rate does not need
		_, _ = a.Doc(t.Context(), "a")
		if took := time.Since(start); took < slow.Per+margin {
			t.Errorf("send %d came after %v, want %v", len(s.names), took, slow.Per+margin)
		}
		at, rates := s.at[coda.ClassRead], map[string]rate.Rate{"a": slow, "b": quick}
		for i, name := range s.names {
			r := rates[name]
			if before := i - r.N; before >= 0 && at[i].Sub(at[before]) < r.Per+margin {
				t.Errorf("send %d, by %s, came %v after send %d", i, name, at[i].Sub(at[before]), before)
			}
		}
		rate := func() rate.Rate {
			return statusOf(t, must[[]rate.Status](t)(coda.ReadLimits(path)), coda.ClassRead).Rate
		}
		if got := rate(); got != slow {
			t.Errorf("the file says %v, want the larger rate", got)
		}
		time.Sleep(10 * time.Minute)
		_, _ = b.Doc(t.Context(), "b")
		if got := rate(); got != quick {
			t.Errorf("the file says %v, want the rate that is used now", got)
		}
	})
}
