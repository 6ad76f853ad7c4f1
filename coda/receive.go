package coda

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"time"
)

// Bounds of an answer's body, in bytes after gzip is undone.
const (
	maxAnswer  = 64 << 20  // of the API
	maxExport  = 128 << 20 // an exported page; docs over 125 MB have no API at all
	maxProblem = 64 << 10  // read of an answer that is an error
)

// maxRetryAfter bounds a Retry-After: a clock that is wrong must not stop this client for good.
const maxRetryAfter = time.Hour

// answer is a good answer.
type answer struct {
	status int
	media  string // the media type, if the answer names one
	body   []byte
}

func (a answer) isWebPage() bool { return a.media == "text/html" }

// receive sends req and reads the answer, at most limit bytes of it, into memory.
func (c *Client) receive(h *http.Client, req *http.Request, limit int64) (answer, *Error) {
	resp, err := h.Do(req)
	if err != nil {
		return answer{}, c.transportError(err)
	}
	defer resp.Body.Close()
	c.unanswered.reset()
	if resp.StatusCode/100 != 2 {
		body, _ := io.ReadAll(io.LimitReader(resp.Body, maxProblem)) // the status says enough
		return answer{}, c.statusError(resp, body)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	switch {
	case err != nil:
		return answer{}, c.transportError(err)
	case int64(len(body)) > limit:
		return answer{}, &Error{Code: CodeTooLarge, Status: resp.StatusCode,
			Message: fmt.Sprintf("the answer is larger than %d MiB", limit>>20)}
	}
	media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	return answer{resp.StatusCode, media, body}, nil
}

// notJSON is the error for a good answer that decode could not use.
func (a answer) notJSON() *Error {
	message := "the answer is not the JSON that the API sends"
	if bytes.HasPrefix(bytes.TrimSpace(a.body), []byte("<")) {
		message = "the answer is a web page, not the JSON that the API sends"
	}
	return &Error{Code: CodeBadAnswer, Status: a.status, Message: message}
}

// statusError is the error for an answer that is none. Its message is the API's envelope's,
// and nothing where the body is somebody else's.
func (c *Client) statusError(resp *http.Response, body []byte) *Error {
	var envelope struct {
		Message string `json:"message"`
	}
	_ = json.Unmarshal(body, &envelope) // an answer of a proxy has none
	rule := ruleOf(resp.StatusCode)
	return &Error{
		Code:       rule.code,
		Status:     resp.StatusCode,
		last:       rule.api == final,
		Message:    c.scrub(envelope.Message),
		RetryAfter: retryAfter(resp.Header.Get("Retry-After")),
	}
}

// retryAfter reads the header's two forms, seconds and a date; 0 if it says nothing usable.
func retryAfter(s string) time.Duration {
	if n, err := strconv.Atoi(s); err == nil {
		return time.Duration(min(max(n, 0), int(maxRetryAfter/time.Second))) * time.Second
	}
	if at, err := http.ParseTime(s); err == nil {
		return min(max(time.Until(at), 0), maxRetryAfter)
	}
	return 0
}
