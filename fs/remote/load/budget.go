package load

import (
	"math"
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// Budget bounds how many bytes values take in memory: those that were not used for longest have to go. The owner of the values
// drops them. A Budget is safe for concurrent use. It holds keys and sizes, never a value, so a key should be small.
type Budget[K comparable] struct {
	most int64

	mu   sync.Mutex // guards all below
	used *simplelru.LRU[K, int64]
	held int64
}

// NewBudget allows so many bytes, about. The value that was used last stays, however large it is.
func NewBudget[K comparable](most int64) *Budget[K] {
	used, err := simplelru.NewLRU[K, int64](math.MaxInt, nil)
	if err != nil {
		panic(err) // it refuses sizes below 1 alone
	}
	return &Budget[K]{most: most, used: used}
}

// Use records that a value is used, and that it takes more bytes than before. It returns the values that have to go, which are
// forgotten. The caller drops them after Use has returned, with no lock of the budget held; somebody who uses one of them
// meanwhile still has it.
func (b *Budget[K]) Use(k K, more int64) (gone []K) {
	b.mu.Lock()
	defer b.mu.Unlock()
	n, _ := b.used.Get(k)
	if more == 0 {
		return nil
	}
	b.used.Add(k, n+more)
	b.held += more
	for b.held > b.most && b.used.Len() > 1 {
		old, n, _ := b.used.RemoveOldest()
		b.held -= n
		gone = append(gone, old)
	}
	return gone
}

// Forget forgets a value that its owner has dropped, and what it took.
func (b *Budget[K]) Forget(k K) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if n, ok := b.used.Peek(k); ok {
		b.held -= n
		b.used.Remove(k)
	}
}
