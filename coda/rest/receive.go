package rest

import (
	"bytes"
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
	maxAnswer  = 64 << 20 // of a good answer
	maxProblem = 64 << 10 // read of an answer that is an error
)

const (
	// maxRetryAfter bounds the wait that a Retry-After asks for: a clock that is wrong, or a proxy that exaggerates, must
	// not stop all of an account's processes. What asked for more is tried with one request first (see window).
	maxRetryAfter = rate.MaxPause
	// longestRetryAfter bounds what is read of one.
	longestRetryAfter = 365 * 24 * time.Hour
)

// Answer is a good answer, whose body was read to its end and decompressed.
type Answer struct {
	Status int
	// MediaType is that of its Content-Type, without parameters; "" if it has none.
	MediaType string
	// Compressed says that the body came compressed.
	Compressed bool
	Body       []byte
}

// maxDepth bounds how deep an answer may be nested. A small answer could else fill the memory: indented JSON grows with the
// square of its depth.
const maxDepth = 100

// tooDeep reports whether brackets are nested deeper than maxDepth.
func tooDeep(b []byte) bool {
	depth, inString := 0, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
}

// receive sends req and reads the answer, at most limit bytes of it, into memory. Only status want is good.
func (c *Client) receive(h *http.Client, req *http.Request, want int, limit int64) (Answer, *Error) {
	req.Header.Set("Accept-Encoding", acceptEncoding)
	resp, err := h.Do(req)
	if err != nil {
		return Answer{}, c.transportError(err)
	}
	defer resp.Body.Close()
	c.answered()
	if resp.StatusCode != want {
		body, _, _ := readBody(resp, maxProblem) // the status says enough
		return Answer{}, c.statusError(resp, body)
	}
	body, coded, err := readBody(resp, limit)
	switch {
	case errors.Is(err, errTooLarge):
		return Answer{}, &Error{Code: CodeTooLarge, Status: resp.StatusCode, Message: err.Error()}
	case errors.Is(err, errCoded):
		return Answer{}, &Error{Code: CodeBadAnswer, Status: resp.StatusCode, Message: c.Scrub(err.Error())}
	case err != nil:
		return Answer{}, c.transportError(err)
	}
	media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	return Answer{resp.StatusCode, media, coded, body}, nil
}

// isJSON reports whether the answer says that it is JSON, or does not say what it is.
func (a Answer) isJSON() bool {
	return a.MediaType == "" || a.MediaType == "application/json" || a.MediaType == "text/json" || strings.HasSuffix(a.MediaType, "+json")
}

// notJSON is the error for a good answer that cannot be used.
func (c *Client) notJSON(a Answer) *Error {
	message := "the answer is not the JSON that the API sends"
	switch said := c.service.Message(a.Body); {
	case bytes.HasPrefix(bytes.TrimSpace(a.Body), []byte("<")):
		message = "the answer is a web page, not the JSON that the API sends"
	case said != "":
		message = "the answer is an error, in spite of its status: " + c.Scrub(said)
	case !a.isJSON():
		message = "the answer is of type " + c.Scrub(a.MediaType) + ", not the JSON that the API sends"
	}
	return &Error{Code: CodeBadAnswer, Status: a.Status, Message: message}
}

// statusError is the error for an answer with a bad status.
func (c *Client) statusError(resp *http.Response, body []byte) *Error {
	rule := ruleOf(resp.StatusCode)
	return &Error{
		Code:       rule.code,
		Status:     resp.StatusCode,
		Final:      !rule.passing,
		Message:    c.Scrub(c.service.Message(body)),
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
