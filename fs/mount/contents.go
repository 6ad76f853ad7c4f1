//go:build linux || darwin

package mount

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"syscall"

	fusefs "github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"

	"github.com/codafs/codafs/fs"
)

// maxContents is how many contents are kept open for later reads, each with a descriptor; but at most a quarter of this
// process's limit of descriptors. The kernel does not say who has a file open, so those that were read last are kept.
const maxContents = 512

// contentsToKeep is maxContents, or less if this process may have few descriptors.
func contentsToKeep() int {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return maxContents
	}
	return int(min(maxContents, limit.Cur/4))
}

// contents are the open contents of the files that were fetched or read last, and of superseded versions that the
// kernel still knows: somebody may be reading one, and only this content has those bytes.
type contents struct {
	max  int // of those in used
	mu   sync.Mutex
	of   map[*fileNode]*openContent
	used list.List // of *openContent, the one used last in front; without pinned ones
}

// openContent is one open content. It is closed once it is dropped and has no readers.
type openContent struct {
	node    *fileNode
	content fs.Content
	readers int
	pinned  bool
	gone    bool
	place   *list.Element // nil while it is not in used
}

// take returns the open content of n, or nil. The caller must put it back.
func (c *contents) take(n *fileNode) *openContent {
	c.mu.Lock()
	defer c.mu.Unlock()
	h := c.of[n]
	if h == nil {
		return nil
	}
	h.readers++
	if h.place != nil {
		c.used.MoveToFront(h.place)
	}
	return h
}

// add keeps the content of n open, and takes it. If n has an open content already, add closes the new one and takes the
// old one: somebody may be reading it and must not get other bytes, which a service may give under an old stamp just
// after an edit.
func (c *contents) add(n *fileNode, content fs.Content) *openContent {
	c.mu.Lock()
	defer c.mu.Unlock()
	if old := c.of[n]; old != nil {
		content.Close()
		old.readers++
		return old
	}
	h := &openContent{node: n, content: content, readers: 1}
	c.of[n] = h
	h.place = c.used.PushFront(h)
	if c.used.Len() > c.max {
		c.drop(c.used.Back().Value.(*openContent))
	}
	return h
}

// has reports whether there is an open content of n.
func (c *contents) has(n *fileNode) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.of[n] != nil
}

// put gives back what take, add or fetch returned.
func (c *contents) put(h *openContent) {
	c.mu.Lock()
	defer c.mu.Unlock()
	h.readers--
	h.closeUnused()
}

// pin keeps h open until it is forgotten.
func (c *contents) pin(h *openContent) {
	c.mu.Lock()
	defer c.mu.Unlock()
	h.pinned = true
	if h.place != nil {
		c.used.Remove(h.place)
		h.place = nil
	}
}

// drop removes h, which is closed when it has no readers. c.mu is held.
func (c *contents) drop(h *openContent) {
	delete(c.of, h.node)
	if h.place != nil {
		c.used.Remove(h.place)
		h.place = nil
	}
	h.gone = true
	h.closeUnused()
}

// closeUnused closes h if it was dropped and has no readers. It does not block, so c.mu may be held.
func (h *openContent) closeUnused() {
	if h.gone && h.readers == 0 {
		h.content.Close()
	}
}

// forget drops the content of n, if there is one.
func (c *contents) forget(n *fileNode) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if h := c.of[n]; h != nil {
		c.drop(h)
	}
}

// close drops all contents: the kernel sends no FORGET when a mount ends.
func (c *contents) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, h := range c.of {
		c.drop(h)
	}
}

// Read returns bytes of the version. They were fetched when the file was opened, unless they were evicted since, or the
// kernel sent nothing when the file was opened.
func (n *fileNode) Read(ctx context.Context, _ fusefs.FileHandle, dest []byte, off int64) (fuse.ReadResult, syscall.Errno) {
	n.forgotten.Store(false)
	h := n.server.contents.take(n)
	if h == nil {
		told := n.size.Load()
		var err error
		if h, err = n.fetch(ctx); err != nil {
			return nil, n.fail("read", err)
		}
		if told >= 0 && h.content.Size() != told {
			n.server.contents.put(h)
			return nil, n.fail("read", fs.ErrStale) // these are not the bytes that were opened
		}
	}
	defer n.server.contents.put(h)
	dest = dest[:max(0, min(int64(len(dest)), h.content.Size()-off))]
	if err := readFull(h.content, dest, off); err != nil {
		return nil, n.fail("read", err)
	}
	return fuse.ReadResultData(dest), 0
}

// readFull fills p from off. A content is complete, so a short read is an error.
func readFull(c fs.Content, p []byte, off int64) error {
	if len(p) == 0 {
		return nil
	}
	if n, err := c.ReadAt(p, off); n < len(p) {
		return fmt.Errorf("reading %d bytes at %d of %d: %w", len(p), off, c.Size(), noEOF(err))
	}
	return nil
}

func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// fetch opens the content of n again, fetches it from the service if it must, and takes it.
func (n *fileNode) fetch(ctx context.Context) (*openContent, error) {
	return n.take(ctx, func(ctx context.Context, is *held) (fs.Content, error) { return is.open(ctx) })
}

func (is *held) open(ctx context.Context) (fs.Content, error) { return is.file.Open(ctx, is.version) }

// take calls open for the content of n, and takes it. If the version was superseded, the current one is fetched before
// ErrStale is returned, so that the caller will find it.
func (n *fileNode) take(caller context.Context, open func(context.Context, *held) (fs.Content, error)) (*openContent, error) {
	var is *held
	c, err := await(caller, n.server, func(ctx context.Context) (c fs.Content, err error) {
		if is, err = n.get(ctx); err == nil {
			c, err = open(ctx, is)
		}
		if errors.Is(err, fs.ErrStale) {
			n.fetchCurrent(ctx, caller)
		}
		return c, err
	}, func(c fs.Content) { c.Close() })
	if err != nil {
		return nil, err
	}
	n.hold(is) // from now on somebody may have it open
	n.learn(is, c.Size())
	is.count(&n.server.stats.opens)
	return n.server.contents.add(n, c), nil
}

// fetchCurrent fetches the version that the name of n has now, for a caller that will look it up again.
func (n *fileNode) fetchCurrent(ctx, caller context.Context) {
	var file fs.File
	if is := n.held.Load(); is != nil {
		file = is.file
	} else if found, err := n.look(ctx); err == nil {
		file = found.node.(fs.File)
	} else {
		return
	}
	if now, v, err := fs.OpenCurrent(ctx, file); err == nil {
		now.Close()
		n.server.promises.give(caller, n.id, v)
	}
}

// supersede pins the content of n for those who still read it. The name of n has another version now.
func (n *fileNode) supersede() {
	s := n.server
	s.start(func() {
		h := s.contents.take(n)
		if h == nil {
			is := n.held.Load()
			if is == nil || !is.file.AtHand(is.version) {
				return // nobody can read it any more
			}
			c, err := is.open(s.ctx)
			if err != nil {
				return
			}
			h = s.contents.add(n, c)
		}
		s.contents.pin(h)
		s.contents.put(h)
		if n.forgotten.Load() {
			s.contents.forget(n)
		}
	})
}
