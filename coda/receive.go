package coda

import (
	"bytes"
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/codafs/codafs/coda/rate"
)

// Bounds of an answer's body, in bytes and of each step in undoing its compression.
const (
	maxAnswer  = 64 << 20  // of the API
	maxExport  = 128 << 20 // an exported page; docs over 125 MB have no API at all
	maxProblem = 64 << 10  // read of an answer that is an error
)

const (
	// maxRetryAfter bounds the wait that a Retry-After asks for: a clock that is wrong, or a proxy that exaggerates, must
	// not stop all of an account's processes. What asked for more is tried with one request first (see window).
	maxRetryAfter = rate.MaxPause
	// longestRetryAfter bounds what is read of one.
	longestRetryAfter = 365 * 24 * time.Hour
)

// answer is a good answer.
type answer struct {
	status int
	media  string // the media type, if the answer names one
	coded  bool   // the body was compressed
	body   []byte
}

// receive sends req and reads the answer, at most limit bytes of it, into memory. Only status want is good.
func (c *Client) receive(h *http.Client, req *http.Request, want int, limit int64) (answer, *Error) {
	req.Header.Set("Accept-Encoding", acceptEncoding)
	resp, err := h.Do(req)
	if err != nil {
		return answer{}, c.transportError(err)
	}
	defer resp.Body.Close()
	c.answered()
	if resp.StatusCode != want {
		body, _, _ := readBody(resp, maxProblem) // the status says enough
		return answer{}, c.statusError(resp, body)
	}
	body, coded, err := readBody(resp, limit)
	switch {
	case errors.Is(err, errTooLarge):
		return answer{}, &Error{Code: CodeTooLarge, Status: resp.StatusCode, Message: err.Error()}
	case errors.Is(err, errCoded):
		return answer{}, &Error{Code: CodeBadAnswer, Status: resp.StatusCode, Message: c.scrub(err.Error())}
	case err != nil:
		return answer{}, c.transportError(err)
	}
	media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	return answer{resp.StatusCode, media, coded, body}, nil
}

// isJSON reports whether the answer says that it is JSON, or does not say what it is.
func (a answer) isJSON() bool {
	return a.media == "" || a.media == "application/json" || a.media == "text/json" || strings.HasSuffix(a.media, "+json")
}

// notJSON is the error for a good answer that cannot be used.
func (c *Client) notJSON(a answer) *Error {
	message := "the answer is not the JSON that the API sends"
	switch said := messageIn(a.body); {
	case bytes.HasPrefix(bytes.TrimSpace(a.body), []byte("<")):
		message = "the answer is a web page, not the JSON that the API sends"
	case said != "":
		message = "the answer is an error, in spite of its status: " + c.scrub(said)
	case !a.isJSON():
		message = "the answer is of type " + c.scrub(a.media) + ", not the JSON that the API sends"
	}
	return &Error{Code: CodeBadAnswer, Status: a.status, Message: message}
}

// messageIn is the explanation in the API's envelope for errors, "" where b is something else.
func messageIn(b []byte) string {
	var envelope struct {
		Message string `json:"message"`
	}
	_ = json.Unmarshal(b, &envelope) // an answer of a proxy has none
	return envelope.Message
}

// statusError is the error for an answer that is none. Its message is the API's envelope's,
// and nothing where the body is somebody else's.
func (c *Client) statusError(resp *http.Response, body []byte) *Error {
	rule := ruleOf(resp.StatusCode)
	return &Error{
		Code:       rule.code,
		Status:     resp.StatusCode,
		last:       rule.api == final,
		Message:    c.scrub(messageIn(body)),
		RetryAfter: retryAfter(resp.Header.Get("Retry-After")),
	}
}

// retryAfter reads the header's two forms, seconds and a date; 0 if it says nothing usable.
func retryAfter(s string) time.Duration {
	if n, err := strconv.Atoi(s); err == nil {
		return time.Duration(min(max(n, 0), int(longestRetryAfter/time.Second))) * time.Second
	}
	if at, err := http.ParseTime(s); err == nil {
		return min(max(time.Until(at), 0), longestRetryAfter)
	}
	return 0
}
