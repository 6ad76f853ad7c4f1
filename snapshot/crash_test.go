package snapshot_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	iofs "io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/codafs/codafs/snapshot"
	"github.com/codafs/codafs/snapshot/folder"
	"github.com/codafs/codafs/snapshot/format"
	"github.com/codafs/codafs/snapshot/sealed"
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

// rehearsal is a run that goes wrong, many times over: each time in a new folder.
type rehearsal struct {
	files int
	// second has a sealed snapshot in the folder, of the tree before an edit.
	second, incremental bool
	// onDisk has all records of the run on the disk while it runs, as a large one has.
	onDisk bool
	// broken, if set, is a protocol other than the package's.
	broken *broken

	template snapshot.Options // its folder is what every attempt starts from
	first    string           // the id of the snapshot in it
	whole    format.Manifest
	images   bool // docs show images, which a list names
	total    int  // changes to the disk of a run that nothing stops
}

// attempt is one run that goes wrong.
type attempt struct {
	*rehearsal
	from *memory
	o    snapshot.Options
}

// origin is from, or with images those that its docs show too: three in the first snapshot, of which one goes and another one comes.
func (r *rehearsal) origin(from *memory, ids ...string) snapshot.Origin {
	if r.images {
		return withPictures(from, ids...)
	}
	return from
}

// prepare makes the first snapshot, once: syncing its files for each attempt would take most
// of the time. Then it sees how a run goes that nothing stops.
func (r *rehearsal) prepare(t *testing.T) {
	t.Helper()
	r.template = options(t)
	if r.second {
		r.first = mustRun(t, r.origin(tree(r.files), "bl-1", "bl-2", "bl-3"), r.template, 0).ID
	}
	a, c := r.attempt(t), &nth{}
	s, err := a.run(t.Context(), c)
	if err != nil || s.ExitCode != 0 {
		t.Fatalf("undisturbed: exit code %d, %v", s.ExitCode, err)
	}
	r.total = len(c.ops)
	r.whole = readJSON[format.Manifest](t, filepath.Join(a.o.Output, s.ID, "manifest.json"))
}

func (r *rehearsal) attempt(t *testing.T) *attempt {
	t.Helper()
	a := &attempt{rehearsal: r, from: tree(r.files), o: options(t)}
	linkTree(t, r.template.Output, a.o.Output)
	a.from.edit(a.from.entries[3].Path, "# Edited\n")
	a.from.edit(a.from.entries[len(a.from.entries)-1].Path, "[1]\n")
	a.o.Concurrency, a.o.Incremental, a.o.Now = 1, r.incremental, clockAt(day.Add(time.Hour))
	if r.onDisk {
		a.o.Hold(1)
	}
	return a
}

// linkTree gives an output folder to another, by links.
func linkTree(t *testing.T, from, to string) {
	t.Helper()
	err := filepath.WalkDir(from, func(path string, d iofs.DirEntry, err error) error {
		name, _ := filepath.Rel(from, path)
		switch {
		case errors.Is(err, os.ErrNotExist): // nothing is there yet
			return nil
		case err != nil:
			return err
		case d.IsDir():
			return os.MkdirAll(filepath.Join(to, name), 0o700)
		case name == ".lock": // written in place
			return nil
		}
		return os.Link(path, filepath.Join(to, name))
	})
	if err != nil {
		t.Fatal(err)
	}
}

// run makes the attempt, with c at each change to the disk.
func (a *attempt) run(ctx context.Context, c *nth) (format.Summary, error) {
	step := func(op, name string, do func() error) error {
		if err := c.check(op, name); err != nil {
			return &iofs.PathError{Op: op, Path: name, Err: err}
		}
		return do()
	}
	a.o.HookDisk(step)
	if a.broken != nil {
		a.broken.into(&a.o, step)
	}
	s, err := snapshot.Run(ctx, a.origin(a.from, "bl-2", "bl-3", "bl-4"), a.o)
	return s, err
}

// intact reports what is wrong with the folder: a sealed snapshot that is not as sealed, a
// latest.txt that names none of them, or a manifest that is there in part: in a partial folder
// it stands in for the journal.
func (a *attempt) intact() (ids []string, err error) {
	report, err := sealed.Verify(context.Background(), a.o.Output)
	if err != nil && !errors.Is(err, folder.ErrNotSnapshot) {
		return nil, err
	}
	if len(report.Damage) > 0 {
		return nil, fmt.Errorf("damage: %v", report.Damage)
	}
	if a.second && !slices.Contains(report.Checked, a.first) {
		return nil, fmt.Errorf("the first snapshot is gone: %q", report.Checked)
	}
	latest, err := os.ReadFile(filepath.Join(a.o.Output, "latest.txt"))
	if name := strings.TrimSpace(string(latest)); (a.second || err == nil) && !slices.Contains(report.Checked, name) {
		return nil, fmt.Errorf("latest.txt names %q, %v; sealed are %q", name, err, report.Checked)
	}
	partial, err := filepath.Glob(filepath.Join(a.o.Output, ".partial-*", "manifest.json"))
	for _, name := range partial {
		if data, err := os.ReadFile(name); err != nil || !json.Valid(data) {
			return nil, fmt.Errorf("%s is not whole: %v", name, err)
		}
	}
	return report.Checked, err
}

// rot changes a byte of one finished file in the partial folder, and its size not.
func (a *attempt) rot() (hurt int, err error) {
	journals, err := filepath.Glob(filepath.Join(a.o.Output, ".partial-*", "journal.jsonl"))
	if err != nil || len(journals) == 0 {
		return 0, err
	}
	text, err := os.ReadFile(journals[0])
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		var l struct{ File format.File }
		if json.Unmarshal([]byte(line), &l) != nil || l.File.Size == 0 {
			continue
		}
		name := filepath.Join(filepath.Dir(journals[0]), l.File.Path)
		data, err := os.ReadFile(name)
		if err != nil {
			return 0, err
		}
		data[0] ^= 1
		// Not in place: the snapshot before may have the same file.
		return 1, errors.Join(os.Remove(name), os.WriteFile(name, data, 0o400))
	}
	return 0, nil
}

// resume runs once more, undisturbed, and tells what is wrong with the result: not whole, or
// more read a second time than one finished file and those that were hurt.
func (a *attempt) resume(hurt int) error {
	ids, err := a.intact()
	if err != nil {
		return err
	}
	var id string
	if before := len(ids); before == 0 || a.second && before == 1 {
		if id, err = a.next(); err != nil {
			return fmt.Errorf("the next run: %w", err)
		}
	} else {
		id = ids[before-1] // the attempt came through
	}
	again := 0
	for path, n := range a.from.finished {
		if filepath.Base(path) != "files.json" { // made of the others each time
			again += n - 1
		}
	}
	if again > 1+hurt {
		return fmt.Errorf("%d finished files were read again", again)
	}
	return a.isWhole(id)
}

// next runs once more, and gives the new snapshot.
func (a *attempt) next() (id string, err error) {
	a.o.Now = clockAt(day.Add(2 * time.Hour))
	s, err := a.run(context.Background(), &nth{})
	if err != nil || s.ExitCode != 0 {
		return "", fmt.Errorf("exit code %d, %w", s.ExitCode, err)
	}
	latest, err := os.ReadFile(filepath.Join(a.o.Output, "latest.txt"))
	if err != nil || strings.TrimSpace(string(latest)) != s.ID {
		return "", fmt.Errorf("latest.txt names %q, %v; sealed is %s", latest, err, s.ID)
	}
	_, err = a.intact()
	return s.ID, err
}

// isWhole tells in what a snapshot differs from one whose run nothing stopped.
func (a *attempt) isWhole(id string) error {
	if left, err := filepath.Glob(filepath.Join(a.o.Output, ".partial-*")); err != nil || len(left) > 0 {
		return fmt.Errorf("left %q, %v", left, err)
	}
	dir := filepath.Join(a.o.Output, id)
	data, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	var m format.Manifest
	if err := errors.Join(err, json.Unmarshal(data, &m)); err != nil {
		return err
	}
	if !equalManifests(m, a.whole) {
		for i := range min(len(m.Files), len(a.whole.Files)) {
			if got, want := asJSON(m.Files[i]), asJSON(a.whole.Files[i]); got != want {
				return fmt.Errorf("the manifest has %s\nuninterrupted %s", got, want)
			}
		}
		return fmt.Errorf("the manifest is not that of an uninterrupted run")
	}
	for path, want := range a.from.content {
		if got, err := os.ReadFile(filepath.Join(dir, path)); err != nil || string(got) != want {
			return fmt.Errorf("%s has %q, %v; want %q", path, got, err, want)
		}
	}
	return nil
}

// equalManifests compares all but ids and times of runs.
func equalManifests(a, b format.Manifest) bool {
	for _, m := range []*format.Manifest{&a, &b} {
		m.ID, m.StartedAt, m.FinishedAt = "", time.Time{}, time.Time{}
	}
	return asJSON(a) == asJSON(b)
}

// everywhere stops runs at each change to the disk: nothing after it happens, as after
// kill -9. After each second of them a file in the partial folder rots. It tells the first
// problem.
func (r *rehearsal) everywhere(t *testing.T) error {
	t.Helper()
	for n := r.total; n > 0; n-- {
		a := r.attempt(t)
		c := &nth{n: n, onward: true, f: func() error { return errors.New("killed") }}
		a.run(t.Context(), c)
		hurt := 0
		var err error
		if n%2 == 0 {
			hurt, err = a.rot()
		}
		if err == nil {
			err = a.resume(hurt)
		}
		if err != nil {
			return fmt.Errorf("stopped at %d of %d: %s: %w", n, r.total, c.ops[min(n, len(c.ops))-1], err)
		}
		os.RemoveAll(a.o.Output)
	}
	return nil
}

// tree is a workspace of n files.
func tree(n int) *memory {
	m := workspace(1 + (n-1)/11)
	for _, e := range m.entries[n:] {
		delete(m.content, e.Path)
	}
	m.entries = m.entries[:n]
	return m
}

// rehearsals are the kinds of runs.
func rehearsals(files int) map[string]*rehearsal {
	return map[string]*rehearsal{
		"first": {files: files}, "second": {files: files, second: true},
		"incremental":          {files: files, second: true, incremental: true},
		"with records on disk": {files: files, second: true, incremental: true, onDisk: true},
		"with images":          {files: files, second: true, incremental: true, images: true},
	}
}

func TestStoppedAnywhereNothingSealedIsHurt(t *testing.T) {
	for name, r := range rehearsals(crashFiles()) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r.prepare(t)
			if err := r.everywhere(t); err != nil {
				t.Error(err)
			}
			t.Logf("%d files, stopped at each of %d changes", len(r.whole.Files), r.total)
		})
	}
}

func TestAFailedOperationAnywhereIsAnExit13(t *testing.T) {
	for name, r := range rehearsals(6) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r.prepare(t)
			causes := []error{syscall.ENOSPC, syscall.EIO, syscall.EACCES}
			for i := range len(causes) * r.total {
				cause, n := causes[i%3], 1+i/3
				if !soak && i%3 != n%3 {
					continue // one of the three at each operation
				}
				a := r.attempt(t)
				c := &nth{n: n, f: func() error { return cause }}
				s, err := a.run(t.Context(), c)
				silent := err == nil && len(s.Warnings) == 0
				if silent || err != nil && (snapshot.ExitCode(err) != 13 || s.ExitCode != 13 || !errors.Is(err, cause)) {
					t.Errorf("exit code %d, error %v, warnings %q", s.ExitCode, err, s.Warnings)
				}
				if err := a.resume(0); err != nil || t.Failed() {
					t.Fatalf("%v at %d: %s: %v", cause, n, c.ops[n-1], err)
				}
			}
		})
	}
}

func TestCanceledAnywhereTheRunCanBeResumed(t *testing.T) {
	for name, r := range rehearsals(6) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r.prepare(t)
			for n := 1; n <= r.total; n++ {
				a := r.attempt(t)
				ctx, cancel := context.WithCancelCause(t.Context())
				c := &nth{n: n, f: func() error { cancel(exitCause(143)); return nil }}
				s, err := a.run(ctx, c)
				cancel(nil)
				if s.ExitCode != snapshot.ExitCode(err) || s.ExitCode != 143 && s.ExitCode != 0 {
					t.Errorf("exit code %d, error %v", s.ExitCode, err)
				}
				if err := a.resume(0); err != nil || t.Failed() {
					t.Fatalf("canceled at %d: %s: %v", n, c.ops[n-1], err)
				}
			}
		})
	}
}

// A power cut may take back whatever was not synced: files and folders before the
// snapshot gets its name, the name before latest.txt has it.
func TestNothingIsNamedBeforeItIsDurable(t *testing.T) {
	for name, r := range rehearsals(6) {
		t.Run(name, func(t *testing.T) {
			r.prepare(t)
			a, c := r.attempt(t), &nth{}
			s, err := a.run(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			wantDurable(t, c.ops, s.ID, slices.Collect(maps.Keys(a.from.content)))
		})
	}
}

// Many folders are synced with one call, in the same place.
func TestManyFoldersAreSyncedAtOnce(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("there is no such call")
	}
	o, c := options(t), &nth{}
	o.HookDisk(func(op, name string, do func() error) error {
		if err := c.check(op, name); err != nil {
			return err
		}
		return do()
	})
	s := mustRun(t, workspace(20), o, 0)
	partial := ".partial-" + s.ID
	records, sync, sealed := slices.Index(c.ops, "rename "+partial+"/SHA256SUMS"), slices.Index(c.ops, "sync all "+partial), slices.Index(c.ops, "rename "+s.ID)
	if records < 0 || sync < records || sealed < sync {
		t.Errorf("records at %d, all synced at %d, sealed at %d", records, sync, sealed)
	}
	for _, op := range c.ops {
		if dir, ok := strings.CutPrefix(op, "sync "+partial+"/docs/"); ok && !strings.Contains(filepath.Base(dir), ".") {
			t.Errorf("%s as well", op)
		}
	}
}

// wantDurable looks at the order of the changes to the disk.
func wantDurable(t *testing.T, ops []string, id string, written []string) {
	t.Helper()
	at := func(op string) int {
		i := slices.Index(ops, op)
		if i < 0 {
			t.Fatalf("no %q in %q", op, ops)
		}
		return i
	}
	partial, sealed := ".partial-"+id, at("rename "+id)
	folders := map[string]bool{partial: true}
	written = append(written, ".manifest.json.tmp", ".summary.json.tmp", ".SHA256SUMS.tmp")
	for _, path := range written {
		file := partial + "/" + path
		for dir := filepath.Dir(path); dir != "."; dir = filepath.Dir(dir) {
			folders[partial+"/"+filepath.ToSlash(dir)] = true
		}
		if slices.Contains(ops, "link "+file) {
			continue // its bytes are durable since the snapshot before
		}
		if write, sync := at("create "+file), at("sync "+file); write > sync || sync > sealed {
			t.Errorf("%s is written at %d, synced at %d, sealed at %d", file, write, sync, sealed)
		}
	}
	for dir := range folders {
		if sync := at("sync " + dir); sync > sealed || sync < at("rename "+partial+"/SHA256SUMS") {
			t.Errorf("%s is synced at %d, sealed at %d", dir, sync, sealed)
		}
	}
	named := at("rename latest.txt")
	if sync := sealed + slices.Index(ops[sealed:], "sync ."); sync < sealed || sync > named {
		t.Errorf("sealed at %d, synced at %d, latest.txt at %d", sealed, sync, named)
	}
	if temp := at("sync .latest.txt.tmp"); temp > named {
		t.Errorf("latest.txt is synced at %d, named at %d", temp, named)
	}
}
