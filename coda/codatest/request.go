package codatest

import (
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"
)

// Request is one request that the server was sent.
type Request struct {
	Time   time.Time
	Method string
	Host   string
	// Path is the escaped path below [Base], or the whole path on the other hosts.
	Path  string
	Query url.Values
	// Status is what was answered; 0 while there is no answer, and for a host that is not there.
	Status int
	// Authorized reports whether it carried an Authorization header.
	Authorized bool
	// Cookie reports whether it carried a cookie.
	Cookie bool
	// Download marks a request to the download host.
	Download bool
	// Blob is the id of the blob that the blob host was asked for, or the whole path of a request that is for none; "" at the other hosts.
	Blob string
	// Range is its Range header.
	Range string
	// DocVersion is its X-Coda-Doc-Version header.
	DocVersion string
}

// requestLog keeps the latest requests.
type requestLog struct {
	mu    sync.Mutex
	first int // number of the oldest one kept
	kept  []Request
}

// keepRequests bounds the log of a server that runs for long.
const keepRequests = 1 << 18

// add notes a request before it is answered, and gives its number for done.
func (l *requestLog) add(r Request) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.kept) == keepRequests {
		half := len(l.kept) / 2
		l.first += half
		l.kept = slices.Clone(l.kept[half:])
	}
	l.kept = append(l.kept, r)
	return l.first + len(l.kept) - 1
}

// requestOf is what the log has of a request with a path.
func (s *Server) requestOf(r *http.Request, path string) Request {
	out := Request{
		Time: s.o.Now(), Method: r.Method, Host: r.Host, Path: path, Query: r.URL.Query(),
		Authorized: r.Header.Get("Authorization") != "", Cookie: r.Header.Get("Cookie") != "",
		Download: r.Host == s.downloads.Host, DocVersion: r.Header.Get("X-Coda-Doc-Version"), Range: r.Header.Get("Range"),
	}
	if r.Host == s.blobs.Host {
		out.Blob = path
		if args, ok := match(blobPath, path); ok {
			out.Blob = args[1]
		}
	}
	return out
}

// done notes a request's status, unless the request has been forgotten meanwhile.
func (l *requestLog) done(entry, status int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if i := entry - l.first; i >= 0 {
		l.kept[i].Status = status
	}
}

// Requests is what the server was asked, oldest first. Of very many requests the oldest
// are forgotten.
func (s *Server) Requests() []Request {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	return slices.Clone(s.log.kept)
}

// ForgetRequests empties the log, and lets go of what is kept to answer faster, for tests that watch memory over a long time.
func (s *Server) ForgetRequests() {
	forgetCompressors()
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	s.log.first += len(s.log.kept)
	s.log.kept = nil
}

// Count is the number of requests that match, all of them where match is nil.
func (s *Server) Count(match func(Request) bool) int {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	n := 0
	for _, r := range s.log.kept {
		if match == nil || match(r) {
			n++
		}
	}
	return n
}
