package open

import (
	"context"
	"io"

	"github.com/codafs/codafs/cache"
	"github.com/codafs/codafs/fs"
)

// store is the cache as an [fs.Store]. Only the types of the contents differ. Package cache knows nothing of fs, and fs nothing
// of the cache; here they meet.
type store struct{ *cache.Disk }

// Get implements [fs.Store].
func (s store) Get(ctx context.Context, key string, fill func(context.Context, io.Writer) error) (fs.Content, error) {
	return content(s.Disk.Get(ctx, key, fill))
}

// Put implements [fs.Store].
func (s store) Put(ctx context.Context, key string, fill func(context.Context, io.Writer) error) (fs.Content, error) {
	return content(s.Disk.Put(ctx, key, fill))
}

// Lookup implements [fs.Store].
func (s store) Lookup(ctx context.Context, key string) (fs.Content, bool) {
	c, ok := s.Disk.Lookup(ctx, key)
	if !ok {
		return nil, false
	}
	return c, true
}

// content keeps a nil pointer from becoming a non-nil interface.
func content(c *cache.Content, err error) (fs.Content, error) {
	if err != nil {
		return nil, err
	}
	return c, nil
}
