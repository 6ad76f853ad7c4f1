//go:build linux || darwin

package mount

import (
	"context"
	"sync"
	"time"

	"github.com/codafs/codafs/fs"
)

// After ESTALE for an open or a stat the kernel looks the name up once more, and only once: the program sees the result
// of the second try. So that lookup must find a version whose size is known: the one that was fetched before the
// ESTALE. The lookup returns that one even if the file has a newer one by then, which nobody has fetched. Its timeout
// is 0: the next user of the name gets the newer one.

// promiseLife is how long an unused promise is valid. The kernel comes back at once.
const promiseLife = 2 * time.Second

// promises are versions that the next lookups of some callers must find. The zero value has none.
type promises struct {
	mu sync.Mutex // guards of
	of map[promiseKey]promise
}

// promiseKey identifies a call: a thread is in one at a time. Threads that this process cannot see all have id 0.
type promiseKey struct {
	thread uint32
	file   uint64 // see fileNode
}

// promise is a version for one caller, and when it expires.
type promise struct {
	version fs.Version
	until   time.Time
}

func promiseOf(ctx context.Context, file uint64) promiseKey { return promiseKey{threadOf(ctx), file} }

// give promises the caller in ctx a version that was fetched. A volatile version belongs to one lookup alone and is
// never promised.
func (p *promises) give(ctx context.Context, file uint64, v fs.Version) {
	if v.Volatile {
		return
	}
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	for key, old := range p.of { // of calls that did not come back
		if now.After(old.until) {
			delete(p.of, key)
		}
	}
	if p.of == nil {
		p.of = map[promiseKey]promise{}
	}
	p.of[promiseOf(ctx, file)] = promise{v, now.Add(promiseLife)}
}

// find returns the version that the caller in ctx was promised, if there is one.
func (p *promises) find(ctx context.Context, f fs.File) (fs.Version, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.of) == 0 { // nearly always
		return fs.Version{}, false
	}
	old, ok := p.of[promiseOf(ctx, inode(f, ""))]
	return old.version, ok && time.Now().Before(old.until)
}

// has reports whether the caller in ctx was promised version v of the file of h.
func (p *promises) has(ctx context.Context, h *held) bool {
	promised, ok := p.find(ctx, h.file)
	return ok && promised.Key == h.version.Key
}

// end drops the promise of a caller that has been served.
func (p *promises) end(ctx context.Context, file uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.of) > 0 {
		delete(p.of, promiseOf(ctx, file))
	}
}
