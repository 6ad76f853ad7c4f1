package cache

import (
	"bytes"
	"context"
	"io"
	"os"
	"sync/atomic"
	"time"
)

// Fill writes one content to w, from its first byte to its last. Its ctx ends when nobody
// waits for the content any more. What a Fill wrote before it failed is thrown away.
type Fill = func(ctx context.Context, w io.Writer) error

// Content is the bytes of one key as they were when it was opened. They never change, and
// stay readable until Close, also when the store has evicted, replaced or lost them since,
// or was closed. A Content is safe for concurrent reads. One that is never closed keeps a
// descriptor or its bytes for as long as the process lives.
type Content struct {
	blob   *blob
	closed atomic.Bool
}

// ReadAt is that of [io.ReaderAt]. After Close it fails with [os.ErrClosed].
func (c *Content) ReadAt(p []byte, off int64) (int, error) {
	if c.closed.Load() {
		return 0, os.ErrClosed
	}
	n, err := c.blob.reader().ReadAt(p, off)
	if err == io.EOF && off+int64(n) < c.blob.size {
		err = io.ErrUnexpectedEOF // somebody cut the file after it was verified
	}
	return n, err
}

// Size is the number of bytes.
func (c *Content) Size() int64 { return c.blob.size }

// Close releases the content.
func (c *Content) Close() error {
	if c.closed.Swap(true) {
		return os.ErrClosed
	}
	return c.blob.release()
}

// blob is bytes at hand: in data, or, if file is not nil, in that file. The Contents
// of all who waited for one fetch share one blob, and so one descriptor. All but refs is
// set before a second goroutine sees the blob, and not changed afterwards.
type blob struct {
	data   []byte
	file   *os.File
	size   int64
	filled time.Time    // when its fill began; set if no entry says so
	refs   atomic.Int32 // Contents that still need file
}

func (b *blob) reader() io.ReaderAt {
	if b.file != nil {
		return io.NewSectionReader(b.file, 0, b.size)
	}
	return bytes.NewReader(b.data)
}

// share sets how many Contents the blob is for. With none it is closed.
func (b *blob) share(contents int) {
	b.refs.Store(int32(contents))
	if contents == 0 && b.file != nil {
		b.file.Close()
	}
}

func (b *blob) release() error {
	if b.file == nil || b.refs.Add(-1) > 0 {
		return nil
	}
	return b.file.Close()
}
