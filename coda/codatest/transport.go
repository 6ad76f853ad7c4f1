package codatest

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/url"
	"syscall"
)

// RoundTripper serves all hosts in memory: the API at coda.io, docs.superhuman.com,
// localhost and loopback addresses, the downloads at Options.Downloads and the blobs at Options.Blobs. Any other
// host is unknown, as to a resolver; a request to it is logged all the same.
func (s *Server) RoundTripper() http.RoundTripper { return s.RoundTripperOver(s) }

// RoundTripperOver is RoundTripper with the requests going through h, which wraps s.
func (s *Server) RoundTripperOver(h http.Handler) http.RoundTripper {
	return &transport{s, h}
}

// transport is a handler as a transport. It does what http.Transport does: asks for gzip
// and undoes it where the caller didn't ask, and answers as soon as the handler flushes.
type transport struct {
	s *Server
	h http.Handler
}

// RoundTrip returns when the handler flushes or ends. The handler goes on in a goroutine of its own, which ends with the
// request's context or when the body is closed.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		defer r.Body.Close()
	}
	ctx, cancel := context.WithCancel(r.Context())
	in, err := incoming(ctx, r)
	if err == nil && !t.s.knows(r.URL) {
		t.s.log.add(t.s.requestOf(in, in.URL.EscapedPath()))
		err = &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: r.URL.Hostname(), IsNotFound: true}}
	}
	if err != nil {
		cancel()
		return nil, err
	}
	addGzip := r.Header.Get("Accept-Encoding") == "" && r.Method != http.MethodHead
	if addGzip {
		in.Header.Set("Accept-Encoding", "gzip")
	}
	out := &memoryWriter{header: http.Header{}, ready: make(chan struct{}), more: make(chan struct{}, 1)}
	go out.serve(t.h, in)
	select {
	case <-out.ready:
	case <-ctx.Done():
		cancel()
		return nil, ctx.Err()
	}
	if !out.answered() {
		cancel()
		return nil, errReset
	}
	return out.response(r, &memoryBody{w: out, ctx: ctx, cancel: cancel, length: out.length()}, addGzip), nil
}

// errReset is what a broken connection gives.
var errReset error = &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}

// knows reports whether the stand-in serves a URL.
func (s *Server) knows(u *url.URL) bool {
	if u.Host == s.downloads.Host || u.Host == s.blobs.Host {
		return true
	}
	switch host := u.Hostname(); host {
	case "coda.io", "docs.superhuman.com", "localhost":
		return true
	default:
		ip := net.ParseIP(host)
		return ip != nil && ip.IsLoopback()
	}
}

// incoming is a client's request as a server sees it.
func incoming(ctx context.Context, r *http.Request) (*http.Request, error) {
	in := r.Clone(ctx)
	if in.Host == "" {
		in.Host = r.URL.Host
	}
	if r.URL.Scheme == "https" {
		in.TLS = &tls.ConnectionState{}
	}
	in.URL = &url.URL{Path: r.URL.Path, RawPath: r.URL.RawPath, RawQuery: r.URL.RawQuery}
	in.RequestURI = in.URL.RequestURI()
	in.Body = http.NoBody
	if r.Body != nil {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		in.Body = io.NopCloser(bytes.NewReader(b))
	}
	return in, nil
}
