package codatest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Kind is what goes wrong with an answer.
type Kind string

const (
	// Status answers with Fault.Status, Header and Body instead.
	Status Kind = ""
	// Reset breaks the connection before anything is sent. The request was carried out.
	Reset Kind = "reset"
	// ResetBody breaks it in the middle of the body.
	ResetBody Kind = "reset-body"
	// SlowBody waits Fault.Delay in the middle of the body.
	SlowBody Kind = "slow-body"
	// Truncated ends the body before its Content-Length.
	Truncated Kind = "truncated"
	// BadJSON sends half of the answer's JSON as if it were all.
	BadJSON Kind = "bad-json"
	// HTML sends an HTML page with the answer's status.
	HTML Kind = "html"
	// StuckExport has the status of an export say inProgress.
	StuckExport Kind = "stuck-export"
	// FailedExport has it say failed, with Fault.Body (or a text) as its error.
	FailedExport Kind = "failed-export"
	// LoopingToken has a list's further pages answer the page token they were asked with.
	LoopingToken Kind = "looping-token"
	// Unheard breaks the connection off before the service has acted. After a Reset it has: whoever sent a write cannot
	// tell the two apart.
	Unheard Kind = "unheard"
	// Changed sends what Fault.Change makes of the true answer.
	Changed Kind = "changed"
	// Empty has a list answer, rightly in all else, that there is nothing in it.
	Empty Kind = "empty"
	// Lacks has a list leave out the item whose id is Fault.Body.
	Lacks Kind = "lacks"
	// Meanwhile calls Fault.Do before it answers as it should: an edit between two pages of a list.
	Meanwhile Kind = "meanwhile"
)

// Fault makes requests go wrong. What real services do is a fault of kind Status: a
// 429 with Header Retry-After, the 404 that follows the start of an export, a redirect
// (302 with Header Location), an expired link (403 on the download host).
type Fault struct {
	// Method and Path choose the requests. Path is a regular expression for the whole
	// escaped path below [Base] (on the download host: the whole path, which begins with
	// /DOC_EXPORT_RENDERING/). Empty ones match everything.
	Method, Path string
	// Query chooses by the parameters as well: of a request with a page token, those of the
	// listing that it continues. nil matches everything.
	Query func(url.Values) bool
	// Skip lets the first requests that match pass; Times is how many then go wrong, 0 all.
	Skip, Times int

	Kind Kind
	// Status, Header and Body are the answer of kind Status. An empty Body is the usual
	// body of the status.
	Status int
	Header http.Header
	Body   string
	// Delay is how long a SlowBody waits.
	Delay time.Duration
	// Change is for kind Changed: [With], [Encoded], or any other.
	Change func(*Answer)
	// Do is what Meanwhile calls. It may edit the workspace.
	Do func()
}

// FaultHeader marks the answers that a fault changed: they are not what the service means.
const FaultHeader = "X-Codatest-Fault"

// faults are the faults that were asked for.
type faults struct {
	mu  sync.Mutex
	all []*faultState
}

// faultState is a fault and how far it has come. faults.mu guards it.
type faultState struct {
	Fault
	path *regexp.Regexp
	met  int // requests that matched so far
}

// Fail adds a fault. A request meets the first fault that is due for it. Fail panics where
// f.Path is not a regular expression.
func (s *Server) Fail(f Fault) {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	path := regexp.MustCompile("^(?:" + cmp.Or(f.Path, ".*") + ")$")
	s.faults.all = append(s.faults.all, &faultState{Fault: f, path: path})
}

// Heal removes all faults.
func (s *Server) Heal() {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.all = nil
}

// next is the fault that a request meets, nil if none. Every fault that matches counts it.
func (fs *faults) next(r *http.Request, path string) *Fault {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	var due *Fault
	for _, f := range fs.all {
		if f.Method != "" && f.Method != r.Method || !f.path.MatchString(path) || !f.matchQuery(r, path) {
			continue
		}
		f.met++
		if n := f.met - f.Skip; due == nil && n > 0 && (f.Times == 0 || n <= f.Times) {
			due = &f.Fault
		}
	}
	return due
}

// matchQuery reports whether the parameters of a request are those that the fault is for. A page token that cannot be
// read matches nothing.
func (f *Fault) matchQuery(r *http.Request, path string) bool {
	if f.Query == nil {
		return true
	}
	q, _, err := listing(path, r.URL.Query())
	return err == nil && f.Query(q)
}

// instead is the answer of a fault of kind Status.
func (f *Fault) instead(download bool) *answer {
	a := failed(problem(f.Status, ""))
	if download {
		a = xmlError(f.Status, strings.ReplaceAll(http.StatusText(f.Status), " ", ""), http.StatusText(f.Status))
		if f.Status == http.StatusForbidden {
			a = xmlError(f.Status, "AccessDenied", "Request has expired")
		}
	}
	if f.Body != "" {
		a.body = []byte(f.Body)
		if download && f.Status == http.StatusOK {
			a.header.Set("Content-Type", "text/plain")
		}
	}
	for k, v := range f.Header {
		a.header[http.CanonicalHeaderKey(k)] = v
	}
	a.header.Set(FaultHeader, strconv.Itoa(f.Status))
	return a
}

// change makes the true answer wrong. What is wrong with its sending is for send.
func (f *Fault) change(r *http.Request, a *answer) {
	a.header.Set(FaultHeader, string(f.Kind))
	switch f.Kind {
	case BadJSON:
		a.body = a.body[:len(a.body)/2]
	case HTML:
		a.header.Set("Content-Type", "text/html; charset=utf-8")
		a.header.Del("Content-Encoding")
		a.body = []byte("<!DOCTYPE html><html><head><title>Coda</title></head><body>Something went wrong.</body></html>")
	case Changed:
		a.changed(f.Change)
	case StuckExport:
		a.edit(map[string]any{"status": "inProgress", "downloadLink": nil})
	case FailedExport:
		a.edit(map[string]any{"status": "failed", "downloadLink": nil, "error": cmp.Or(f.Body, "Export failed.")})
	case Empty:
		a.edit(map[string]any{"items": []any{}, "nextPageToken": nil, "nextPageLink": nil})
	case Lacks:
		a.without(f.Body)
	case LoopingToken:
		if token := r.URL.Query().Get("pageToken"); token != "" {
			link := baseOf(r) + strings.TrimPrefix(r.URL.EscapedPath(), Base) + "?pageToken=" + url.QueryEscape(token)
			a.edit(map[string]any{"nextPageToken": token, "nextPageLink": link})
		}
	}
}

// edit sets the keys of a JSON object that was answered with success; nil removes.
func (a *answer) edit(set map[string]any) {
	var object map[string]json.RawMessage
	if a.status >= 300 || json.Unmarshal(a.body, &object) != nil {
		return
	}
	for k, v := range set {
		delete(object, k)
		if v != nil {
			b, _ := json.Marshal(v) // strings, and lists of JSON
			object[k] = b
		}
	}
	var b bytes.Buffer
	if json.NewEncoder(&b).Encode(object) == nil {
		a.body = b.Bytes()
	}
}

// without takes an item out of a list.
func (a *answer) without(id string) {
	var list struct {
		Items []json.RawMessage `json:"items"`
	}
	if json.Unmarshal(a.body, &list) != nil || list.Items == nil {
		return
	}
	a.edit(map[string]any{"items": slices.DeleteFunc(list.Items, func(item json.RawMessage) bool {
		var of struct {
			ID string `json:"id"`
		}
		return json.Unmarshal(item, &of) == nil && of.ID == id
	})})
}

// send writes an answer, as badly as the fault says.
func send(w http.ResponseWriter, r *http.Request, a *answer, f *Fault) {
	kind := Status
	if f != nil {
		kind = f.Kind
	}
	if kind == Reset || kind == Unheard {
		breakOff(w)
		return
	}
	for k, v := range a.header {
		w.Header()[k] = v
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	w.WriteHeader(a.status)
	half := len(a.body) / 2
	switch kind {
	case ResetBody:
		w.Write(a.body[:half])
		http.NewResponseController(w).Flush()
		breakOff(w)
	case Truncated:
		w.Write(a.body[:half])
	case SlowBody:
		w.Write(a.body[:half])
		http.NewResponseController(w).Flush()
		if !pause(r, f.Delay) {
			panic(http.ErrAbortHandler)
		}
		w.Write(a.body[half:])
	default:
		w.Write(a.body) // the client is gone where this fails
	}
}

// breakOff resets the connection. Where there is none to get hold of, the panic has
// whoever called the handler break off.
func breakOff(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
	conn.Close()
}
