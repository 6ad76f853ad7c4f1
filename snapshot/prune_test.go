package snapshot_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/codafs/codafs/snapshot"
	"github.com/codafs/codafs/snapshot/folder"
	"github.com/codafs/codafs/snapshot/format"
	"github.com/codafs/codafs/snapshot/sealed"
)

// record is a snapshot as the model of Prune sees it.
type record struct {
	id     string
	at     time.Time
	group  string
	result format.Result // "" for one whose summary cannot be read
}

func (r record) good() bool { return r.result == format.Complete || r.result == format.Incomplete }

// modelKeeps tells, slowly and for one snapshot at a time, whether it must stay.
func modelKeeps(all []record, i int, latest string, p sealed.Policy) bool {
	r := all[i]
	if r.id == latest || !r.good() { // suspect or unreadable
		return true
	}
	var newer []record // good ones of its group that come after it
	for _, other := range all[i+1:] {
		if other.group == r.group && other.good() {
			newer = append(newer, other)
		}
	}
	// The next readable one of the group is suspect, so it was measured by this.
	for _, other := range all[i+1:] {
		if other.group == r.group && other.result != "" {
			if other.result == format.Suspect {
				return true
			}
			break
		}
	}
	isComplete := func(r record) bool { return r.result == format.Complete }
	if isComplete(r) && !slices.ContainsFunc(newer, isComplete) || len(newer) < p.Last {
		return true
	}
	day := func(t time.Time) string { return t.Format("2006-01-02") }
	monday := func(t time.Time) string { return day(t.AddDate(0, 0, -(int(t.Weekday())+6)%7)) }
	for _, rule := range []struct {
		keep   int
		period func(time.Time) string
	}{
		{p.Daily, day}, {p.Weekly, monday},
		{p.Monthly, func(t time.Time) string { return day(t)[:7] }}, {p.Yearly, func(t time.Time) string { return day(t)[:4] }},
	} {
		periods := map[string]bool{}
		for _, other := range newer {
			periods[rule.period(other.at)] = true
		}
		if len(periods) < rule.keep && !periods[rule.period(r.at)] {
			return true
		}
	}
	return false
}

// modelRefuses reports whether the newest readable snapshot of any group is suspect.
func modelRefuses(all []record) bool {
	newest := map[string]format.Result{}
	for _, r := range all {
		if r.result != "" {
			newest[r.group] = r.result
		}
	}
	return slices.Contains(slices.Collect(maps.Values(newest)), format.Suspect)
}

func writeFile(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// history makes an output folder with snapshots of random times and results. Only their
// records are real.
func history(t *testing.T, random *rand.Rand, output string) (all []record, latest string) {
	t.Helper()
	at := day
	for range 1 + random.IntN(25) {
		at = at.Add(time.Duration(1+random.Int64N(int64(10*time.Hour))) << random.IntN(8)).Truncate(time.Second)
		r := record{id: at.Format("2006-01-02T150405Z"), at: at, group: fmt.Sprint("account", random.IntN(5)/4)}
		r.result = []format.Result{"", format.Suspect, format.Incomplete, format.Incomplete, format.Complete,
			format.Complete, format.Complete, format.Complete, format.Complete, format.Complete}[random.IntN(10)]
		dir := filepath.Join(output, r.id)
		writeFile(t, dir+"/manifest.json", fmt.Sprintf(`{"schema": "codafs.manifest/1", "id": %q, "source": {"account": %q}, "docs": []}`, r.id, r.group))
		if r.result != "" {
			writeFile(t, dir+"/summary.json", fmt.Sprintf(`{"schema": "codafs.summary/1", "result": %q}`, r.result))
		}
		if r.good() && random.IntN(8) > 0 {
			latest = r.id
		}
		all = append(all, r)
	}
	if latest != "" {
		writeFile(t, filepath.Join(output, "latest.txt"), latest+"\n")
	}
	return all, latest
}

func TestPruneKeepsWhatASlowModelKeeps(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 5))
		output := options(t).Output
		all, latest := history(t, random, output)
		number := func() int { return max(0, random.IntN(9)-4) }
		p := sealed.Policy{Last: number(), Daily: number(), Weekly: number(), Monthly: number(), Yearly: number()}
		if p == (sealed.Policy{}) {
			p.Last = 1
		}
		var want []string
		for i, r := range all {
			if modelRefuses(all) || modelKeeps(all, i, latest, p) {
				want = append(want, r.id)
			}
		}
		before := readTree(t, output)
		dry, err := sealed.Prune(t.Context(), output, p, true)
		if after := readTree(t, output); !maps.Equal(before, after) {
			t.Errorf("seed %d: a dry run changed the folder", seed)
		}
		if _, refused := errors.AsType[*sealed.SuspectError](err); refused != modelRefuses(all) || err != nil && !refused || refused && len(dry.Removed) > 0 {
			t.Fatalf("seed %d: error %v, removed %q", seed, err, dry.Removed)
		}
		done, err := sealed.Prune(t.Context(), output, p, false)
		if err == nil && asJSON(done) != asJSON(dry) {
			t.Errorf("seed %d: the dry run said %s, then %s", seed, asJSON(dry), asJSON(done))
		}
		list, err := sealed.List(output)
		if err != nil {
			t.Fatal(err)
		}
		var left, kept []string
		for _, l := range list {
			left = append(left, l.ID)
		}
		for _, k := range done.Kept {
			kept = append(kept, k.ID)
			if len(k.Why) == 0 {
				t.Errorf("seed %d: no reason for %s", seed, k.ID)
			}
		}
		if !slices.Equal(left, want) || !modelRefuses(all) && (!slices.Equal(kept, want) || len(done.Removed) != len(all)-len(want)) {
			t.Fatalf("seed %d, policy %+v, latest %q: left %q\nreported %s\nwant %q\nof %v", seed, p, latest, left, asJSON(done), want, all)
		}
	}
}

func TestAnEmptyPolicyIsRefused(t *testing.T) {
	o := options(t)
	mustRun(t, workspace(1), o, 0)
	for _, p := range []sealed.Policy{{}, {Last: -1}, {Last: 3, Daily: -2}} {
		if _, err := sealed.Prune(t.Context(), o.Output, p, false); !errors.Is(err, sealed.ErrPolicy) {
			t.Errorf("%+v: %v", p, err)
		}
	}
}

func TestPruneWantsAFolderOfSnapshots(t *testing.T) {
	dir := t.TempDir()
	for _, output := range []string{dir, filepath.Join(dir, "missing")} {
		_, err := sealed.Prune(t.Context(), output, sealed.Policy{Last: 1}, false)
		if !errors.Is(err, folder.ErrNotSnapshot) || len(readTree(t, dir)) != 0 {
			t.Errorf("%s: %v, left %q", output, err, readTree(t, dir))
		}
	}
}

func TestPruneWaitsForNobody(t *testing.T) {
	from, o := workspace(1), options(t)
	mustRun(t, from, o, 0)
	var err error
	o.CheckDisk(func(op, name string) error {
		if op == "create" && strings.HasSuffix(name, "doc.json") {
			_, err = sealed.Prune(context.Background(), o.Output, sealed.Policy{Last: 1}, false)
		}
		return nil
	})
	o.Now = clockAt(day.Add(time.Hour))
	mustRun(t, from, o, 0)
	if snapshot.ExitCode(err) != 11 {
		t.Errorf("while a run works: %v", err)
	}
}

// pruned makes five nights, of which prune is to leave the last two. Hard links join them all.
func pruned(t *testing.T) (o snapshot.Options, policy sealed.Policy) {
	t.Helper()
	from := workspace(1)
	o = options(t)
	o.Incremental, o.Archive = true, folder.Zip
	for i := range 5 {
		from.edit(from.entries[3].Path, fmt.Sprint("night ", i))
		o.Now = clockAt(day.AddDate(0, 0, i))
		mustRun(t, from, o, 0)
	}
	return o, sealed.Policy{Last: 2}
}

// wantPruned fails unless the last two nights are there, whole, and nothing of the others.
func wantPruned(t *testing.T, o snapshot.Options) {
	t.Helper()
	if r := mustVerify(t, o.Output, 0); !slices.Equal(r.Checked, []string{"2026-03-10T101530Z", "2026-03-11T101530Z"}) {
		t.Errorf("left %q", r.Checked)
	}
	names, err := os.ReadDir(o.Output)
	if len(names) != 7 || err != nil { // two folders, their archives, latest twice, .lock
		t.Errorf("left %v, %v", names, err)
	}
	if _, err := os.Stat(filepath.Join(o.Output, "latest", "SHA256SUMS")); err != nil {
		t.Errorf("latest: %v", err)
	}
}

func TestPruneStoppedAnywhereLeavesWholeSnapshots(t *testing.T) {
	t.Parallel()
	template, policy := pruned(t)
	count := func(n int) *nth { return &nth{n: n, onward: true, f: func() error { return syscall.EIO }} }
	for n, total := 1, 2; n <= total; n++ {
		o := options(t)
		if err := os.CopyFS(o.Output, os.DirFS(template.Output)); err != nil {
			t.Fatal(err)
		}
		c := count(n)
		before := listed(t, o.Output)
		done, err := snapshot.PruneCheckingDisk(t.Context(), o.Output, policy, c.check)
		if snapshot.ExitCode(err) != 13 {
			t.Fatalf("stopped at %d: %v", n, err)
		}
		left := listed(t, o.Output)
		gone := slices.DeleteFunc(before, func(id string) bool { return slices.Contains(left, id) })
		if !slices.Equal(done.Removed, gone) {
			t.Fatalf("stopped at %d: said to be removed %q, gone are %q", n, done.Removed, gone)
		}
		mustVerify(t, o.Output, 0)
		all := &nth{}
		if _, err := snapshot.PruneCheckingDisk(t.Context(), o.Output, policy, all.check); err != nil {
			t.Fatal(err)
		}
		wantPruned(t, o)
		if n == 1 {
			total = len(all.ops)
		}
		if t.Failed() {
			t.Fatalf("stopped at %d: %s", n, c.ops[n-1])
		}
	}
}

// listed names the snapshots in a folder.
func listed(t *testing.T, output string) (ids []string) {
	t.Helper()
	all, err := sealed.List(output)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range all {
		ids = append(ids, l.ID)
	}
	return ids
}

func TestTheNextRunClearsWhatAPruneLeft(t *testing.T) {
	o := options(t)
	from := workspace(1)
	mustRun(t, from, o, 0)
	for _, name := range []string{".pruning-2026-01-01T000000Z/docs/half", ".2026-01-01T000000Z.zip.tmp", ".2026-01-01T000000Z.tar.zst.tmp"} {
		writeFile(t, filepath.Join(o.Output, name), "half")
	}
	mine := []string{".pruning-mine", ".mine.zip.tmp", "2026-01-01T000000Z.zip"}
	for _, name := range mine {
		writeFile(t, filepath.Join(o.Output, name), "mine")
	}
	o.Now = clockAt(day.Add(time.Hour))
	mustRun(t, from, o, 0)
	for name := range readTree(t, o.Output) {
		if strings.Contains(name, "2026-01-01") && !slices.Contains(mine, name) {
			t.Errorf("%s is left", name)
		}
	}
	for _, name := range mine {
		if _, err := os.Stat(filepath.Join(o.Output, name)); err != nil {
			t.Error(err)
		}
	}
}

// A run may be stopped after latest.txt and before the link.
func TestPruneMendsTheLink(t *testing.T) {
	o, policy := pruned(t)
	link := filepath.Join(o.Output, "latest")
	if err := errors.Join(os.Remove(link), os.Symlink(firstID, link)); err != nil {
		t.Fatal(err)
	}
	if _, err := sealed.Prune(t.Context(), o.Output, policy, false); err != nil {
		t.Fatal(err)
	}
	wantPruned(t, o)
}

func TestPruneStopsWithItsContext(t *testing.T) {
	o, policy := pruned(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	_, err := snapshot.PruneCheckingDisk(ctx, o.Output, policy, func(op, name string) error {
		if op == "remove all" {
			cancel(exitCause(143))
		}
		return nil
	})
	if snapshot.ExitCode(err) != 143 {
		t.Errorf("error %v", err)
	}
	if r := mustVerify(t, o.Output, 0); len(r.Checked) != 4 {
		t.Errorf("left %q", r.Checked)
	}
}

// Else a power cut could give a snapshot its name back that is half removed.
func TestANameIsGoneForGoodBeforeTheFiles(t *testing.T) {
	o, policy := pruned(t)
	c := &nth{}
	if _, err := snapshot.PruneCheckingDisk(t.Context(), o.Output, policy, c.check); err != nil {
		t.Fatal(err)
	}
	hidden := ".pruning-" + firstID
	i := slices.Index(c.ops, "rename "+hidden)
	if want := []string{"rename " + hidden, "sync .", "remove all " + hidden}; i < 0 || !slices.Equal(c.ops[i:i+3], want) {
		t.Errorf("%q", c.ops)
	}
}
