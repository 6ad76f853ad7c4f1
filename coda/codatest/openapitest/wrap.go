package openapitest

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/codafs/codafs/coda/codatest"
)

const off = Variable + " is not set: requests and answers are not checked against the OpenAPI file"

// Need skips a test whose whole point is the check, if there is no file to check against.
func Need(t testing.TB) {
	t.Helper()
	if os.Getenv(Variable) == "" {
		t.Skip(off)
	}
}

// Wrap returns h with each request to the API, and each answer to it, checked against the
// OpenAPI file. What differs is an error of t. Requests to the download host pass
// through, and answers that a fault has changed are not checked. Serve what it returns
// over a socket, or in memory by [codatest.Server.RoundTripperOver]. It may be called from many goroutines;
// none may call it after the end of t, whose errors would have no place any more.
func Wrap(t testing.TB, h http.Handler) http.Handler {
	t.Helper()
	if os.Getenv(Variable) == "" {
		t.Log(off)
		return h
	}
	s, err := load()
	if err != nil {
		t.Fatal(err)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		below, ok := strings.CutPrefix(r.URL.EscapedPath(), codatest.Base)
		if !ok {
			h.ServeHTTP(w, r)
			return
		}
		// The path below Base, still escaped: names with a slash in them are one part.
		op, item, args := s.find(r.Method, below)
		if op == nil {
			t.Errorf("%s %s: the file has no such operation", r.Method, below)
			h.ServeHTTP(w, r)
			return
		}
		if err := s.checkRequest(r, op, item, args); err != nil {
			t.Errorf("request %s %s: %v", r.Method, r.URL, err)
		}
		seen := &recorder{ResponseWriter: w}
		h.ServeHTTP(seen, r)
		// A broken connection has no status; a fault may answer anything.
		if seen.status == 0 || seen.Header().Get(codatest.FaultHeader) != "" {
			return
		}
		if err := s.checkAnswer(op, seen); err != nil {
			t.Errorf("answer %d to %s %s: %v", seen.status, r.Method, r.URL, err)
		}
	})
}

// recorder keeps a copy of what a handler writes. Bodies are whole in memory: the stand-in's are small.
type recorder struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

// Unwrap lets http.ResponseController reach the writer below.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// WriteHeader notes the status and passes it on.
func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

// Write keeps the bytes and passes them on.
func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	r.body.Write(b)
	return r.ResponseWriter.Write(b)
}

// plain is the body without its compression. It may be called once.
func (r *recorder) plain() ([]byte, error) {
	if r.Header().Get("Content-Encoding") != "gzip" {
		return r.body.Bytes(), nil
	}
	z, err := gzip.NewReader(&r.body)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}
