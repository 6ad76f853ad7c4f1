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
	// maxMissing is how many missing names the kernel may keep for one folder, and maxAllMissing for all of them: it does
	// not say when it drops one.
	maxMissing, maxAllMissing = 1000, 50_000
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
		case <-s.known.wake:
			s.forgetOldest()
			continue
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
	if all {
		s.expireFolder(n, t, again)
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

// expireFolder makes the kernel look up again all names of n that it was given since the last notification; with again,
// those that it may have been given just before the change.
func (s *Server) expireFolder(n *dirNode, t *notifyBatch, again bool) {
	if again {
		for _, name := range t.late[n] {
			s.expire(n, name)
		}
		return
	}
	if !s.notify.ExpireFolder(n.StableAttr().Ino) {
		n.NotifyContent(0, 0)
	}
	from := t.changed.Add(-lateAnswer).UnixNano()
	for _, names := range n.names.take(s) {
		for name, at := range names {
			s.expire(n, name)
			if at >= from {
				t.late[n] = append(t.late[n], name)
			}
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

// givenNames are the names in a folder that the kernel was given since the last notification, found or not, and when, in
// Unix nanoseconds. The children that go-fuse knows are not these: if two lookups of a name overtake each other, it may have
// another version there than the kernel, and loses the name when that version is forgotten. And for missing names the kernel
// does not say when it drops one.
type givenNames struct {
	mu      sync.Mutex
	found   map[string]int64
	missing map[string]int64
}

// give records a name that exists. It must be called before the kernel is given the name, and before keepSince.
func (g *givenNames) give(name string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.found == nil {
		g.found = map[string]int64{}
	}
	g.found[name] = time.Now().UnixNano()
}

// giveMissing is give for a name that does not exist. It returns false if there are too many such names.
func (g *givenNames) giveMissing(s *Server, name string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, given := g.missing[name]; !given {
		if len(g.missing) == maxMissing {
			return false
		}
		if s.missing.Add(1) > maxAllMissing {
			s.missing.Add(-1)
			return false
		}
	}
	if g.missing == nil {
		g.missing = map[string]int64{}
	}
	g.missing[name] = time.Now().UnixNano()
	return true
}

// take returns the recorded names, and forgets them: the kernel is about to be notified, or has forgotten the folder.
func (g *givenNames) take(s *Server) [2]map[string]int64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	found := g.found
	g.found = nil
	return [2]map[string]int64{found, g.takeMissing(s)}
}

// takeMissing is take for missing names. g.mu is held.
func (g *givenNames) takeMissing(s *Server) map[string]int64 {
	missing := g.missing
	g.missing = nil
	s.missing.Add(-int64(len(missing)))
	return missing
}
