package codatest

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"time"
)

// The blob host gives the bytes of blobs to everybody who has an address, with Range, If-Range and ETag as a storage
// does. Whoever sends a token or a cookie is refused, so that no client does it unnoticed. That it answers
// a Range is not recorded of the real one; faults turn it off.

// blobPath is the form of the paths of addresses.
const blobPath = "/docs/*/blobs/*/*"

// serveBlob answers a request to the blob host. entry is the request's number in the log.
func (s *Server) serveBlob(w http.ResponseWriter, r *http.Request, entry int, fault *Fault) {
	b, refusal := s.findBlob(r)
	if fault != nil && (fault.Kind == Status || fault.Kind == HTML) {
		refusal = &answer{status: http.StatusOK, header: http.Header{}}
		if fault.Kind == Status {
			refusal = fault.instead(true)
		} else {
			fault.change(r, refusal)
		}
		fault = nil
	}
	if refusal != nil {
		s.log.done(entry, refusal.status)
		send(w, r, refusal, nil)
		return
	}
	if fault != nil && fault.Kind == Reset {
		breakOff(w)
		return
	}
	w.Header().Set("Content-Type", b.Type)
	w.Header().Set("ETag", b.etag())
	if fault != nil {
		w = &faultyWriter{ResponseWriter: w, r: r, fault: fault}
		fault.changeRange(r)
	}
	out := &statusWriter{ResponseWriter: w, done: func(status int) { s.log.done(entry, status) }}
	http.ServeContent(out, r, "", time.Time{}, io.NewSectionReader(b.Content, 0, b.size()))
}

// findBlob gives the blob of an address that is good, else how the request is refused.
func (s *Server) findBlob(r *http.Request) (*Blob, *answer) {
	args, ok := match(blobPath, r.URL.EscapedPath())
	switch {
	case r.Header.Get("Authorization") != "" || r.Header.Get("Cookie") != "":
		return nil, xmlError(http.StatusBadRequest, "InvalidArgument", "An address takes no other authorization")
	case !ok || r.Method != http.MethodGet && r.Method != http.MethodHead || !s.addressWorks(args[0], args[1], r.URL.EscapedPath()):
		return nil, xmlError(http.StatusForbidden, "AccessDenied", "Access Denied")
	}
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	if d := s.w.doc(args[0]); d != nil {
		if b := d.blob(args[1]); b != nil && b.status() == "live" && b.Content != nil {
			shown := *b
			return &shown, nil
		}
	}
	return nil, xmlError(http.StatusNotFound, "NoSuchKey", "The specified key does not exist.")
}

// addressWorks reports whether the service gives the address of a blob now, or gave it in the period before.
func (s *Server) addressWorks(doc, id, path string) bool {
	now := s.addresses(s.o.Now())
	before := now
	before.period--
	return path == now.path(doc, id) || s.o.BlobLife > 0 && path == before.path(doc, id)
}

// etag stands for the blob's bytes. Their beginning is enough: an id's bytes change in tests of that alone.
func (b *Blob) etag() string {
	head := make([]byte, min(b.size(), 4096))
	n, _ := b.Content.ReadAt(head, 0) // what can be read
	sum := sha256.Sum256(append(head[:n], b.ID...))
	return `"` + hex.EncodeToString(sum[:16]) + `"`
}

// statusWriter tells the status before it is sent.
type statusWriter struct {
	http.ResponseWriter
	done func(status int)
}

// Unwrap lets http.ResponseController reach the writer below.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader is called once by http.ServeContent.
func (w *statusWriter) WriteHeader(status int) {
	w.done(status)
	w.ResponseWriter.WriteHeader(status)
}

// BlobRequests tells how often each blob was asked for, by id, on the blob host.
func (s *Server) BlobRequests() map[string]int {
	n := map[string]int{}
	for _, r := range s.Requests() {
		if r.Blob != "" {
			n[r.Blob]++
		}
	}
	return n
}

// Leaks are the requests that brought a token or a cookie to another host than the API's.
func (s *Server) Leaks() (leaks []Request) {
	for _, r := range s.Requests() {
		if (r.Download || r.Blob != "") && (r.Authorized || r.Cookie) {
			leaks = append(leaks, r)
		}
	}
	return leaks
}
