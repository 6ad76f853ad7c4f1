package snapshot_test

import (
	"context"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/codafs/codafs/snapshot"
)

// nth calls f at the Nth change to the disk, and at those after it if onward.
type nth struct {
	n      int
	onward bool
	f      func() error

	mu  sync.Mutex
	ops []string
}

func (c *nth) check(op, name string) error {
	c.mu.Lock()
	c.ops = append(c.ops, op+" "+name)
	now := len(c.ops)
	c.mu.Unlock()
	if now == c.n || c.onward && now > c.n {
		return c.f()
	}
	return nil
}

// attempt is a folder with one sealed snapshot, and an edited tree whose snapshot is to
// go wrong.
type attempt struct {
	from  *memory
	o     snapshot.Options
	first snapshot.Summary
}

// small is a tree of six files: every one of them makes these tests longer.
func small() *memory {
	m := workspace(1)
	for _, e := range m.entries[6:] {
		delete(m.content, e.Path)
	}
	m.entries = m.entries[:6]
	return m
}

// attempts gives a maker of equal attempts. The first snapshot is made once and copied:
// syncing its files for each of them would take most of the time.
func attempts(t *testing.T) func() *attempt {
	t.Helper()
	o := options(t)
	first := mustRun(t, small(), o, 0)
	return func() *attempt {
		t.Helper()
		a := &attempt{from: small(), o: options(t), first: first}
		a.from.edit(a.from.entries[3].Path, "# Edited\n")
		a.o.Concurrency, a.o.Now = 1, clockAt(day.Add(time.Hour))
		if err := os.CopyFS(a.o.Output, os.DirFS(o.Output)); err != nil {
			t.Fatal(err)
		}
		return a
	}
}

// undisturbed tells what a run that nothing stops writes, and in how many changes.
func (a *attempt) undisturbed(t *testing.T) (whole snapshot.Manifest, changes int) {
	t.Helper()
	c := &nth{}
	a.o.CheckDisk(c.check)
	s := mustRun(t, a.from, a.o, 0)
	return readJSON[snapshot.Manifest](t, filepath.Join(a.o.Output, s.ID, "manifest.json")), len(c.ops)
}

// wantIntact fails unless every sealed snapshot is as sealed, and latest.txt names one.
func (a *attempt) wantIntact(t *testing.T) snapshot.Report {
	t.Helper()
	r := mustVerify(t, a.o.Output, 0)
	if r.Checked[0] != a.first.ID {
		t.Fatalf("the first snapshot is gone: %q", r.Checked)
	}
	if latest(t, a.o.Output) == "" {
		t.Fatal("latest.txt is gone")
	}
	return r
}

// wantResumed runs once more, undisturbed, and fails unless the result is whole and at
// most two files were fetched again: one that was finished but not in the journal yet, and
// one that was on its way.
func (a *attempt) wantResumed(t *testing.T, whole snapshot.Manifest) {
	t.Helper()
	sealed := len(a.wantIntact(t).Checked)
	if sealed > 1 {
		return // the attempt came through
	}
	a.o.CheckDisk(nil)
	a.o.Now = clockAt(day.Add(2 * time.Hour))
	s := mustRun(t, a.from, a.o, 0)
	wantDocs(t, filepath.Join(a.o.Output, s.ID), a.from.content)
	if left := partials(t, a.o.Output); len(left) != 0 {
		t.Errorf("left %q", left)
	}
	if got := latest(t, a.o.Output); got != s.ID {
		t.Errorf("latest.txt names %q, want %q", got, s.ID)
	}
	if extra := len(a.from.opened) - len(a.from.entries); extra > 2 {
		t.Errorf("%d files were fetched again", extra)
	}
	a.wantIntact(t)
	m := readJSON[snapshot.Manifest](t, filepath.Join(a.o.Output, s.ID, "manifest.json"))
	if !equalManifests(m, whole) {
		t.Errorf("manifest %+v\nuninterrupted %+v", m, whole)
	}
}

// equalManifests compares all but ids and times of runs.
func equalManifests(a, b snapshot.Manifest) bool {
	for _, m := range []*snapshot.Manifest{&a, &b} {
		m.ID, m.StartedAt, m.FinishedAt = "", time.Time{}, time.Time{}
	}
	return asJSON(a) == asJSON(b)
}

// TestStoppedAnywhereNothingSealedIsHurt freezes the disk at every change: nothing
// after it happens, as after kill -9.
func TestStoppedAnywhereNothingSealedIsHurt(t *testing.T) {
	t.Parallel()
	next := attempts(t)
	whole, total := next().undisturbed(t)
	for n := 1; n <= total; n++ {
		a := next()
		c := &nth{n: n, onward: true, f: func() error { return errors.New("killed") }}
		a.o.CheckDisk(c.check)
		snapshot.Run(t.Context(), a.from, a.o)
		a.wantResumed(t, whole)
		if t.Failed() {
			t.Fatalf("stopped at %d: %s", n, c.ops[n-1])
		}
	}
}

func TestAFailedOperationAnywhereIsAnExit13(t *testing.T) {
	t.Parallel()
	next := attempts(t)
	whole, total := next().undisturbed(t)
	for i, cause := range []error{syscall.ENOSPC, syscall.EIO, syscall.EACCES} {
		// Each cause at every third operation; together they are at all of them.
		for n := 1 + i; n <= total; n += 3 {
			a := next()
			c := &nth{n: n, f: func() error { return cause }}
			a.o.CheckDisk(c.check)
			s, err := snapshot.Run(t.Context(), a.from, a.o)
			silent := err == nil && len(s.Warnings) == 0
			if silent || err != nil && (snapshot.ExitCode(err) != 13 || s.ExitCode != 13 || !errors.Is(err, cause)) {
				t.Errorf("exit code %d, error %v, warnings %q", s.ExitCode, err, s.Warnings)
			}
			a.wantResumed(t, whole)
			if t.Failed() {
				t.Fatalf("%v at %d: %s", cause, n, c.ops[n-1])
			}
		}
	}
}

func TestCanceledAnywhereTheRunCanBeResumed(t *testing.T) {
	t.Parallel()
	next := attempts(t)
	whole, total := next().undisturbed(t)
	for n := 1; n <= total; n++ {
		a := next()
		ctx, cancel := context.WithCancelCause(t.Context())
		c := &nth{n: n, f: func() error { cancel(exitCause(143)); return nil }}
		a.o.CheckDisk(c.check)
		s, err := snapshot.Run(ctx, a.from, a.o)
		cancel(nil)
		if s.ExitCode != snapshot.ExitCode(err) || s.ExitCode != 143 && s.ExitCode != 0 {
			t.Errorf("exit code %d, error %v", s.ExitCode, err)
		}
		a.wantResumed(t, whole)
		if t.Failed() {
			t.Fatalf("canceled at %d: %s", n, c.ops[n-1])
		}
	}
}

const killAt = "CODAFS_TEST_KILL_AT"

// TestKilledForReal runs a snapshot in another process, which kills itself.
func TestKilledForReal(t *testing.T) {
	if at := os.Getenv(killAt); at != "" {
		runAndDie(t, at, os.Getenv("CODAFS_TEST_OUTPUT"))
		return
	}
	next := attempts(t)
	_, total := next().undisturbed(t)
	for n := 3; n <= total; n += total / 8 {
		a := next()
		cmd := exec.Command(os.Args[0], "-test.run=^TestKilledForReal$")
		cmd.Env = append(os.Environ(), killAt+"="+strconv.Itoa(n), "CODAFS_TEST_OUTPUT="+a.o.Output)
		out, err := cmd.CombinedOutput()
		if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() == 1 {
			t.Fatalf("the process was not killed: %v\n%s", err, out)
		}
		before := len(a.wantIntact(t).Checked)
		s := mustRun(t, a.from, a.o, 0) // at once: the lock died with the process
		if before == 1 {
			wantDocs(t, filepath.Join(a.o.Output, s.ID), maps.Clone(a.from.content))
		}
		a.wantIntact(t)
	}
}

func runAndDie(t *testing.T, at, output string) {
	n, err := strconv.Atoi(at)
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	o := options(t)
	o.Output, o.Now, o.Concurrency = output, clockAt(day.Add(time.Hour)), 1
	c := &nth{n: n, f: func() error {
		self.Kill()
		select {}
	}}
	o.CheckDisk(c.check)
	from := small()
	from.edit(from.entries[3].Path, "# Edited\n")
	snapshot.Run(context.Background(), from, o)
}

// A power cut may take back whatever was not synced: files and folders before the
// snapshot gets its name, the name before latest.txt has it.
func TestNothingIsNamedBeforeItIsDurable(t *testing.T) {
	a, c := attempts(t)(), &nth{}
	a.o.CheckDisk(c.check)
	s := mustRun(t, a.from, a.o, 0)
	at := func(op string) int {
		i := slices.Index(c.ops, op)
		if i < 0 {
			t.Fatalf("no %q in %q", op, c.ops)
		}
		return i
	}
	partial, sealed := ".partial-"+s.ID, at("rename "+s.ID)
	folders := map[string]bool{partial: true}
	written := slices.Collect(maps.Keys(a.from.content))
	written = append(written, ".manifest.json.tmp", ".summary.json.tmp", ".SHA256SUMS.tmp")
	for _, path := range written {
		file := partial + "/" + path
		if write, sync := at("create "+file), at("sync "+file); write > sync || sync > sealed {
			t.Errorf("%s is written at %d, synced at %d, sealed at %d", file, write, sync, sealed)
		}
		for dir := filepath.Dir(path); dir != "."; dir = filepath.Dir(dir) {
			folders[partial+"/"+filepath.ToSlash(dir)] = true
		}
	}
	for dir := range folders {
		if sync := at("sync " + dir); sync > sealed || sync < at("rename "+partial+"/SHA256SUMS") {
			t.Errorf("%s is synced at %d, sealed at %d", dir, sync, sealed)
		}
	}
	named := at("rename latest.txt")
	if sync := sealed + slices.Index(c.ops[sealed:], "sync ."); sync < sealed || sync > named {
		t.Errorf("sealed at %d, synced at %d, latest.txt at %d", sealed, sync, named)
	}
	if temp := at("sync .latest.txt.tmp"); temp > named {
		t.Errorf("latest.txt is synced at %d, named at %d", temp, named)
	}
}
