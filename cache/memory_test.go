package cache

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

func TestMemoryKeepsAndForgets(t *testing.T) {
	m, n := NewMemory(10*(1000+itemCost)), 0
	defer m.Close()
	content := func(i int) string { return fmt.Sprintf("%01000d", i) }
	get := func(i int) {
		t.Helper()
		c, err := m.Get(t.Context(), fmt.Sprint(i), text(content(i), &n))
		if read(t, c, err) != content(i) {
			t.Errorf("content %d: wrong bytes", i)
		}
	}
	for i := range 10 {
		get(i)
	}
	get(0)
	if n != 10 {
		t.Errorf("%d fills of 10 contents", n)
	}
	get(10) // in the place of 1, used longest ago
	get(0)
	if n != 11 {
		t.Errorf("%d fills of 11 contents", n)
	}
	if _, ok := m.Lookup(t.Context(), "1"); ok {
		t.Error("more is kept than there is room for")
	}
	if size, ok := m.Size("1"); size != 1000 || !ok {
		t.Errorf("size after the eviction: %d, %v", size, ok)
	}
	if _, ok := m.Size("11"); ok {
		t.Error("a size of what never was")
	}
}

func TestMemoryServesWhatItCannotKeep(t *testing.T) {
	m, n := NewMemory(1000), 0
	defer m.Close()
	c, err := m.Put(t.Context(), "key", text("small", &n))
	read(t, c, err)
	c, err = m.Put(t.Context(), "key", text(large, &n))
	if read(t, c, err) != large {
		t.Error("wrong bytes")
	}
	if c, ok := m.Lookup(t.Context(), "key"); ok {
		t.Errorf("the old %q is still served", read(t, c, nil))
	}
	if m.contents.bytes != 0 {
		t.Errorf("%d bytes counted", m.contents.bytes)
	}
}

func TestMemoryFillThatFailsIsNotKept(t *testing.T) {
	m, n := NewMemory(0), 0
	defer m.Close()
	if _, err := m.Get(t.Context(), "key", noFill); err == nil {
		t.Error("no error")
	}
	c, err := m.Put(t.Context(), "key", text("good", &n))
	if got := read(t, c, err); got != "good" {
		t.Errorf("got %q", got)
	}
}

func TestMemoryFilled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, n := NewMemory(0), 0
		defer m.Close()
		began := time.Now()
		c, err := m.Get(t.Context(), "key", text("", &n))
		read(t, c, err)
		time.Sleep(time.Minute)
		if got, ok := m.Filled("key"); !ok || !got.Equal(began) {
			t.Errorf("filled at %v, %v", got, ok)
		}
	})
}
