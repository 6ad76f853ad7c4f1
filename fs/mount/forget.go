//go:build linux || darwin

package mount

import (
	"slices"
	"sync"

	fusefs "github.com/hanwen/go-fuse/v2/fs"
)

// By itself the kernel forgets names only when the whole machine is short of memory, and for each name that it holds there
// is a node here. So the server tells it to forget those that were looked up longest ago, once there are too many. What
// programs use stays: the kernel keeps the inodes of files that are open or mapped, and of folders that a program stands
// in or that have names below them.
//
// Since Linux 6.18 the notification is about inodes, takes no folder's lock, and leaves alone what is in use. Before, it
// is about a name in a folder, as those of a change are, and would have a folder that somebody stands in seem deleted. So
// there only files are forgotten, and those in folders with a lookup under way are passed over.

// maxKnown is how many nodes the kernel may hold. One takes about 700 bytes here (TestANameThatTheKernelHolds…), a folder 500
// more, and each some 1,100 in the kernel. After find -ls over 155,785 names a mount was 411 MiB
// with none forgotten, and 193 MiB with 65,536, half as much garbage and 32 MiB of lists.
const maxKnown = 50_000

// known are the nodes that the kernel holds. One that go-fuse has not taken, since it had another for the same inode, may
// be among them until it is the oldest.
type known struct {
	max  int
	wake chan struct{} // holds one token while there are too many

	mu    sync.Mutex // guards what follows, and the links of all places
	ring  place      // its next is the place used last, its prev the one used longest ago
	count int
	added int // since names were last forgotten
}

// place is where a node stands among the known ones. It is part of the node.
type place struct {
	prev, next *place
	inode      *fusefs.Inode
}

func newKnown(most int) *known {
	k := &known{max: most, wake: make(chan struct{}, 1)}
	k.ring.prev, k.ring.next = &k.ring, &k.ring
	return k
}

// use puts p in front. The kernel is about to be given its node.
func (k *known) use(p *place) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if p.next == nil {
		k.count++
		k.added++
	} else {
		p.unlink()
	}
	k.putInFront(p)
	// If programs use most of what is known, the next round should not come before there is something new to forget.
	if k.count > k.max && k.added > k.max/16 {
		k.added = 0
		select {
		case k.wake <- struct{}{}:
		default:
		}
	}
}

// putInFront and unlink are called with k.mu held.
func (k *known) putInFront(p *place) {
	p.prev, p.next = &k.ring, k.ring.next
	p.prev.next, p.next.prev = p, p
}

func (p *place) unlink() {
	p.prev.next, p.next.prev = p.next, p.prev
	p.prev, p.next = nil, nil
}

// drop takes p out: the kernel has forgotten its node.
func (k *known) drop(p *place) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if p.next != nil {
		p.unlink()
		k.count--
	}
}

// oldest returns the nodes to forget, the youngest of them first: what is in a folder comes before it. They are put in
// front, so that those which are in use are not asked for again soon.
func (k *known) oldest() []*place {
	k.mu.Lock()
	defer k.mu.Unlock()
	var old []*place
	for range k.count - (k.max - k.max/8) {
		p := k.ring.prev
		p.unlink()
		k.putInFront(p)
		old = append(old, p)
	}
	slices.Reverse(old)
	return old
}

// forgetOldest tells the kernel to forget what was looked up longest ago. It is called by tell alone.
func (s *Server) forgetOldest() {
	var inodes []uint64
	for _, p := range s.known.oldest() {
		name, parent := p.inode.Parent()
		if parent == nil {
			s.known.drop(p) // go-fuse has another node for this inode, or none
			continue
		}
		folder, isFolder := p.inode.Operations().(*dirNode)
		switch {
		case isFolder && s.prunes:
			s.dropMissing(folder)
		case !isFolder && !s.prunes:
			s.dropName(parent.Operations().(*dirNode), name)
		}
		inodes = append(inodes, p.inode.StableAttr().Ino)
	}
	if s.prunes {
		s.notify.Forget(inodes)
	}
	s.notify.Send()
}

// dropMissing drops the missing names of a folder: the kernel does not forget a folder while it has one.
func (s *Server) dropMissing(n *dirNode) {
	if n.busy.Load() > 0 {
		return
	}
	n.names.mu.Lock()
	missing := n.names.takeMissing(s)
	n.names.mu.Unlock()
	for name := range missing {
		s.dropName(n, name)
	}
}

// dropName has the kernel drop a name, unless its folder is busy: the notification would have to wait for that.
func (s *Server) dropName(n *dirNode, name string) {
	if n.busy.Load() == 0 {
		s.notify.DropName(n.StableAttr().Ino, name)
	}
}

// OnForget is called when the kernel has forgotten the inode: nobody has this version open.
func (n *fileNode) OnForget() {
	n.forgotten.Store(true)
	n.server.contents.forget(n)
	n.server.known.drop(&n.place)
}

// OnForget is called when the kernel has forgotten the inode, and all names below it.
func (n *dirNode) OnForget() {
	n.names.take(n.server)
	n.server.listings.forget(n)
	n.server.known.drop(&n.place)
}
