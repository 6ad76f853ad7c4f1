package snapshot_test

import (
	"context"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/codafs/codafs/snapshot"
)

// nth calls f at the Nth change to the disk, and counts them all.
type nth struct {
	n     int
	count int
	ops   []string
	f     func() error
}

func (c *nth) check(op, name string) error {
	c.count++
	c.ops = append(c.ops, op+" "+name)
	if c.count == c.n {
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

func newAttempt(t *testing.T) *attempt {
	t.Helper()
	a := &attempt{from: small(), o: options(t)}
	a.o.Concurrency = 1
	a.first = mustRun(t, a.from, a.o, 0)
	a.from.edit(a.from.entries[3].Path, "# Edited\n")
	a.from.opened = nil
	a.o.Now = clockAt(day.Add(time.Hour))
	return a
}

// changes counts the disk changes of an undisturbed run.
func changes(t *testing.T) int {
	t.Helper()
	a, c := newAttempt(t), &nth{}
	a.o.CheckDisk(c.check)
	mustRun(t, a.from, a.o, 0)
	return c.count
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

func uninterrupted(t *testing.T) snapshot.Manifest {
	t.Helper()
	a := newAttempt(t)
	s := mustRun(t, a.from, a.o, 0)
	return readJSON[snapshot.Manifest](t, filepath.Join(a.o.Output, s.ID, "manifest.json"))
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
	total, whole := changes(t), uninterrupted(t)
	for n := 1; n <= total; n++ {
		a := newAttempt(t)
		killed := errors.New("killed")
		count := 0
		a.o.CheckDisk(func(op, name string) error {
			if count++; count >= n {
				return killed
			}
			return nil
		})
		snapshot.Run(t.Context(), a.from, a.o)
		a.wantResumed(t, whole)
		if t.Failed() {
			t.Fatalf("stopped at change %d", n)
		}
	}
}

func TestAFailedOperationAnywhereIsAnExit13(t *testing.T) {
	t.Parallel()
	total, whole := changes(t), uninterrupted(t)
	for i, cause := range []error{syscall.ENOSPC, syscall.EIO, syscall.EACCES} {
		// Each cause at every third operation; together they are at all of them.
		for n := 1 + i; n <= total; n += 3 {
			a := newAttempt(t)
			c := &nth{n: n, f: func() error { return cause }}
			a.o.CheckDisk(c.check)
			s, err := snapshot.Run(t.Context(), a.from, a.o)
			if err == nil && len(s.Warnings) == 0 || err != nil && (snapshot.ExitCode(err) != 13 || s.ExitCode != 13 || !errors.Is(err, cause)) {
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
	total, whole := changes(t), uninterrupted(t)
	for n := 1; n <= total; n++ {
		a := newAttempt(t)
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
	total := changes(t)
	for n := 3; n <= total; n += total / 8 {
		a := newAttempt(t)
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
