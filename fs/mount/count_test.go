//go:build linux

package mount

import (
	"log/slog"
	"maps"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/hanwen/go-fuse/v2/fuse"

	"github.com/codafs/codafs/fs"
)

// questions counts what the kernel asks, by the names of linux/fuse.h.
type questions struct {
	fuse.RawFileSystem
	mu sync.Mutex
	n  map[string]int
	// answered, if there is one, is called between a lookup and its answer to the kernel.
	answered atomic.Pointer[func(name string)]
}

func (q *questions) add(op string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.n[op]++
}

// take gives the counts since the last take.
func (q *questions) take() map[string]int {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := q.n
	q.n = map[string]int{}
	return n
}

func (q *questions) want(t *testing.T, what string, want map[string]int) {
	t.Helper()
	if got := q.take(); !maps.Equal(got, want) {
		t.Errorf("%s: asked %v, want %v", what, got, want)
	}
}

// opens are the messages of so many files and folders being opened.
func opens(s *Server, files, folders int) map[string]int {
	if s.silent {
		return map[string]int{}
	}
	n := map[string]int{"OPEN": files, "OPENDIR": folders}
	maps.DeleteFunc(n, func(_ string, n int) bool { return n == 0 })
	return n
}

// RELEASE and RELEASEDIR are sent after close(2) has returned, so they are not counted; each OPEN and
// OPENDIR has one.

func (q *questions) Lookup(c <-chan struct{}, h *fuse.InHeader, name string, out *fuse.EntryOut) fuse.Status {
	q.add("LOOKUP")
	status := q.RawFileSystem.Lookup(c, h, name, out)
	if answered := q.answered.Load(); answered != nil {
		(*answered)(name)
	}
	return status
}

func (q *questions) GetAttr(c <-chan struct{}, in *fuse.GetAttrIn, out *fuse.AttrOut) fuse.Status {
	q.add("GETATTR")
	return q.RawFileSystem.GetAttr(c, in, out)
}

func (q *questions) Access(c <-chan struct{}, in *fuse.AccessIn) fuse.Status {
	q.add("ACCESS")
	return q.RawFileSystem.Access(c, in)
}

func (q *questions) GetXAttr(c <-chan struct{}, h *fuse.InHeader, attr string, dest []byte) (uint32, fuse.Status) {
	q.add("GETXATTR")
	return q.RawFileSystem.GetXAttr(c, h, attr, dest)
}

func (q *questions) Open(c <-chan struct{}, in *fuse.OpenIn, out *fuse.OpenOut) fuse.Status {
	q.add("OPEN")
	return q.RawFileSystem.Open(c, in, out)
}

func (q *questions) Read(c <-chan struct{}, in *fuse.ReadIn, buf []byte) (fuse.ReadResult, fuse.Status) {
	q.add("READ")
	return q.RawFileSystem.Read(c, in, buf)
}

func (q *questions) Flush(c <-chan struct{}, in *fuse.FlushIn) fuse.Status {
	q.add("FLUSH")
	return q.RawFileSystem.Flush(c, in)
}

func (q *questions) OpenDir(c <-chan struct{}, in *fuse.OpenIn, out *fuse.OpenOut) fuse.Status {
	q.add("OPENDIR")
	return q.RawFileSystem.OpenDir(c, in, out)
}

func (q *questions) ReadDir(c <-chan struct{}, in *fuse.ReadIn, out *fuse.DirEntryList) fuse.Status {
	q.add("READDIR")
	return q.RawFileSystem.ReadDir(c, in, out)
}

func (q *questions) ReadDirPlus(c <-chan struct{}, in *fuse.ReadIn, out *fuse.DirEntryList) fuse.Status {
	q.add("READDIRPLUS")
	return q.RawFileSystem.ReadDirPlus(c, in, out)
}

// countedMount is mountServer, with what the kernel asks.
func countedMount(t *testing.T, root fs.Dir, o Options) (string, *Server, *questions) {
	t.Helper()
	needFUSE(t)
	if o.Log == nil {
		o.Log = slog.New(slog.NewTextHandler(t.Output(), nil))
	}
	o.blind = o.blind || *blind
	q := &questions{n: map[string]int{}}
	dir := t.TempDir()
	s, err := mountAs(dir, root, o, func(raw fuse.RawFileSystem) fuse.RawFileSystem {
		q.RawFileSystem = raw
		return q
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Unmount(); err != nil {
			t.Error(err)
		}
		<-s.served // the log is the test's
	})
	return dir, s, q
}
