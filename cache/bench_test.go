package cache

import (
	"bytes"
	"context"
	"io"
	"testing"
)

func benchDisk(b *testing.B) *Disk {
	d, err := OpenDisk(b.TempDir(), Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { d.Close() })
	return d
}

func benchGet(b *testing.B, size int, forget bool) {
	d := benchDisk(b)
	data := bytes.Repeat([]byte("x"), size)
	fill := func(_ context.Context, w io.Writer) error { _, err := w.Write(data); return err }
	p := make([]byte, 4096)
	get := func() {
		c, err := d.Get(b.Context(), "key", fill)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := c.ReadAt(p, 0); err != nil {
			b.Fatal(err)
		}
		c.Close()
	}
	get()
	b.ReportAllocs()
	for b.Loop() {
		if forget {
			d.small = newByteLRU(heldBytes)
		}
		get()
	}
	if n := d.fills.Load(); n != 1 {
		b.Fatalf("%d fills", n)
	}
}

// BenchmarkGetWarmSmall is a page's content, held in memory.
func BenchmarkGetWarmSmall(b *testing.B) { benchGet(b, 4096, false) }

// BenchmarkGetFirstSmall is the same read from its file and verified.
func BenchmarkGetFirstSmall(b *testing.B) { benchGet(b, 4096, true) }

// BenchmarkGetWarmLarge is a file that was verified before.
func BenchmarkGetWarmLarge(b *testing.B) { benchGet(b, 1<<20, false) }

func BenchmarkSize(b *testing.B) {
	d := benchDisk(b)
	c, err := d.Get(b.Context(), "key", func(context.Context, io.Writer) error { return nil })
	if err != nil {
		b.Fatal(err)
	}
	c.Close()
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := d.Size("key"); !ok {
			b.Fatal("no size")
		}
	}
}

// BenchmarkFill1MiB fills a new key each time.
func BenchmarkFill1MiB(b *testing.B) {
	d := benchDisk(b)
	data := bytes.Repeat([]byte("x"), 1<<20)
	b.ReportAllocs()
	b.SetBytes(int64(len(data)))
	for i := byte(0); b.Loop(); i++ {
		data[0] = i
		c, err := d.Put(b.Context(), "key", func(_ context.Context, w io.Writer) error {
			_, err := w.Write(data)
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
		c.Close()
	}
}
