package cache

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// clock is a clock that tests set.
type clock struct{ nanos atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.nanos.Store(time.Date(2026, 3, 7, 10, 15, 30, 0, time.UTC).UnixNano())
	return c
}

func (c *clock) Now() time.Time             { return time.Unix(0, c.nanos.Load()) }
func (c *clock) advance(step time.Duration) { c.nanos.Add(int64(step)) }

const contentBytes = 100_000

// body is a content of contentBytes, another one for each i.
func body(i int) string { return strings.Repeat(fmt.Sprintf("%09d\n", i), contentBytes/10) }

func fillBody(t *testing.T, d *Disk, i int) {
	t.Helper()
	n := 0
	c, err := d.Get(t.Context(), fmt.Sprint(i), text(body(i), &n))
	if read(t, c, err) != body(i) {
		t.Errorf("content %d: wrong bytes", i)
	}
}

// keptBodies lists which of the first n contents a new process finds.
func keptBodies(t *testing.T, dir string, n int, c *clock) []int {
	t.Helper()
	d := openDisk(t, dir, Options{Now: c.Now})
	var found []int
	for i := range n {
		if c, ok := d.Lookup(t.Context(), fmt.Sprint(i)); ok {
			found = append(found, i)
			c.Close()
		}
	}
	return found
}

func stats(t *testing.T, d *Disk) Stats {
	t.Helper()
	s, err := d.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTrimEvictsWhatWasUsedLongestAgo(t *testing.T) {
	dir, clock := t.TempDir(), newClock()
	filler := openDisk(t, dir, Options{Now: clock.Now})
	for i := range 10 {
		fillBody(t, filler, i)
		clock.advance(2 * time.Hour)
	}
	fillBody(t, filler, 0) // the oldest is used: now it is the newest
	if c, ok := filler.Lookup(t.Context(), "2"); ok {
		c.Close()
	}
	if size, ok := filler.Size("1"); !ok || size != contentBytes {
		t.Errorf("size %d, %v", size, ok) // a look at the size is no use of the content
	}
	d := openDisk(t, dir, Options{Now: clock.Now, MaxBytes: 5 * contentBytes})
	if err := d.Trim(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := []int{0, 2, 8, 9} // nine tenths of the limit have room for four
	if got := keptBodies(t, dir, 10, clock); !slices.Equal(got, want) {
		t.Errorf("kept %v, want %v", got, want)
	}
	if s := stats(t, d); s.Bytes != 4*contentBytes || s.Contents != 4 || s.Entries != 10 || s.Evicted != 6 {
		t.Errorf("%+v", s)
	}
	for i := range 10 {
		if size, ok := d.Size(fmt.Sprint(i)); size != contentBytes || !ok {
			t.Errorf("size of %d after the eviction: %d, %v", i, size, ok)
		}
	}
}

func TestFillsKeepTheLimitByThemselves(t *testing.T) {
	dir, clock := t.TempDir(), newClock()
	d := openDisk(t, dir, Options{Now: clock.Now, MaxBytes: 5 * contentBytes})
	for i := range 30 {
		fillBody(t, d, i)
		clock.advance(time.Minute)
		d.background.Wait() // what runs behind the fills
		// Without a walk, the count may be too high, never too low.
		if s := stats(t, d); s.Bytes > s.MaxBytes || s.Bytes > d.bytes {
			t.Fatalf("after %d contents: %d bytes, counted %d", i+1, s.Bytes, d.bytes)
		}
	}
	if got := keptBodies(t, dir, 30, clock); len(got) < 4 || got[len(got)-1] != 29 {
		t.Errorf("kept %v", got)
	}
}

func TestWhatOtherProcessesWroteIsCounted(t *testing.T) {
	dir, clock := t.TempDir(), newClock()
	first := openDisk(t, dir, Options{Now: clock.Now})
	for i := range 10 {
		fillBody(t, first, i)
	}
	clock.advance(time.Hour)
	d := openDisk(t, dir, Options{Now: clock.Now, MaxBytes: 5 * contentBytes})
	fillBody(t, d, 10)
	d.background.Wait()
	if s := stats(t, d); s.Bytes > s.MaxBytes {
		t.Errorf("%d bytes", s.Bytes)
	}
	if got := keptBodies(t, dir, 11, clock); !slices.Contains(got, 10) {
		t.Errorf("the newest is gone; kept %v", got)
	}
}

func TestSameBytesCountOnce(t *testing.T) {
	d, n := openDisk(t, t.TempDir(), Options{}), 0
	for _, key := range []string{"a", "b", "a"} {
		c, err := d.Put(t.Context(), key, text(large, &n))
		read(t, c, err)
	}
	d.background.Wait()
	if s := stats(t, d); s.Contents != 1 || s.Entries != 2 || s.Bytes != int64(len(large)) {
		t.Errorf("%+v", s)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.sinceWalk > int64(len(large)) {
		t.Errorf("counted %d bytes", d.sinceWalk)
	}
}

func TestReadingGoesOnAfterEviction(t *testing.T) {
	dir := t.TempDir()
	d, n := openDisk(t, dir, Options{MaxBytes: contentBytes}), 0
	var open []*Content
	for i := range 5 {
		c, err := d.Get(t.Context(), fmt.Sprint(i), text(body(i), &n))
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, c)
	}
	if err := d.Trim(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s := stats(t, d); s.Contents > 1 {
		t.Errorf("%d contents are left", s.Contents)
	}
	for i, c := range open {
		if read(t, c, nil) != body(i) {
			t.Errorf("content %d: wrong bytes", i)
		}
	}
}

func TestContentLargerThanTheCacheEvictsNothing(t *testing.T) {
	dir := t.TempDir()
	d, n := openDisk(t, dir, Options{MaxBytes: contentBytes * 3 / 2}), 0
	fillBody(t, d, 1)
	c, err := d.Get(t.Context(), "huge", text(body(2)+body(3), &n))
	if read(t, c, err) != body(2)+body(3) {
		t.Error("wrong bytes")
	}
	d.background.Wait()
	if s := stats(t, d); s.Bytes != contentBytes || s.Evicted != 0 {
		t.Errorf("%+v", s)
	}
	if size, ok := d.Size("huge"); size != 2*contentBytes || !ok {
		t.Errorf("its size: %d, %v", size, ok)
	}
	if left := temps(t, dir); len(left) != 0 {
		t.Errorf("temporary files are left: %v", left)
	}
}

func TestSizesAreForgottenAfter30DaysUnlessTheContentIsThere(t *testing.T) {
	dir, clock := t.TempDir(), newClock()
	d := openDisk(t, dir, Options{Now: clock.Now})
	for i := range 4 {
		fillBody(t, d, i)
	}
	for _, i := range []int{0, 1, 2} {
		if err := os.Remove(d.path(contentsDir, hashOf(body(i)))); err != nil {
			t.Fatal(err)
		}
	}
	overwrite(t, d.path(entriesDir, hashOf("2")), []byte("torn"))
	stamp := clock.Now()
	if err := os.Chtimes(d.path(entriesDir, hashOf("2")), stamp, stamp); err != nil {
		t.Fatal(err)
	}
	clock.advance(20 * 24 * time.Hour)
	d.Size("1") // is in use
	for _, step := range []struct {
		days    time.Duration
		entries int
	}{{9, 4}, {2, 2}, {20, 1}, {300, 1}} {
		clock.advance(step.days * 24 * time.Hour)
		if err := d.Trim(t.Context()); err != nil {
			t.Fatal(err)
		}
		if s := stats(t, d); s.Entries != step.entries {
			t.Errorf("%d days on: %d entries, want %d", step.days, s.Entries, step.entries)
		}
	}
	fillBody(t, d, 3)
	if d.fills.Load() != 4 {
		t.Error("a content that was kept was filled again")
	}
}

// Entries are most of the files of a cache: not each process that fills something looks at all of them.
func TestProcessesLookThroughEntriesOnceADay(t *testing.T) {
	dir, clock := t.TempDir(), newClock()
	first := openDisk(t, dir, Options{Now: clock.Now})
	fillBody(t, first, 0)
	fillBody(t, first, 1)
	first.background.Wait()
	if err := os.Remove(first.path(contentsDir, hashOf(body(0)))); err != nil { // its entry is the one that goes after 30 days
		t.Fatal(err)
	}
	for _, step := range []struct {
		later   time.Duration
		entries int
	}{{entryLife - time.Hour, 2}, {2 * time.Hour, 2}, {entriesEvery - 3*time.Hour, 2}, {time.Hour, 1}} {
		clock.advance(step.later)
		d := openDisk(t, dir, Options{Now: clock.Now})
		put(t, d, "1", body(1))
		d.background.Wait()
		if s := stats(t, d); s.Entries != step.entries {
			t.Errorf("%v later: %d entries, want %d", step.later, s.Entries, step.entries)
		}
	}
}

func TestOldTemporaryFilesAreRemoved(t *testing.T) {
	dir := t.TempDir()
	d := openDisk(t, dir, Options{})
	for name, age := range map[string]time.Duration{"old": 2 * time.Hour, "young": time.Minute} {
		path := filepath.Join(dir, tempDir, name)
		overwrite(t, path, nil)
		stamp := time.Now().Add(-age)
		if err := os.Chtimes(path, stamp, stamp); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Trim(t.Context()); err != nil {
		t.Fatal(err)
	}
	if left := temps(t, dir); len(left) != 1 || filepath.Base(left[0]) != "young" {
		t.Errorf("left: %v", left)
	}
}

// To a process whose clock is ahead, all files are old.
func TestTemporaryFilesInUseStay(t *testing.T) {
	dir := t.TempDir()
	c, err := openDisk(t, dir, Options{}).Get(t.Context(), "key", func(ctx context.Context, w io.Writer) error {
		if _, err := io.WriteString(w, huge); err != nil {
			return err
		}
		stamp := time.Now().Add(-2 * tempLife)
		used := temps(t, dir)
		if len(used) != 1 {
			t.Errorf("temporary files: %v, want one", used)
		}
		for _, path := range used {
			if err := os.Chtimes(path, stamp, stamp); err != nil {
				return err
			}
		}
		return openDisk(t, dir, Options{}).Trim(ctx)
	})
	if read(t, c, err) != huge {
		t.Error("wrong bytes")
	}
	if c, found := openDisk(t, dir, Options{}).Lookup(t.Context(), "key"); !found || read(t, c, nil) != huge {
		t.Error("another process does not find the content")
	}
}

func TestUseIsNotedHourlyAndAClockPutRight(t *testing.T) {
	dir, clock := t.TempDir(), newClock()
	d := openDisk(t, dir, Options{Now: clock.Now})
	for _, want := range []string{small, large} {
		n := 0
		path := d.path(contentsDir, hashOf(want))
		stamp := clock.Now()
		for _, step := range []struct {
			step  time.Duration
			noted bool
		}{{0, true}, {59 * time.Minute, false}, {time.Minute, true}, {-30 * time.Minute, false}, {-time.Hour, true}} {
			clock.advance(step.step)
			if step.noted {
				stamp = clock.Now()
			}
			c, err := d.Get(t.Context(), want, text(want, &n))
			read(t, c, err)
			info, err := os.Stat(path)
			if err != nil || !info.ModTime().Equal(stamp) {
				t.Errorf("at %v the file says %v, %v; want %v", clock.Now(), info.ModTime(), err, stamp)
			}
		}
		if n != 1 {
			t.Errorf("%d fills", n)
		}
		if hashed := d.damaged.Load(); hashed != 0 {
			t.Errorf("%d files taken for damaged", hashed)
		}
	}
}

func TestTrimEndsWithItsContext(t *testing.T) {
	d := openDisk(t, t.TempDir(), Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := d.Trim(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	d.trimTurn <- struct{}{} // another one runs
	if err := d.Trim(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("while another runs: error %v", err)
	}
	<-d.trimTurn
	if err := d.Trim(t.Context()); err != nil {
		t.Errorf("later: error %v", err)
	}
}
