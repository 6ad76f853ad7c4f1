package codatest

import (
	"cmp"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

// Base is the path below which the API is served.
const Base = "/apis/v1"

// DefaultBlobs is the address of the blob host where Options.Blobs is empty. It answers through
// [Server.RoundTripper] only.
const DefaultBlobs = "https://codahosted.io"

// DefaultDownloads is the address of exported files where Options.Downloads is empty. It
// answers through [Server.RoundTripper] only.
const DefaultDownloads = "https://exports.codatest.invalid"

// Options say how a [Server] behaves. The zero value is an unthrottled service that
// answers at once and takes any token.
type Options struct {
	// PageSize clamps the limit of every list; 0 leaves the service's own clamps.
	PageSize int
	// ExportTime is how long an export runs until it is complete.
	ExportTime time.Duration
	// ExportTimes gives one export after the other its time; nil gives ExportTime to all. It may
	// be called by several goroutines at a time.
	ExportTimes func() time.Duration
	// Latency is added to each answer.
	Latency time.Duration
	// Throttle enforces the published rate limits, per token.
	Throttle bool
	// Token is the token that is accepted; any is where it is empty.
	Token string
	// Tokens, if there are any, are the tokens that are accepted, and what each may do.
	Tokens map[string]Token
	// WriteTime is how long a write waits until it is applied.
	WriteTime time.Duration
	// WriteTimes gives each write its time, by its method and its escaped path below [Base]; nil gives WriteTime to all.
	WriteTimes func(method, path string) time.Duration
	// Warning gives the warning that stands beside a write that is done; nil gives none.
	Warning func(method, path string) string
	// WaitingIsStale has reads with X-Coda-Doc-Version: latest refused while a write of the doc waits, whoever sent it.
	// Both were observed.
	WaitingIsStale bool
	// Downloads is where exported files are had, such as "http://127.0.0.1:8081": a host
	// of its own that is served by the same handler.
	Downloads string
	// Blobs is where images and files are had: another host that is served by the same handler.
	Blobs string
	// BlobLife is how long an address of a blob works at least; at most it is twice as long. 0 is for good.
	BlobLife time.Duration
	// LinkLife is how long a download link works; 0 is 300 s.
	LinkLife time.Duration
	// StaleFor is how long after an edit reads with X-Coda-Doc-Version: latest are refused.
	StaleFor time.Duration
	// Lag, if there is one, is asked at each request below /docs/{docId} how old the state is
	// that answers it. Path is the escaped path below [Base]. Lists that do not lag show the
	// stamps of edits that lagging reads do not have yet; a read that demands the newest state
	// (X-Coda-Doc-Version: latest) is refused instead. It is never called twice at once.
	Lag func(method, path string) time.Duration
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// Server is the stand-in. It is an http.Handler for all of its hosts, the API's, the
// downloads' and the blobs', and safe for concurrent use.
type Server struct {
	w         *Workspace
	o         Options
	downloads *url.URL
	blobs     *url.URL
	expired   atomic.Int64 // how often all addresses of blobs died
	log       requestLog
	faults    faults
	throttle  throttle
	exports   exports
}

// New serves w. It panics where Options.Downloads or Options.Blobs is not a URL.
func New(w *Workspace, o Options) *Server {
	o.Downloads = cmp.Or(o.Downloads, DefaultDownloads)
	o.Blobs = cmp.Or(o.Blobs, DefaultBlobs)
	o.LinkLife = cmp.Or(o.LinkLife, 300*time.Second)
	if o.Now == nil {
		o.Now = time.Now
	}
	downloads, err := url.Parse(o.Downloads)
	if err != nil {
		panic(err)
	}
	blobs, err := url.Parse(o.Blobs)
	if err != nil {
		panic(err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now, w.keepPast = o.Now, w.keepPast || o.Lag != nil
	for _, d := range w.Docs {
		d.fill(w.clock())
	}
	return &Server{w: w, o: o, downloads: downloads, blobs: blobs}
}

// ServeHTTP answers one request to any of the hosts.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	download, blob := r.Host == s.downloads.Host, r.Host == s.blobs.Host
	path := r.URL.EscapedPath()
	if !download && !blob {
		path = strings.TrimPrefix(path, Base)
	}
	entry := s.log.add(s.requestOf(r, path))
	if !pause(r, s.o.Latency) {
		panic(http.ErrAbortHandler)
	}
	fault := s.faults.next(r, path)
	if fault != nil && fault.Kind == Meanwhile {
		fault.Do()
		fault = nil // the answer is as it should be
	}
	if blob {
		s.serveBlob(w, r, entry, fault)
		return
	}
	a := s.answer(r, fault, path, download)
	if fault == nil || fault.Kind != Reset && fault.Kind != Unheard {
		s.log.done(entry, a.status)
	}
	send(w, r, a, fault)
}

// answer is what a request is answered, with what a fault changes in it. The API compresses where the client takes it; the
// download host always does.
func (s *Server) answer(r *http.Request, fault *Fault, path string, download bool) *answer {
	if fault != nil && fault.Kind == Status {
		return fault.instead(download)
	}
	if fault != nil && fault.Kind == Unheard {
		return &answer{}
	}
	var a *answer
	if download {
		a = s.download(r)
	} else {
		a = s.api(r, path)
	}
	if fault != nil {
		fault.change(r, a)
	}
	if !download && !a.asIs && a.header.Get("Content-Encoding") == "" && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		a.header.Set("Content-Encoding", "gzip")
		a.body = zip(a.body)
	}
	return a
}

// api answers a request to the API's host; path is the one below Base.
func (s *Server) api(r *http.Request, path string) *answer {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	switch {
	case !strings.HasPrefix(r.URL.EscapedPath(), Base+"/"):
		return failed(problem(http.StatusNotFound, ""))
	case s.o.Throttle && !s.throttle.allow(token, classOf(r.Method, path), s.o.Now()):
		return failed(problem(http.StatusTooManyRequests, ""))
	case !ok || token == "" || s.o.Token != "" && token != s.o.Token:
		return failed(problem(http.StatusUnauthorized, ""))
	}
	may, known := s.o.Tokens[token]
	if s.o.Tokens != nil && !known {
		return failed(problem(http.StatusUnauthorized, ""))
	}
	if err := may.refuses(r.Method, path); err != nil {
		return failed(err)
	}
	status, body, err := s.route(r, path, may)
	if err != nil {
		return failed(err)
	}
	return jsonAnswer(status, body)
}
