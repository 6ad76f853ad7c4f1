//go:build !windows

package cache

import (
	"slices"
	"testing"
	"time"
)

// What goes last outlives what was used since; what a newer content has replaced under its key does not.
func TestTrimEvictsWhatGoesLastAfterAllElse(t *testing.T) {
	dir, clock := t.TempDir(), newClock()
	last := func(key string) bool { return key == "0" || key == "1" }
	filler := openDisk(t, dir, Options{Now: clock.Now, Last: last})
	for i := range 10 {
		fillBody(t, filler, i)
		clock.advance(2 * time.Hour)
	}
	// The bytes of 0 are also kept under another key; 1 is filled anew, and its old bytes are those of "old".
	for key, i := range map[string]int{"same": 0, "old": 1} {
		n := 0
		if c, err := filler.Put(t.Context(), key, text(body(i), &n)); read(t, c, err) != body(i) {
			t.Error("wrong bytes")
		}
	}
	n := 0
	if c, err := filler.Put(t.Context(), "1", text(body(20), &n)); read(t, c, err) != body(20) {
		t.Error("wrong bytes")
	}
	clock.advance(2 * time.Hour)
	for i := 2; i < 10; i++ {
		fillBody(t, filler, i) // used later than all that goes last
	}
	d := openDisk(t, dir, Options{Now: clock.Now, MaxBytes: 3 * contentBytes})
	if err := d.Trim(t.Context()); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]int{"0": 0, "1": 20, "same": 0} {
		c, ok := d.Lookup(t.Context(), key)
		if !ok {
			t.Errorf("%s was evicted", key)
		} else if read(t, c, nil) != body(want) {
			t.Errorf("%s has other bytes", key)
		}
	}
	if c, ok := d.Lookup(t.Context(), "old"); ok {
		c.Close()
		t.Error("what was superseded is still there")
	}
	if got := keptBodies(t, dir, 10, clock); !slices.Equal(got, []int{0, 1}) {
		t.Errorf("kept %v, want those that go last", got)
	}
	// All of them go where even they have no room.
	if err := openDisk(t, dir, Options{Now: clock.Now, MaxBytes: contentBytes / 2}).Trim(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s := stats(t, d); s.Contents != 0 {
		t.Errorf("%+v", s)
	}
}
