//go:build linux || darwin

package mount

import (
	"sync"
	"sync/atomic"
	"time"
)

const (
	// settle is how long a change waits before the kernel is told. By then it has taken in the answers
	// that were given before the change, which it could not be told of any more; and a burst of changes
	// becomes one.
	settle = 50 * time.Millisecond
	// straggle is how long an answer may take to reach the kernel when the machine is busy.
	straggle = 2 * time.Second
	// maxMissing is how many names that are not there the kernel may keep for one folder: it tells nobody
	// when it drops one.
	maxMissing = 1000
	// atEase is how long the kernel is not told of a name while something is under way in its folder: telling waits for
	// that, and meanwhile all others who come to the folder wait for the telling.
	atEase = time.Second
	// pollFolder is how often it is looked whether that has ended.
	pollFolder = 5 * time.Millisecond
)

// changes is what the kernel is yet to be told.
type changes struct {
	// count goes up with each change. What was asked of the tree under another count may be old.
	count atomic.Uint64
	wake  chan struct{} // holds one token while docs is not empty

	mu   sync.Mutex
	docs map[string]bool // those that changed; "" stands for the list of docs
}

func newChanges() changes {
	return changes{wake: make(chan struct{}, 1), docs: map[string]bool{}}
}

// Changed says that versions or lists of a doc may not be what they were: its stamp moved, or what was
// young is no longer. "" is the list of docs, and all that is in no doc. The tree must give what is new already. The
// kernel then looks names below the doc's folder up anew, each when it is next used, which asks the tree
// for its version; the pages of those that have not changed stay in its cache. Changed returns
// at once, and may be called from anywhere, also after the end. A doc that nobody knows does no harm.
func (s *Server) Changed(docID string) {
	s.changes.count.Add(1)
	s.retell(docID)
}

// retell has the kernel told of a change, or once more of one whose old state it was answered meanwhile.
func (s *Server) retell(docID string) {
	s.changes.mu.Lock()
	defer s.changes.mu.Unlock()
	s.changes.docs[docID] = true
	select {
	case s.changes.wake <- struct{}{}:
	default:
	}
}

// keepSince is how long the kernel may keep a name that the tree was asked for under count.
func (s *Server) keepSince(count uint64) time.Duration {
	if s.changes.count.Load() != count {
		return 0
	}
	return s.names
}

// telling is what the kernel is told at a time: all that it has of some docs, and a while later once more what it may
// have been given just before the change, on a machine so busy that the answer was still under way.
type telling struct {
	docs    map[string]bool
	changed time.Time
	again   time.Time
	late    map[*dirNode][]string
}

// tell tells the kernel of changes, until the server ends. It is the only place that does, and holds
// no lock meanwhile: the kernel takes the folder's, and waits for the lookups in it.
func (s *Server) tell() {
	var told []*telling
	for {
		var again <-chan time.Time
		if len(told) > 0 {
			again = time.After(time.Until(told[0].again))
		}
		select {
		case <-s.changes.wake:
		case <-again:
			s.expireDocs(s.root, told[0], true)
			s.tellBatch()
			told = told[1:]
			continue
		case <-s.ctx.Done():
			return
		}
		s.changes.mu.Lock()
		t := &telling{docs: s.changes.docs, changed: time.Now(), late: map[*dirNode][]string{}}
		s.changes.docs = map[string]bool{}
		s.changes.mu.Unlock()
		select {
		case <-time.After(settle):
		case <-s.ctx.Done():
			return
		}
		s.expireDocs(s.root, t, false)
		s.tellBatch()
		t.again = time.Now().Add(straggle)
		told = append(told, t)
	}
}

// expireDocs goes through the folders that the kernel was given, and has it look up anew what is in those of t.
func (s *Server) expireDocs(n *dirNode, t *telling, again bool) {
	all := t.docs[n.dir.Object().DocID]
	switch {
	case all && !again:
		s.expireFolder(n)
		for name, at := range n.names.take() {
			s.expire(n, name)
			if at.After(t.changed.Add(-straggle)) {
				t.late[n] = append(t.late[n], name)
			}
		}
	case all:
		for _, name := range t.late[n] {
			s.expire(n, name)
		}
	}
	for name, child := range n.Children() {
		folder, isDir := child.Operations().(*dirNode)
		if !isDir || s.ctx.Err() != nil {
			continue
		}
		doc := folder.dir.Object().DocID
		if !all && t.docs[doc] && !again {
			s.expire(n, name)
		}
		if doc == "" || t.docs[doc] {
			s.expireDocs(folder, t, again)
		}
	}
}

// expire tells the kernel of one name, at a moment when it can do so at once, if there is one soon.
func (s *Server) expire(n *dirNode, name string) {
	if n.busy.Load() > 0 {
		s.tellBatch()
	}
	for wait := atEase; n.busy.Load() > 0 && wait > 0; wait -= pollFolder {
		select {
		case <-time.After(pollFolder):
		case <-s.ctx.Done():
			return
		}
	}
	s.expireName(n, name)
}

// givenNames are the names in a folder that the kernel was given since it was last told of a change, found or not, and
// when. It may have dropped some: it does not say so of those that it did not find, and what go-fuse makes of what it says
// of the others may overtake a lookup, so that a name would never be told of again.
type givenNames struct {
	mu      sync.Mutex
	at      map[string]time.Time
	missing int
}

// give notes a name that is there. It comes before the kernel is given it, and before keepSince is asked.
func (g *givenNames) give(name string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.set(name)
}

// giveMissing is give for a name that is not there. It reports false where there are too many of them.
func (g *givenNames) giveMissing(name string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, given := g.at[name]; !given {
		if g.missing == maxMissing {
			return false
		}
		g.missing++
	}
	g.set(name)
	return true
}

func (g *givenNames) set(name string) {
	if g.at == nil {
		g.at = map[string]time.Time{}
	}
	g.at[name] = time.Now()
}

func (g *givenNames) take() map[string]time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	at := g.at
	g.at, g.missing = nil, 0
	return at
}
