package cache

import (
	"context"
	"io"
	"testing"
)

// Each first read of a page that is at hand goes this way: the key hashed, its entry's file opened and read, and a
// Content made of what is in memory. The file is most of it; the content itself is neither copied nor hashed again.
func TestAWarmReadCostsLittle(t *testing.T) {
	d, err := OpenDisk(t.TempDir(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	const mostAllocs = 30
	fill := func(_ context.Context, w io.Writer) error { _, err := w.Write(make([]byte, 4096)); return err }
	p := make([]byte, 4096)
	got := testing.AllocsPerRun(200, func() {
		c, err := d.Get(t.Context(), "key", fill)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.ReadAt(p, 0); err != nil {
			t.Fatal(err)
		}
		c.Close()
	})
	if got > mostAllocs {
		t.Errorf("a read at hand takes %.0f allocations, want %d at most", got, mostAllocs)
	}
}
