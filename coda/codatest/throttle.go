package codatest

import (
	"net/http"
	"strings"
	"sync"
	"time"
)

// throttle enforces the published rates per token: in no window of a class's length are
// more requests answered than its number. Refused ones do not count.
type throttle struct {
	mu   sync.Mutex
	sent map[string][]time.Time // answered in the last window, by token and class
}

// class is a group of requests that share a rate.
type class struct {
	name   string
	limit  int
	window time.Duration
}

// The published classes that the stand-in's endpoints fall into. An export's start has been
// seen to pass where the rate for content would refuse it: it has the rate of writes.
var (
	listDocs = class{"list", 4, 6 * time.Second}
	reading  = class{"read", 100, 6 * time.Second}
	writing  = class{"write", 10, 6 * time.Second}
	content  = class{"content", 5, 10 * time.Second}
)

// classOf is the rate class of a call. A page's name and its text are changed by the same call, so that all those are taken
// for content.
func classOf(method, path string) class {
	_, isPage := match("/docs/*/pages/*", path)
	_, isNew := match("/docs/*/pages", path)
	switch {
	case method != http.MethodGet && strings.HasSuffix(path, "/export"), method == http.MethodDelete && isPage:
		return writing
	case method != http.MethodGet && (isPage || isNew || strings.HasSuffix(path, "/content") || strings.Contains(path, "/rows")):
		return content
	case method != http.MethodGet:
		return writing
	case path == "/docs":
		return listDocs
	}
	return reading
}

// allow reports whether a request may be answered, and counts it if so. A window is exact: it slides with each request.
func (t *throttle) allow(token string, c class, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.sent == nil {
		t.sent = map[string][]time.Time{}
	}
	key := c.name + " " + token
	sent := t.sent[key]
	for len(sent) > 0 && now.Sub(sent[0]) >= c.window {
		sent = sent[1:]
	}
	ok := len(sent) < c.limit
	if ok {
		sent = append(sent, now)
	}
	t.sent[key] = sent
	return ok
}
