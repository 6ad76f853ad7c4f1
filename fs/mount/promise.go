//go:build linux || darwin

package mount

import (
	"context"
	"sync"
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"

	"github.com/codafs/codafs/fs"
)

// An open or a stat that is told ESTALE makes the kernel look the name up once more, and just once: what it is told
// the second time, the program is told. So it must find a version whose size is known. That is the one which was fetched
// before the ESTALE, and the lookup gives that one, also where the file has a newer one by then, which nobody has
// fetched. The name is not kept: the next to use it gets the newer one.

// promiseLife is how long a promise is good that no call makes use of. The kernel comes back at once.
const promiseLife = 2 * time.Second

// promises are the versions that calls are to find. The zero value has none.
type promises struct {
	mu sync.Mutex // guards of
	of map[promiseKey]promise
}

// promiseKey names a call: a thread is in no more than one. Threads that this process cannot see share one name.
type promiseKey struct {
	thread uint32
	file   uint64 // the file, whatever its version
}

type promise struct {
	version fs.Version
	until   time.Time
}

func promiseOf(ctx context.Context, f fs.File) (key promiseKey) {
	if caller, ok := fuse.FromContext(ctx); ok {
		key.thread = caller.Pid
	}
	key.file = inode(f, "")
	return key
}

// give promises the caller in ctx a version, which was fetched. One that is volatile only the file has that was looked up.
func (p *promises) give(ctx context.Context, f fs.File, v fs.Version) {
	if v.Volatile {
		return
	}
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	for key, old := range p.of { // of calls that ended otherwise
		if now.After(old.until) {
			delete(p.of, key)
		}
	}
	if p.of == nil {
		p.of = map[promiseKey]promise{}
	}
	p.of[promiseOf(ctx, f)] = promise{v, now.Add(promiseLife)}
}

// find gives the version that the caller in ctx was promised, if there is one.
func (p *promises) find(ctx context.Context, f fs.File) (fs.Version, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.of) == 0 { // nearly always
		return fs.Version{}, false
	}
	old, ok := p.of[promiseOf(ctx, f)]
	return old.version, ok && time.Now().Before(old.until)
}

// has reports whether the caller in ctx was promised version v.
func (p *promises) has(ctx context.Context, f fs.File, v fs.Version) bool {
	promised, ok := p.find(ctx, f)
	return ok && promised.Key == v.Key
}

// end is for a caller that has what it came for.
func (p *promises) end(ctx context.Context, f fs.File) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.of) > 0 {
		delete(p.of, promiseOf(ctx, f))
	}
}
