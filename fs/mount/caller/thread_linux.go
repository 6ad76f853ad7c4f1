package caller

import (
	"strconv"
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"golang.org/x/sys/unix"
)

// maxThreads is how many threads have their files in /proc kept open, three each at most. A walk has one thread, or one for
// each processor.
const maxThreads = 16

// Callers sees the callers of one mount. It keeps the files in /proc of those that asked last open, and reads them again
// at each question. Nothing is remembered of what they said. /proc binds an open file to the thread, not to its number: once
// the thread has ended, reads fail, also if another one has the number by then. After execve(2) the file has the new
// program's name. A Callers may be used by many goroutines.
type Callers struct {
	mu   sync.Mutex // guards kept and the threads; not held while a file is read
	kept *simplelru.LRU[uint32, *thread]
	// open opens a file in /proc; a test counts.
	open func(path string) (fd int, err error)
}

// thread has the files of one thread. They are closed once it was dropped and nobody reads them.
type thread struct {
	files
	readers int
	dropped bool
}

// files are descriptors of files in /proc; -1 is none.
type files struct {
	comm  int // the thread's name: whoever can read it knows that the thread has not ended
	first int // the name of its first thread; none if it is that itself
	call  int // its system call; none until asked for, or if this process may not see it
}

// New returns Callers that must be closed.
func New() *Callers {
	c := &Callers{open: func(path string) (int, error) { return unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0) }}
	// The error is for a size below 1.
	c.kept, _ = simplelru.NewLRU(maxThreads, func(_ uint32, t *thread) {
		t.dropped = true
		t.closeUnused()
	})
	return c
}

// Close closes all files. Nobody may ask any more.
func (c *Callers) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.kept.Purge()
}

func (t *thread) closeUnused() {
	if !t.dropped || t.readers > 0 {
		return
	}
	for _, fd := range []int{t.comm, t.first, t.call} {
		if fd >= 0 {
			unix.Close(fd)
		}
	}
}

// take returns the files of thread tid; nil if there is no such thread. With call it has that file too, unless this process
// may not see it. The caller must put them back.
func (c *Callers) take(tid uint32, call bool) (*thread, files) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t, ok := c.kept.Get(tid)
	if !ok {
		if t = c.openThread(tid); t == nil {
			return nil, files{}
		}
		c.kept.Add(tid, t)
	}
	if call && t.call < 0 {
		// If t has ended and another thread has its number, this is the file of that one, which is who asks.
		t.call = c.openFile(tid, "syscall")
	}
	t.readers++
	return t, t.files
}

// put gives t back. ended says that its thread has ended.
func (c *Callers) put(tid uint32, t *thread, ended bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now, ok := c.kept.Peek(tid); ended && ok && now == t {
		c.kept.Remove(tid)
	}
	t.readers--
	t.closeUnused()
}

// openThread opens the name of thread tid and of its first thread. Its own comes first: if it can be read later, the thread
// was the same all the time. c.mu is held.
func (c *Callers) openThread(tid uint32) *thread {
	t := &thread{files: files{comm: c.openFile(tid, "comm"), first: -1, call: -1}}
	if t.comm < 0 {
		return nil
	}
	if isFirstThread(tid) {
		return t
	}
	if first, ok := firstThread(tid); ok {
		t.first = c.openFile(first, "comm")
	}
	if t.first < 0 {
		unix.Close(t.comm)
		return nil
	}
	return t
}

func (c *Callers) openFile(tid uint32, name string) int {
	fd, err := c.open(procPath(tid, name))
	if err != nil {
		return -1
	}
	return fd
}

// read calls look with the files of thread tid; nil is what cannot be read. If the thread has ended, look is called again
// with those of the thread that has its number now, if there is one.
func (c *Callers) read(tid uint32, call bool, look func(files) ([]byte, error)) []byte {
	for range 2 {
		t, f := c.take(tid, call)
		if t == nil {
			return nil
		}
		b, err := look(f)
		c.put(tid, t, err == unix.ESRCH)
		if err != unix.ESRCH {
			return b
		}
	}
	return nil
}

// maxLine is more than a file that is read here has: nine numbers of 64 bits.
const maxLine = 256

// readLine reads a file in /proc from its beginning, by one system call.
func readLine(fd int) ([]byte, error) {
	b := make([]byte, maxLine)
	n, err := unix.Pread(fd, b, 0)
	if err != nil {
		return nil, err
	}
	return b[:n], nil
}

func procPath(tid uint32, name string) string {
	return "/proc/" + strconv.FormatUint(uint64(tid), 10) + "/" + name
}
