package codatest

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"errors"
	"net/http"
	"time"
)

// answer is one complete answer. Every answer is whole before anything is sent.
type answer struct {
	status int
	header http.Header
	body   []byte
	asIs   bool // not to be compressed
}

// apiError is an error in the service's envelope. Only some have a type and detail.
type apiError struct {
	StatusCode    int    `json:"statusCode"`
	StatusMessage string `json:"statusMessage"`
	Message       string `json:"message"`
	CodaType      string `json:"codaType,omitempty"`
	CodaDetail    any    `json:"codaDetail,omitempty"`
}

// Error is the message alone: the envelope goes to the client, not into a log.
func (e *apiError) Error() string { return e.Message }

// problem makes an error; an empty message repeats the status's.
func problem(status int, message string) *apiError {
	text := http.StatusText(status)
	return &apiError{StatusCode: status, StatusMessage: text, Message: cmp.Or(message, text)}
}

// failed is the answer to a call that ended in err: the service's envelope, or a bare 500 where err is a mistake
// of the stand-in itself.
func failed(err error) *answer {
	e, ok := errors.AsType[*apiError](err)
	if !ok {
		e = problem(http.StatusInternalServerError, "")
	}
	return jsonAnswer(e.StatusCode, e)
}

// jsonAnswer is an answer as the API sends it: JSON without a newline at its end, with the headers that the real
// service was seen to send. It is not compressed yet; see Server.answer.
func jsonAnswer(status int, body any) *answer {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // the service's JSON has plain <, > and &
	if err := enc.Encode(body); err != nil {
		return failed(problem(http.StatusInternalServerError, err.Error()))
	}
	return &answer{status: status, header: http.Header{
		"Content-Type":  {"application/json; charset=utf-8"},
		"Cache-Control": {"no-store, no-cache, must-revalidate, proxy-revalidate"},
		"Vary":          {"Origin, Accept-Encoding"},
		"X-Coda-Server": {"api"},
	}, body: bytes.TrimSuffix(b.Bytes(), []byte("\n"))}
}

// compressors are kept for the next answer: each has a megabyte of tables. (A sync.Pool would
// throw many away under the race detector.)
var compressors = make(chan *gzip.Writer, 16)

// zip compresses a body with gzip. It may be called by several goroutines.
func zip(body []byte) []byte {
	var z *gzip.Writer
	select {
	case z = <-compressors:
	default:
		z, _ = gzip.NewWriterLevel(nil, gzip.BestSpeed) // a level that exists; speed is what counts in tests
	}
	var b bytes.Buffer
	z.Reset(&b)
	z.Write(body) // neither can fail: b takes everything
	z.Close()
	select {
	case compressors <- z:
	default:
	}
	return b.Bytes()
}

// forgetCompressors lets go of those that are kept. How many that are is chance: as many as there once were answers at a time.
func forgetCompressors() {
	for {
		select {
		case <-compressors:
		default:
			return
		}
	}
}

// pause waits, and tells whether the client is still there.
func pause(r *http.Request, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.Context().Done():
		return false
	}
}
