package codatest

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// The real service answers a write with 202 and applies it later: 10 to 60 s were observed, minutes on large docs, and
// writes of one client are applied concurrently, in any order. Options.WriteTimes is how a stand-in does the same. A write
// that is due is applied before the next request is answered.

// mutationLife is how long the service tells what became of a write (Coda API 1.5.0, getMutationStatus).
const mutationLife = 24 * time.Hour

// write is a write that was accepted and is not applied yet.
type write struct {
	id    string
	doc   string
	due   time.Time
	apply func(d *Doc, now time.Time)
}

// queue accepts a write of the call's doc, and returns its request id. The id of what it makes may be told at once.
func (c *call) queue(apply func(d *Doc, now time.Time)) string {
	now := c.s.o.Now()
	takes := c.s.o.WriteTime
	if c.s.o.WriteTimes != nil {
		takes = c.s.o.WriteTimes(c.r.Method, c.path)
	}
	c.w.writes++
	sum := shortID("", c.d.ID, c.path, fmt.Sprint(c.w.writes))
	w := &write{id: fmt.Sprintf("mutate:%08x-0000-4000-8000-%012x", c.w.writes, sum[:6]), doc: c.d.ID, due: now.Add(takes), apply: apply}
	if c.w.Mutations == nil {
		c.w.Mutations = map[string]time.Time{}
	}
	c.w.Mutations[w.id] = w.due
	if c.s.o.Warning != nil {
		if text := c.s.o.Warning(c.r.Method, c.path); text != "" {
			if c.w.warnings == nil {
				c.w.warnings = map[string]string{}
			}
			c.w.warnings[w.id] = text
		}
	}
	c.w.queued = append(c.w.queued, w)
	c.status = http.StatusAccepted
	c.w.settle(now)
	return w.id
}

// Settle applies the writes that are due, as the next request would.
func (w *Workspace) Settle() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.settle(w.now())
}

// settle applies what is due, in the order in which it became due. w.mu is held.
func (w *Workspace) settle(now time.Time) {
	slices.SortStableFunc(w.queued, func(a, b *write) int { return a.due.Compare(b.due) })
	for len(w.queued) > 0 && !w.queued[0].due.After(now) {
		next := w.queued[0]
		w.queued = w.queued[1:]
		if d := w.doc(next.doc); d != nil {
			w.editAt(d, next.due.UTC().Truncate(time.Millisecond), next.apply)
		}
	}
}

// waiting reports whether a write of a doc is queued.
func (w *Workspace) waiting(doc string) bool {
	return slices.ContainsFunc(w.queued, func(q *write) bool { return q.doc == doc })
}

// mutationStatus reports whether a queued write is done. A write that was never queued, or long ago, is 404. There is no
// word for one that failed.
func (c *call) mutationStatus() (any, error) {
	id, now := c.args[0], c.s.o.Now()
	done, ok := c.w.Mutations[id]
	if !ok || now.Sub(done) > mutationLife {
		return nil, problem(http.StatusNotFound, "")
	}
	status := struct {
		Completed bool   `json:"completed"`
		Warning   string `json:"warning,omitempty"`
	}{Completed: !now.Before(done)}
	if status.Completed {
		status.Warning = c.w.warnings[id]
	}
	return status, nil
}

// Sizes that the service takes (observed: requests of 2.5 MB and rows of 131 KB were refused).
const (
	mostRequest = 2 << 20
	mostRow     = 85 << 10
)

// body reads the JSON of a write.
func (c *call) body(into any) error {
	d := json.NewDecoder(http.MaxBytesReader(nil, c.r.Body, mostRequest))
	err := d.Decode(into)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return problem(http.StatusBadRequest, "request entity too large")
	case err != nil:
		return badParameter("body")
	}
	return nil
}

// Token is what one token may do. The zero value is a token for everything.
type Token struct {
	// Only is "read" for a token that may only read, "write" for one that may only write, "" for both.
	Only string
	// Doc, and with it Table, are the only ones that the token reaches.
	Doc, Table string
	// User is whose token it is; nobody: the workspace's user.
	User Person
}

// scoped reports what whoami tells of a token: that it is restricted, not how.
func (t Token) scoped() bool { return t.Only != "" || t.Doc != "" }

// refuses is the service's answer to a call that the token may not make, nil if it may.
func (t Token) refuses(method, path string) error {
	if args, ok := match("/whoami", path); ok && args == nil {
		return nil
	}
	if _, ok := match("/resolveBrowserLink", path); ok {
		return nil
	}
	reads := method == http.MethodGet
	below := func(prefix string) bool {
		return path == prefix || len(path) > len(prefix) && path[:len(prefix)+1] == prefix+"/"
	}
	prefix := "/docs/" + t.Doc
	if t.Table != "" {
		prefix += "/tables/" + t.Table
	}
	switch {
	case t.Only == "read" && !reads, t.Only == "write" && reads, t.Doc != "" && !below(prefix):
		return problem(http.StatusForbidden, "")
	}
	return nil
}

// userOf is who a call's token belongs to.
func (c *call) userOf() Person { return cmp.Or(c.token.User, c.w.User) }
