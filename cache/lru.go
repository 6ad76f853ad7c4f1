package cache

import (
	"crypto/sha256"
	"math"
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// sum is the SHA-256 of a key or of a content.
type sum [sha256.Size]byte

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
