package treetest_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	iofs "io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/codafs/codafs/cache"
	"github.com/codafs/codafs/coda"
	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/remote"
	"github.com/codafs/codafs/fs/source/codadocs"
	"github.com/codafs/codafs/fs/treetest"
)

const (
	// fresh is how long after an edit readers may still be served what was before, while the service
	// answers: ten minutes of youth, a refresh, and the retries and rate limits on the way.
	fresh = youth + time.Minute + 3*time.Minute
	youth = 10 * time.Minute
)

// freshFor is fresh, and longer for what says of itself that it is young: columns have no stamp, so
// the youth of what shows them begins when they are seen to be others.
func freshFor(v fs.Version) time.Duration {
	if v.Young() {
		return fresh + youth
	}
	return fresh
}

// object is a file of the tree, whatever its name and version are.
type object struct {
	doc  string
	kind fs.Kind
	id   string
}

func objectOf(n fs.Node) object {
	o := n.Object()
	return object{o.DocID, o.Kind, o.ID}
}

// part is what is fetched as one: columns and rows of a CSV file are two reads of the service, which
// may lag differently.
type part struct {
	object
	number int
}

func parts(o object, data []byte) [][]byte {
	if o.kind != fs.KindRows {
		return [][]byte{data}
	}
	header, rows, _ := bytes.Cut(data, []byte("\n"))
	return [][]byte{header, rows}
}

// state is what a truthful read of a part gives from a time on.
type state struct {
	from time.Time
	sum  [sha256.Size]byte
	gone bool
}

// history has all states that there ever were. It knows nothing of versions and stamps.
type history struct {
	t       testing.TB
	service *codatest.Server // over the same workspace; it never lags nor fails
	truth   *coda.Client     // of that service
	turn    chan struct{}    // holds one token while nobody reads or writes what is below
	states  map[part][]state
	outages []outage // oldest first
	began   time.Time
}

// outage is a time without service; end is zero while it lasts.
type outage struct{ begin, end time.Time }

func newHistory(t testing.TB, w *treetest.Workspace) *history {
	h := &history{t: t, began: time.Now(), states: map[part][]state{}, turn: make(chan struct{}, 1)}
	h.service = codatest.New(w.State, codatest.Options{Now: w.Clock.Now})
	var err error
	if h.truth, err = coda.New(coda.Options{Token: "truth", Unlimited: true, Transport: h.service.RoundTripper()}); err != nil {
		t.Fatal(err)
	}
	for _, d := range w.State.Docs {
		h.record(d.ID, time.Time{})
	}
	h.turn <- struct{}{}
	return h
}

// lock is a channel, and no mutex, so that a simulated clock runs on while somebody waits for it.
func (h *history) lock() (unlock func()) {
	<-h.turn
	return func() { h.turn <- struct{}{} }
}

// edit runs f, an edit of a doc, and records what is there after it.
func (h *history) edit(docID string, f func()) {
	defer h.lock()()
	at := time.Now()
	f()
	h.record(docID, at)
}

// record reads all files of a doc, through a new tree that knows nothing.
func (h *history) record(docID string, at time.Time) {
	store := cache.NewMemory(0)
	defer store.Close()
	tree := codadocs.New(h.truth, treetest.Kept(store), codadocs.Options{Options: remote.Options{Account: "truth"}, Select: codadocs.Selection{Docs: []string{docID}}})
	defer tree.Close()
	there := map[part]bool{}
	err := walk(h.t.Context(), tree.Root(), func(f fs.File) error {
		o := objectOf(f)
		data, _, err := readAll(h.t.Context(), f)
		for i, b := range parts(o, data) {
			there[part{o, i}] = true
			h.add(part{o, i}, state{from: at, sum: sha256.Sum256(b)})
		}
		return err
	})
	if err != nil {
		h.t.Errorf("the truth about %s: %v", docID, err)
	}
	for p := range h.states {
		if p.doc == docID && !there[p] {
			h.add(p, state{from: at, gone: true})
		}
	}
}

func (h *history) add(p part, s state) {
	all := h.states[p]
	if n := len(all); n > 0 && all[n-1].sum == s.sum && all[n-1].gone == s.gone {
		return
	}
	h.states[p] = append(all, s)
}

func (h *history) outage(down bool) {
	defer h.lock()()
	if down {
		h.outages = append(h.outages, outage{begin: time.Now()})
	} else {
		h.outages[len(h.outages)-1].end = time.Now()
	}
}

// back is as long before t as makes up d without outages.
func (h *history) back(t time.Time, d time.Duration) time.Time {
	at := t.Add(-d)
	for i := len(h.outages) - 1; i >= 0; i-- {
		o := h.outages[i]
		if o.end.IsZero() || o.end.After(t) {
			o.end = t
		}
		if o.end.After(at) && o.begin.Before(t) {
			at = at.Add(o.begin.Sub(o.end))
		}
	}
	return at
}

// calm reports whether the service answered from a while before since until to.
func (h *history) calm(since, to time.Time) bool {
	for _, o := range h.outages {
		if o.begin.Before(to) && (o.end.IsZero() || o.end.After(since.Add(-3*time.Minute))) {
			return false
		}
	}
	return true
}

// between gives the states of a part at some time from a to b.
func (h *history) between(p part, a, b time.Time) (some []state) {
	all := h.states[p]
	for i, s := range all {
		if !s.from.After(b) && (i == len(all)-1 || all[i+1].from.After(a)) {
			some = append(some, s)
		}
	}
	return some
}

// sureOf reports whether an object was there all the time, so that a reader must find it.
func (h *history) sureOf(o object, since, to time.Time) bool {
	all, from := h.states[part{o, 0}], h.back(since, fresh)
	if len(all) == 0 || all[0].from.After(from) || !h.calm(since, to) {
		return false
	}
	return !slices.ContainsFunc(h.between(part{o, 0}, from, to), func(s state) bool { return s.gone })
}

// verdict is what the history says of what a reader got.
type verdict int

const (
	newest verdict = iota
	older          // but not yet too old
	tooOld
	neverWas
)

// judge reports how old the bytes are that a reader got, who asked at since and had them at to.
func (h *history) judge(o object, data []byte, v fs.Version, since, to time.Time) verdict {
	worst := newest
	for i, b := range parts(o, data) {
		sum := sha256.Sum256(b)
		p := part{o, i}
		worst = max(worst, h.judgePart(p, sum, h.back(since, freshFor(v)), since, to))
	}
	return worst
}

func (h *history) judgePart(p part, sum [sha256.Size]byte, oldest, since, to time.Time) verdict {
	is := func(states []state) bool {
		for _, s := range states {
			if s.sum == sum && !s.gone {
				return true
			}
		}
		return false
	}
	switch {
	case is(h.between(p, since, to)):
		return newest
	case is(h.between(p, oldest, to)):
		return older
	case is(h.states[p]):
		return tooOld
	}
	return neverWas
}

// why reports what there was instead, in times since the beginning.
func (h *history) why(o object, data []byte, v fs.Version, since, to time.Time) string {
	var b strings.Builder
	at := func(t time.Time) time.Duration { return t.Sub(h.began).Round(time.Second) }
	fmt.Fprintf(&b, "read at %v to %v, wanted from %v on", at(since), at(to), at(h.back(since, freshFor(v))))
	for i, data := range parts(o, data) {
		fmt.Fprintf(&b, "; part %d is %.4x of", i, sha256.Sum256(data))
		for _, s := range h.states[part{o, i}] {
			fmt.Fprintf(&b, " %v:%.4x", at(s.from), s.sum)
		}
	}
	fmt.Fprint(&b, "; outages")
	for _, o := range h.outages {
		fmt.Fprintf(&b, " %v-%v", at(o.begin), at(o.end))
	}
	return b.String()
}

// walk calls do for each file below dir.
func walk(ctx context.Context, dir fs.Dir, do func(fs.File) error) error {
	nodes, err := dir.Entries(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", dir.Name(), err)
	}
	for _, n := range nodes {
		switch n := n.(type) {
		case fs.Dir:
			err = walk(ctx, n, do)
		case fs.File:
			err = do(n)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// readAll reads the current version of a file.
func readAll(ctx context.Context, f fs.File) ([]byte, fs.Version, error) {
	c, v, err := fs.OpenCurrent(ctx, f)
	if err != nil {
		return nil, v, &iofs.PathError{Op: "read", Path: f.Name(), Err: err}
	}
	defer c.Close()
	data := make([]byte, c.Size())
	if len(data) == 0 {
		return data, v, nil
	}
	_, err = c.ReadAt(data, 0)
	return data, v, err
}
