package codatest

import (
	"errors"
	"net/http"
	"strconv"
)

// Kinds of faults of the blob host alone. Status, Reset, ResetBody, SlowBody, Truncated, HTML and Meanwhile are for it too.
const (
	// WrongLength announces one byte more than the blob has.
	WrongLength Kind = "wrong-length"
	// NoRange sends the whole blob whatever range was asked for.
	NoRange Kind = "no-range"
	// OtherRange answers another range than was asked for, and says so: the whole blob.
	OtherRange Kind = "other-range"
	// Chunked sends the blob without its length and its ETag.
	Chunked Kind = "chunked"
)

// changeRange has a request ask for what the fault wants to send.
func (f *Fault) changeRange(r *http.Request) {
	switch f.Kind {
	case NoRange, Chunked:
		r.Header.Del("Range")
	case OtherRange:
		if r.Header.Get("Range") != "" {
			r.Header.Set("Range", "bytes=0-")
		}
	}
}

// faultyWriter sends a blob as badly as its fault says.
type faultyWriter struct {
	http.ResponseWriter
	r      *http.Request
	fault  *Fault
	left   int64 // bytes until it strikes in the middle
	struck bool
}

// Unwrap lets http.ResponseController reach the writer below.
func (w *faultyWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader spoils the header.
func (w *faultyWriter) WriteHeader(status int) {
	h := w.Header()
	if status >= http.StatusMultipleChoices {
		w.struck = true // an error is sent as it is
		w.ResponseWriter.WriteHeader(status)
		return
	}
	h.Set(FaultHeader, string(w.fault.Kind))
	length, _ := strconv.ParseInt(h.Get("Content-Length"), 10, 64) // http.ServeContent writes it
	w.left = length / 2
	switch w.fault.Kind {
	case WrongLength:
		h.Set("Content-Length", strconv.FormatInt(length+1, 10))
	case NoRange:
		h.Del("Accept-Ranges")
	case Chunked:
		h.Del("Accept-Ranges")
		h.Del("Content-Length")
		h.Del("ETag")
	}
	w.ResponseWriter.WriteHeader(status)
}

// errCut ends the handler's work on a body that ends too soon.
var errCut = errors.New("the body is cut")

// Write strikes in the middle of the body.
func (w *faultyWriter) Write(b []byte) (int, error) {
	switch w.fault.Kind {
	case ResetBody, Truncated, SlowBody:
	default:
		w.struck = true
	}
	if w.struck || int64(len(b)) < w.left {
		w.left -= int64(len(b))
		return w.ResponseWriter.Write(b)
	}
	w.struck = true
	n, err := w.ResponseWriter.Write(b[:w.left])
	if err != nil {
		return n, err
	}
	switch w.fault.Kind {
	case ResetBody:
		_ = http.NewResponseController(w.ResponseWriter).Flush()
		breakOff(w.ResponseWriter)
		return n, errCut
	case Truncated:
		return n, errCut
	}
	_ = http.NewResponseController(w.ResponseWriter).Flush()
	if !pause(w.r, w.fault.Delay) {
		panic(http.ErrAbortHandler)
	}
	more, err := w.ResponseWriter.Write(b[n:])
	return n + more, err
}
