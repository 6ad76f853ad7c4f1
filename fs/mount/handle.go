//go:build linux || darwin

package mount

import (
	"context"
	"fmt"
	"io"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fuse"

	"github.com/codafs/codafs/fs"
)

// handle is one open file. It holds the content until the kernel releases it, so it reads on
// whatever happens to the cache or to the object. Its fields never change.
type handle struct {
	node    *fileNode
	content fs.Content
	fd      uintptr // of the content's file
	inFile  bool    // there is such a file
}

func (s *Server) newHandle(n *fileNode, c fs.Content) *handle {
	h := &handle{node: n, content: c}
	if f := c.File(); f != nil {
		h.fd, h.inFile = f.Fd(), true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.handles[h] = struct{}{}
	return h
}

// Read never waits for the service. Bytes in a file go from there to the kernel, not through
// this process's memory.
func (h *handle) Read(_ context.Context, dest []byte, off int64) (fuse.ReadResult, syscall.Errno) {
	n := min(int64(len(dest)), h.content.Size()-off)
	switch {
	case n <= 0:
		return fuse.ReadResultData(nil), 0
	case h.inFile:
		return fuse.ReadResultFd(h.fd, off, int(n)), 0
	}
	if err := readFull(h.content, dest[:n], off); err != nil {
		return nil, h.node.server.fail(h.node.file, "read", err)
	}
	return fuse.ReadResultData(dest[:n]), 0
}

// readFull fills p from off. Content is complete, so less than that is an error.
func readFull(c fs.Content, p []byte, off int64) error {
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

// Release is sent when the last reader is done.
func (h *handle) Release(context.Context) syscall.Errno {
	s := h.node.server
	s.mu.Lock()
	delete(s.handles, h)
	s.mu.Unlock()
	return errno(h.content.Close())
}

// closeHandles closes what the kernel did not release: it drops these messages when a mount ends.
func (s *Server) closeHandles() {
	s.mu.Lock()
	rest := s.handles
	s.handles = map[*handle]struct{}{}
	s.mu.Unlock()
	for h := range rest {
		h.content.Close()
	}
}
