package codatest

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// memoryWriter takes what a handler writes. Writing never waits for who reads.
type memoryWriter struct {
	header http.Header
	ready  chan struct{} // closed when the client may look: at a flush, or at the end
	more   chan struct{} // wakes the reader

	mu     sync.Mutex
	status int
	sent   http.Header
	body   []byte // not yet read
	ended  error  // io.EOF after the end, errReset after a break
	once   sync.Once
}

// serve runs the handler to its end. A panic with ErrAbortHandler is a connection that breaks; any other one goes on.
func (w *memoryWriter) serve(h http.Handler, r *http.Request) {
	err := io.EOF
	defer func() {
		if p := recover(); p != nil {
			if e, ok := p.(error); !ok || !errors.Is(e, http.ErrAbortHandler) {
				panic(p)
			}
			err = errReset
		}
		w.mu.Lock()
		w.ended = err
		w.mu.Unlock()
		w.Flush()
	}()
	h.ServeHTTP(w, r)
	w.WriteHeader(http.StatusOK)
}

// Header is for the handler's goroutine alone, until WriteHeader.
func (w *memoryWriter) Header() http.Header { return w.header }

// WriteHeader takes the first status, and the headers as they are then, like net/http.
func (w *memoryWriter) WriteHeader(status int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.status == 0 {
		w.status, w.sent = status, w.header.Clone()
	}
}

// Write never waits and never fails.
func (w *memoryWriter) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.body = append(w.body, b...)
	return len(b), nil
}

// Flush lets the client see what was written.
func (w *memoryWriter) Flush() {
	w.once.Do(func() { close(w.ready) })
	select {
	case w.more <- struct{}{}:
	default:
	}
}

// answered reports whether there is a status: a handler that broke off before has none.
func (w *memoryWriter) answered() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.status != 0
}

// response is the answer so far, with its gzip undone where the caller didn't ask for it.
func (w *memoryWriter) response(r *http.Request, body io.ReadCloser, ungzip bool) *http.Response {
	resp := &http.Response{
		Status: fmt.Sprintf("%d %s", w.status, http.StatusText(w.status)), StatusCode: w.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.sent, ContentLength: w.length(), Body: body, Request: r,
	}
	if ungzip && strings.EqualFold(w.sent.Get("Content-Encoding"), "gzip") {
		resp.Body, resp.ContentLength, resp.Uncompressed = &gunzip{body: body}, -1, true
		resp.Header.Del("Content-Encoding")
		resp.Header.Del("Content-Length")
	}
	return resp
}

// length is the Content-Length that was announced, -1 if none was.
func (w *memoryWriter) length() int64 {
	n, err := strconv.ParseInt(w.sent.Get("Content-Length"), 10, 64)
	if err != nil {
		return -1
	}
	return n
}

// memoryBody reads what a memoryWriter takes. Closing it ends the request, so that a
// handler that still waits goes away.
type memoryBody struct {
	w      *memoryWriter
	ctx    context.Context
	cancel context.CancelFunc
	read   int64
	length int64 // that was announced, or -1
}

// Read waits until there is something, the end, or the end of the request's context. One goroutine reads at a time.
func (b *memoryBody) Read(p []byte) (int, error) {
	for {
		n, err := b.take(p)
		if n > 0 || err != nil || len(p) == 0 {
			return n, err
		}
		select {
		case <-b.w.more:
		case <-b.ctx.Done():
			return 0, b.ctx.Err()
		}
	}
}

// take gives what there is. A body that ends before its announced length is an
// unexpected end, as on a socket.
func (b *memoryBody) take(p []byte) (int, error) {
	b.w.mu.Lock()
	defer b.w.mu.Unlock()
	n := copy(p, b.w.body)
	b.w.body = b.w.body[n:]
	b.read += int64(n)
	switch {
	case n > 0 || b.w.ended == nil:
		return n, nil
	case b.w.ended == io.EOF && b.read < b.length:
		return 0, io.ErrUnexpectedEOF
	}
	return 0, b.w.ended
}

// Close ends the request's context. It may be called again, and while Read waits.
func (b *memoryBody) Close() error {
	b.cancel()
	return nil
}

// gunzip undoes gzip while it is read. The first Read reads the gzip header.
type gunzip struct {
	body io.ReadCloser
	z    *gzip.Reader
}

// Read gives the bytes before compression. A body that is not gzip fails at the first call.
func (g *gunzip) Read(p []byte) (int, error) {
	if g.z == nil {
		z, err := gzip.NewReader(g.body)
		if err != nil {
			return 0, err
		}
		g.z = z
	}
	return g.z.Read(p)
}

// Close closes the compressed body.
func (g *gunzip) Close() error { return g.body.Close() }
