package cache

import "context"

// keeper is a place for contents; [Disk] and [Memory] are the two. Each method returns
// nil if there is no good content. A blob that is returned has no Contents yet: the caller
// says how many it is for (blob.share). Methods are called from many goroutines, fill and find
// of one key from one at a time, except find by way of Lookup.
type keeper interface {
	// recall returns what can be had without delay.
	recall(key string) *blob
	// find returns what is kept, and checks it first if it must be.
	find(ctx context.Context, key string) *blob
	// fill has fill write the content, and keeps it.
	fill(ctx context.Context, key string, fill Fill) (*blob, error)
}

// sharer is Get and Put over a keeper. One fetch a key runs at a time.
type sharer struct {
	keeper keeper
	flight Flight[string, landing]
}

// landing is what a fetch brought. It was filled by that fetch, or found.
type landing struct {
	blob   *blob
	filled bool
}

func newSharer(k keeper) *sharer {
	s := &sharer{keeper: k}
	s.flight.Landed = func(l landing, callers int) { l.blob.share(callers) }
	return s
}

// get is Disk.Get. What needs no hashing is served without the flight, since it takes a goroutine.
func (s *sharer) get(ctx context.Context, key string, fill Fill) (*Content, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if b := s.keeper.recall(key); b != nil {
		b.share(1)
		return &Content{blob: b}, nil
	}
	l, err := s.flight.Do(ctx, key, func(ctx context.Context) (landing, error) {
		// Looked for again here: another fetch may have ended since recall.
		if b := s.keeper.find(ctx, key); b != nil {
			return landing{blob: b}, nil
		}
		return s.fill(ctx, key, fill)
	})
	if err != nil {
		return nil, err
	}
	return &Content{blob: l.blob}, nil
}

// put differs from get in that what was only found will not do: its caller wants the bytes of a
// fill that begins now or is under way.
func (s *sharer) put(ctx context.Context, key string, fill Fill) (*Content, error) {
	for {
		l, err := s.flight.Do(ctx, key, func(ctx context.Context) (landing, error) {
			return s.fill(ctx, key, fill)
		})
		if err != nil {
			return nil, err
		}
		c := &Content{blob: l.blob}
		if l.filled {
			return c, nil
		}
		c.Close() // it joined a get that found the old content: once more
	}
}

func (s *sharer) lookup(ctx context.Context, key string) (*Content, bool) {
	b := s.keeper.recall(key)
	if b == nil {
		b = s.keeper.find(ctx, key)
	}
	if b == nil {
		return nil, false
	}
	b.share(1)
	return &Content{blob: b}, true
}

// fill runs in a flight. A context that has ended is looked at first: a fill might write all of a content for nobody.
func (s *sharer) fill(ctx context.Context, key string, fill Fill) (landing, error) {
	if err := ctx.Err(); err != nil {
		return landing{}, err
	}
	b, err := s.keeper.fill(ctx, key, fill)
	return landing{blob: b, filled: true}, err
}
