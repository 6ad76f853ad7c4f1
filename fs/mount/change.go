//go:build linux || darwin

package mount

import (
	"sync"
	"sync/atomic"
	"time"
)

const (
	// notifyDelay is the time between a change and its notifications to the kernel. In this time the kernel receives
	// the answers that were given before the change, which a notification could not undo later; and a burst of changes
	// becomes one.
	notifyDelay = 50 * time.Millisecond
	// lateAnswer is how long an answer may take to reach the kernel on a busy machine.
	lateAnswer = 2 * time.Second
	// maxMissing is how many missing names the kernel may keep for one folder: it does not say when it drops one.
	maxMissing = 1000
	// idleFolderWait is the longest wait for an idle folder before notifying the kernel: a notification waits for the
	// requests in the folder, and meanwhile all new requests in it wait for the notification.
	idleFolderWait = time.Second
	// pollFolder is how often it is checked whether the folder is idle.
	pollFolder = 5 * time.Millisecond
)

// changes are the docs that the kernel must still be notified of.
type changes struct {
	// count is incremented by each change. An answer that the tree gave under an earlier count may be old.
	count atomic.Uint64
	wake  chan struct{} // holds one token while docs is not empty

	mu   sync.Mutex
	docs map[string]bool // those that changed; "" stands for the list of docs
}

func newChanges() changes {
	return changes{wake: make(chan struct{}, 1), docs: map[string]bool{}}
}

// Changed says that versions or lists of a doc may have changed: its stamp moved, or a young version has settled. "" is
// the list of docs, and everything that is in no doc. The tree must already show what is new. The kernel then looks up
// the names below the doc's folder again, each when it is next used, which asks the tree for its version. The pages of
// unchanged versions stay in the kernel's cache. Changed returns at once, and may be called from anywhere, also after
// the end. An unknown doc does no harm.
func (s *Server) Changed(docID string) {
	s.changes.count.Add(1)
	s.retell(docID)
}

// retell notifies the kernel of a change, or once more if an old answer reached the kernel after the first time.
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

// notifyBatch is one batch of notifications: for all that the kernel has of some docs, and once more after lateAnswer,
// for the names that it may have been given just before the change, by an answer that was late.
type notifyBatch struct {
	docs    map[string]bool
	changed time.Time
	again   time.Time
	late    map[*dirNode][]string
}

// tell notifies the kernel of changes until the server ends. It is the only sender, and holds no lock while it sends:
// the kernel takes the lock of the folder, and waits for the lookups in it.
func (s *Server) tell() {
	var told []*notifyBatch
	for {
		var again <-chan time.Time
		if len(told) > 0 {
			again = time.After(time.Until(told[0].again))
		}
		select {
		case <-s.changes.wake:
		case <-again:
			s.expireDocs(s.root, told[0], true)
			s.notify.Send()
			told = told[1:]
			continue
		case <-s.ctx.Done():
			return
		}
		s.changes.mu.Lock()
		t := &notifyBatch{docs: s.changes.docs, changed: time.Now(), late: map[*dirNode][]string{}}
		s.changes.docs = map[string]bool{}
		s.changes.mu.Unlock()
		select {
		case <-time.After(notifyDelay):
		case <-s.ctx.Done():
			return
		}
		s.expireDocs(s.root, t, false)
		s.notify.Send()
		t.again = time.Now().Add(lateAnswer)
		told = append(told, t)
	}
}

// startGuard starts the process that sends notifications in place of this one, until the server ends. Without it the
// server sends them itself.
func (s *Server) startGuard() {
	if s.opts.Guard == nil || s.names != keep {
		return
	}
	const without = "killed at the wrong moment, it leaves whoever waits for it waiting"
	cmd := s.opts.Guard()
	if err := s.notify.StartGuard(s.ctx, cmd, s.dir, s.id, func(err error) {
		s.opts.Log.Warn("the mount has no guard any more: "+without, "err", err)
	}); err != nil {
		s.opts.Log.Warn("the mount has no guard: "+without, "err", err)
		return
	}
	s.start(func() {
		<-s.ctx.Done()
		_ = cmd.Process.Kill() // does not end the guard at once if it waits for lookups; these end with ctx too
		_ = cmd.Wait()         // it has nothing to say
	})
}

// expireDocs walks the folders that the kernel knows, and makes it look up again what is in the docs of t.
func (s *Server) expireDocs(n *dirNode, t *notifyBatch, again bool) {
	all := t.docs[n.dir.Object().DocID]
	switch {
	case all && !again:
		if !s.notify.ExpireFolder(n.StableAttr().Ino) {
			n.NotifyContent(0, 0)
		}
		for name, at := range n.names.take() {
			s.expire(n, name)
			if at.After(t.changed.Add(-lateAnswer)) {
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

// expire makes the kernel look up one name again. It waits up to idleFolderWait for the folder to become idle, so that
// the notification is not blocked.
func (s *Server) expire(n *dirNode, name string) {
	if n.busy.Load() > 0 {
		s.notify.Send()
	}
	for wait := idleFolderWait; n.busy.Load() > 0 && wait > 0; wait -= pollFolder {
		select {
		case <-time.After(pollFolder):
		case <-s.ctx.Done():
			return
		}
	}
	if !s.notify.ExpireName(n.StableAttr().Ino, name) {
		n.NotifyEntry(name)
	}
}

// givenNames are the names in a folder that the kernel was given since the last notification, found or not, and when.
// The kernel may have dropped some of them: it does not report that for missing names. For the others go-fuse may
// handle the report after a later lookup, so that a name would be lost here and never be expired again.
type givenNames struct {
	mu      sync.Mutex
	at      map[string]time.Time
	missing int
}

// give records a name that exists. It must be called before the kernel is given the name, and before keepSince.
func (g *givenNames) give(name string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.set(name)
}

// giveMissing is give for a name that does not exist. It returns false if there are too many such names.
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

// set records the time of a name. g.mu is held.
func (g *givenNames) set(name string) {
	if g.at == nil {
		g.at = map[string]time.Time{}
	}
	g.at[name] = time.Now()
}

// take returns the recorded names, and forgets them: the kernel is about to be notified.
func (g *givenNames) take() map[string]time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	at := g.at
	g.at, g.missing = nil, 0
	return at
}
