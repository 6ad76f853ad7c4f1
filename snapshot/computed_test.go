package snapshot_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/snapshot"
	"github.com/codafs/codafs/snapshot/folder"
	"github.com/codafs/codafs/snapshot/format"
)

const week = 7 * 24 * time.Hour

// holder is a memory that holds what it once fetched, as a tree with a cache does: it gives that when it is opened.
type holder struct {
	*memory
	anew []string // opened as OpenAnew
}

func (h *holder) OpenAnew(ctx context.Context, path string, _ time.Time) (io.ReadCloser, error) {
	h.mu.Lock()
	h.anew = append(h.anew, path)
	h.mu.Unlock()
	return h.Open(ctx, path)
}

// compute marks the entry of a file.
func (m *memory) compute(path string, c fs.Computed) *fs.Entry {
	i := slices.IndexFunc(m.entries, func(e fs.Entry) bool { return e.Path == path })
	m.entries[i].Computed = c
	return &m.entries[i]
}

// What is volatile is fetched in every run, whatever the stamps say, and takes no space where it is the same.
func TestVolatileFilesAreFetchedInEachRun(t *testing.T) {
	n := newNights(t, 1)
	h := &holder{memory: n.from}
	table, page := n.from.entries[5].Path, n.from.entries[3].Path
	n.from.compute(table, fs.ComputedVolatile)
	n.from.compute(page, fs.ComputedVolatile)
	s, files := n.next(t, h, 0)
	n.wantOpened(t, table, page)
	if len(h.anew) != 2 || s.ComputedKept != 0 || files[table].Computed || files[table].Status != format.StatusUnchanged || !n.linked(t, firstID+"/"+table, s.ID+"/"+table) {
		t.Errorf("%q were opened anew; %+v", h.anew, files[table])
	}
	if f := files[table]; !f.FetchedAt.IsZero() || f.Volatility != fs.ComputedVolatile || f.Rows == nil || *f.Rows != 2 {
		t.Errorf("%+v", f)
	}
	last := s.ID
	n.from.content[table] = strings.ReplaceAll(n.from.content[table], "two", "TWO") // under the same version
	s, files = n.next(t, h, 0)
	n.wantOpened(t, table, page)
	wantDocs(t, filepath.Join(n.o.Output, s.ID), n.from.content)
	if files[table].Status != format.StatusChanged || files[page].Status != format.StatusUnchanged || n.linked(t, last+"/"+table, s.ID+"/"+table) {
		t.Errorf("status %q, %q", files[table].Status, files[page].Status)
	}
	// Whoever copies snapshots by size and time must see it.
	info, err := os.Stat(filepath.Join(n.o.Output, s.ID, table))
	if err != nil || info.ModTime().Before(s.StartedAt) {
		t.Errorf("the file is of %v, %v", info.ModTime(), err)
	}
}

// many is a workspace of one doc with pages that are calculated.
func many(pages int) *memory {
	m := workspace(1)
	for i := range pages {
		path := fmt.Sprintf("docs/Läunch & Plan 0__doc0/pages/Page__canvas-p%d.md", i)
		m.add(fs.Entry{Path: path, Kind: fs.KindPage, DocID: "doc0", ObjectID: fmt.Sprint("canvas-p", i), Type: "page"}, "# Page\n")
		m.compute(path, fs.ComputedCalculated)
	}
	return m
}

// What is calculated is fetched anew each --full-every, about as much of it each night, and none later than that.
func TestCalculatedFilesAreFetchedInTheirTurn(t *testing.T) {
	const pages = 80
	n := &nights{from: many(pages), o: options(t)}
	n.o.Incremental, n.o.FullEvery = true, week
	mustRun(t, n.from, n.o, 0)
	total := 0
	for range 21 {
		s, files := n.next(t, n.from, 0)
		got := len(n.from.opened)
		total += got
		if got < pages/14 || got > pages*2/7 {
			t.Errorf("night %d: %d of %d pages are fetched", n.n, got, pages)
		}
		kept := 0
		for _, f := range files {
			if f.Kind != fs.KindPage || f.ObjectID == "canvas-1" || f.ObjectID == "canvas-2" {
				if f.Computed || !f.FetchedAt.IsZero() || f.Volatility != fs.ComputedNot {
					t.Fatalf("%+v is not computed", f)
				}
				continue
			}
			if f.Computed && (s.StartedAt.Sub(f.FetchedAt) > week || !f.FetchedAt.Before(s.StartedAt)) {
				t.Errorf("night %d: %s was fetched at %v", n.n, f.Path, f.FetchedAt)
			}
			if f.Computed == f.FetchedAt.IsZero() || f.Volatility != fs.ComputedCalculated {
				t.Errorf("%+v", f)
			}
			if f.Computed {
				kept++
			}
		}
		if kept != pages-got || s.ComputedKept != kept || s.SkippedUnchanged != pages-got+4 || s.PagesExported != got {
			t.Errorf("night %d: %d are marked, the summary has %d, %d, %d; %d were fetched", n.n, kept, s.ComputedKept, s.SkippedUnchanged, s.PagesExported, got)
		}
	}
	if total < 21*pages/8 || total > 21*pages/6 {
		t.Errorf("%d of %d pages in three weeks", total, 3*pages)
	}
	// Nights that were missed do not put off anything.
	n.n += 6
	n.next(t, n.from, 0)
	if got := len(n.from.opened); got < pages*9/10 {
		t.Errorf("%d of %d pages after a week", got, pages)
	}
	// A run that follows at once fetches nothing twice.
	n.o.Now = clockAt(day.AddDate(0, 0, n.n).Add(6 * time.Hour))
	n.from.opened = nil
	mustRun(t, n.from, n.o, 0)
	n.wantOpened(t)
}

func TestNeverMeansNever(t *testing.T) {
	n := &nights{from: many(20), o: options(t)}
	n.o.Incremental = true
	first := mustRun(t, n.from, n.o, 0)
	n.n = 400
	s, files := n.next(t, n.from, 0)
	n.wantOpened(t)
	if s.ComputedKept != 20 {
		t.Errorf("%d are marked", s.ComputedKept)
	}
	for _, f := range files {
		if f.Computed && (f.FetchedAt.Before(first.StartedAt) || f.FetchedAt.After(first.FinishedAt)) {
			t.Errorf("%s was fetched at %v", f.Path, f.FetchedAt)
		}
	}
}

// Of a snapshot that does not say when its files were fetched, that was when it began.
func TestASnapshotOfAnEarlierProgramFetchedAllOfIt(t *testing.T) {
	n := &nights{from: many(50), o: options(t)}
	n.o.Incremental, n.o.FullEvery = true, week
	for i := range n.from.entries {
		n.from.entries[i].Computed = fs.ComputedNot
	}
	mustRun(t, n.from, n.o, 0)
	for i, e := range n.from.entries {
		if strings.Contains(e.Path, "canvas-p") {
			n.from.entries[i].Computed = fs.ComputedCalculated
		}
	}
	n.n = 1
	s, _ := n.next(t, n.from, 0) // two days later
	if got := len(n.from.opened); got == 0 || got == 50 || s.ComputedKept != 50-got {
		t.Errorf("%d of 50 pages, %d marked", got, s.ComputedKept)
	}
	n.n = 7
	_, files := n.next(t, n.from, 0)
	for _, f := range files {
		if f.Computed && f.FetchedAt.Before(day.AddDate(0, 0, 1)) {
			t.Errorf("%s was fetched at %v", f.Path, f.FetchedAt)
		}
	}
}

// A doc that is trusted is not looked into: what is computed in it is kept, and said to be.
func TestTrustedDocsKeepWhatIsComputed(t *testing.T) {
	n := &nights{from: workspace(1), o: options(t)}
	n.o.Incremental, n.o.FullEvery, n.o.TrustDocTimestamps = true, week, true
	from := gated{n.from, map[string]time.Time{}}
	n.from.compute(n.from.entries[3].Path, fs.ComputedCalculated)
	table := n.from.entries[5].Path
	n.from.compute(table, fs.ComputedVolatile)
	first := mustRun(t, from, n.o, 0)
	for range 2 {
		n.n += 10
		s, files := n.next(t, from, 0)
		n.wantOpened(t)
		if f := files[table]; s.ComputedKept != 2 || !f.Computed || f.FetchedAt.After(first.FinishedAt) {
			t.Errorf("%d are marked; %+v", s.ComputedKept, f)
		}
	}
	n.o.TrustDocTimestamps = false
	s, files := n.next(t, from, 0)
	n.wantOpened(t, table, n.from.entries[3].Path)
	if s.ComputedKept != 0 || files[table].Computed {
		t.Errorf("%+v", files[table])
	}
}

// What an origin holds may be old as well, and is fetched anew if it is.
func TestWhatAnOriginHoldsIsFetchedInItsTurnToo(t *testing.T) {
	for age, want := range map[time.Duration]string{time.Minute: "as it is", time.Hour: "as it is", week: "anew"} {
		n := &nights{from: workspace(1), o: options(t)}
		n.o.Incremental, n.o.FullEvery = true, week
		h := &holder{memory: n.from}
		page := n.from.entries[3].Path
		n.from.compute(page, fs.ComputedCalculated).FetchedAt = day.Add(-age)
		table := n.from.entries[5].Path // is not held: it is fetched when it is opened
		n.from.compute(table, fs.ComputedCalculated)
		s := mustRun(t, h, n.o, 0)
		got := "as it is"
		if slices.Contains(h.anew, page) {
			got = "anew"
		}
		kept := 0
		if age == time.Hour { // what is minutes old is no older than Coda's own reads
			kept = 1
		}
		if got != want || slices.Contains(h.anew, table) || s.ComputedKept != kept {
			t.Errorf("what is %v old is taken %s, want %s; %d are marked", age, got, want, s.ComputedKept)
		}
	}
}

// A run that takes over what another one left does not take its volatile files.
func TestARunThatTakesOverFetchesWhatIsVolatile(t *testing.T) {
	from, o := workspace(1), options(t)
	o.FullEvery, o.Concurrency = week, 1
	page, table, last := from.entries[3].Path, from.entries[5].Path, from.entries[len(from.entries)-1].Path
	from.compute(page, fs.ComputedCalculated)
	from.compute(table, fs.ComputedVolatile)
	from.open = failing(map[string]error{last: &folder.DestinationError{Err: errors.New("stop")}})
	if _, err := snapshot.Run(t.Context(), from, o); err == nil {
		t.Fatal("the run was not stopped")
	}
	from.open, from.opened = nil, nil
	o.Now = clockAt(day.Add(time.Hour))
	s := mustRun(t, from, o, 0)
	if !slices.Equal(from.opened, []string{table, last}) || s.ComputedKept != 1 {
		t.Errorf("opened %q, %d marked", from.opened, s.ComputedKept)
	}
}

// A file that was to be fetched anew and could not be is carried, and is a gap as any other.
func TestAVolatileFileThatFailsIsCarried(t *testing.T) {
	n := newNights(t, 1)
	table := n.from.entries[5].Path
	n.from.compute(table, fs.ComputedVolatile)
	n.next(t, n.from, 0)
	n.from.open = failing(map[string]error{table: errors.New("down")})
	s, files := n.next(t, n.from, 3)
	if f := files[table]; f.Status != format.StatusCarried || !f.Computed || s.ComputedKept != 1 || len(s.Failures) != 1 {
		t.Errorf("%+v, %+v", f, s.Failures)
	}
}

// A plan says what a run then does.
func TestAPlanCountsWhatIsComputed(t *testing.T) {
	n := &nights{from: many(50), o: options(t)}
	n.o.Incremental, n.o.FullEvery = true, week
	n.from.compute(n.from.entries[5].Path, fs.ComputedVolatile)
	mustRun(t, n.from, n.o, 0)
	n.o.Now = clockAt(day.AddDate(0, 0, 1))
	plan, err := snapshot.DryRun(t.Context(), n.from, n.o)
	if err != nil {
		t.Fatal(err)
	}
	n.next(t, n.from, 0)
	if got := len(n.from.opened); plan.Fetch[fs.KindPage]+plan.Fetch[fs.KindRows] != got || plan.Fetch[fs.KindRows] != 1 || got < 3 {
		t.Errorf("the plan is to fetch %v, the run fetched %d", plan.Fetch, got)
	}
}

// Bytes that were seen to differ are no longer those of the snapshot, though the stamps are the same.
func TestOtherBytesThatWereSeenAreFetched(t *testing.T) {
	n := newNights(t, 1)
	e := n.from.compute(n.from.entries[3].Path, fs.ComputedCalculated)
	same := e.Version + "." + hashOf(n.from.content[e.Path])[:12] + "x1"
	other := e.Version + "." + hashOf("# Other\n")[:12] + "x2"
	e.Version = same
	n.next(t, n.from, 0)
	n.wantOpened(t)
	e.Version, n.from.content[e.Path] = other, "# Other\n"
	n.next(t, n.from, 0)
	n.wantOpened(t, e.Path)
	n.next(t, n.from, 0)
	n.wantOpened(t)
}

func hashOf(text string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(text))) }
