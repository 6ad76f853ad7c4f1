package cache

import (
	"bytes"
	"context"
	"crypto/sha256"
	"math"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// memoryEntries is how many sizes a Memory remembers of contents that it evicted.
const memoryEntries = 1 << 16

// Memory keeps contents in memory, for where no folder is wanted. It has the methods of
// [Disk], and the same promises as long as the process lives. Each of its contents is whole
// in memory while it is open, whatever its size.
type Memory struct {
	share    *sharer
	contents *byteLRU
	entries  *lru.Cache[sum, entry]
}

// NewMemory makes a store of up to maxBytes, [DefaultMemoryBytes] if that is 0. A content
// larger than that is served and not kept.
func NewMemory(maxBytes int64) *Memory {
	if maxBytes == 0 {
		maxBytes = DefaultMemoryBytes
	}
	m := &Memory{contents: newByteLRU(maxBytes)}
	m.entries, _ = lru.New[sum, entry](memoryEntries) // fails for a count below 1 only
	m.share = newSharer(memoryKeeper{m})
	return m
}

// Get is [Disk.Get].
func (m *Memory) Get(ctx context.Context, key string, fill Fill) (*Content, error) {
	return m.share.get(ctx, key, fill)
}

// Put is [Disk.Put].
func (m *Memory) Put(ctx context.Context, key string, fill Fill) (*Content, error) {
	return m.share.put(ctx, key, fill)
}

// Lookup is [Disk.Lookup].
func (m *Memory) Lookup(ctx context.Context, key string) (*Content, bool) {
	return m.share.lookup(ctx, key)
}

// Size is [Disk.Size].
func (m *Memory) Size(key string) (int64, bool) {
	e, ok := m.entries.Get(sha256.Sum256([]byte(key)))
	return e.size, ok
}

// Has is [Disk.Has].
func (m *Memory) Has(key string) bool { return memoryKeeper{m}.recall(key) != nil }

// Filled is [Disk.Filled].
func (m *Memory) Filled(key string) (time.Time, bool) {
	id := sum(sha256.Sum256([]byte(key)))
	if e, ok := m.entries.Get(id); ok {
		return e.filled, true
	}
	if b := m.contents.get(id); b != nil { // of a great many small contents the entries go first
		return b.filled, true
	}
	return time.Time{}, false
}

// Sum is [Disk.Sum].
func (m *Memory) Sum(key string) ([sha256.Size]byte, bool) {
	e, ok := m.entries.Get(sha256.Sum256([]byte(key)))
	return e.content, ok
}

// Close is [Disk.Close].
func (m *Memory) Close() error {
	m.share.flight.Close()
	return nil
}

// memoryKeeper has Memory's side of keeper, out of sight of its users.
type memoryKeeper struct{ *Memory }

func (m memoryKeeper) recall(key string) *blob {
	return m.contents.get(sha256.Sum256([]byte(key)))
}

func (m memoryKeeper) find(_ context.Context, key string) *blob { return m.recall(key) }

func (m memoryKeeper) fill(ctx context.Context, key string, fill Fill) (*blob, error) {
	filled := time.Now()
	var buf bytes.Buffer
	if err := fill(ctx, &buf); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err // nobody waits: the fill may have broken off and said nothing
	}
	id := sum(sha256.Sum256([]byte(key)))
	b := &blob{data: bytes.Clone(buf.Bytes()), size: int64(buf.Len()), filled: filled}
	m.contents.add(id, b)
	m.entries.Add(id, entry{key: id, content: sha256.Sum256(b.data), size: b.size, filled: filled})
	return b, nil
}

// itemCost is what an item counts on top of its bytes, so that a great many
// empty contents have a bound too.
const itemCost = 256

// byteLRU holds blobs in memory, those used last, up to a number of bytes.
type byteLRU struct {
	mu    sync.Mutex
	max   int64
	bytes int64
	items *simplelru.LRU[sum, *blob]
}

// newByteLRU makes an empty one for so many bytes, itemCost of each item included.
func newByteLRU(maxBytes int64) *byteLRU {
	l := &byteLRU{max: maxBytes}
	// The error is for a count below 1. The bound here is bytes, not a count.
	l.items, _ = simplelru.NewLRU(math.MaxInt, func(_ sum, b *blob) { l.bytes -= b.size + itemCost })
	return l
}

func (l *byteLRU) get(id sum) *blob {
	l.mu.Lock()
	defer l.mu.Unlock()
	b, _ := l.items.Get(id)
	return b
}

// add puts b, which must be in memory, in the place of what is under id. What is too
// large for the whole is not kept.
func (l *byteLRU) add(id sum, b *blob) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.items.Remove(id)
	if b.size+itemCost > l.max {
		return
	}
	l.items.Add(id, b)
	l.bytes += b.size + itemCost
	for l.bytes > l.max {
		l.items.RemoveOldest()
	}
}

func (l *byteLRU) remove(id sum) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.items.Remove(id)
}
