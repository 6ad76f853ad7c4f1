package remote

import (
	"context"

	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/remote/readahead"
)

// AheadMode is [File].Ahead. It says whether and how a file is fetched ahead of its reader.
type AheadMode int

const (
	AheadNever  AheadMode = iota // its bytes come with the lists
	AheadFinish                  // a fetch that was begun is finished: it costs nothing more
	AheadCancel                  // a fetch ends when the reader is gone: it may be long
)

// opened tells who reads ahead that f is opened, and whether its bytes were at hand. The caller must call left when its open
// returns.
func (f *File) opened(hit bool) (left func()) {
	if f.Ahead == AheadNever {
		return func() {}
	}
	return f.u.t.ahead.Opened(aheadFile{f}, hit)
}

// aheadFile is a file as a [readahead.File].
type aheadFile struct{ *File }

func (f aheadFile) ID() string    { return f.obj.ID }
func (f aheadFile) Kind() fs.Kind { return f.kind }
func (f aheadFile) Long() bool    { return f.Ahead == AheadCancel }

// Series implements [readahead.File]: the files of one kind in a unit are one series.
func (f aheadFile) Series() *readahead.Series {
	u, kind := f.u, f.kind
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.series[kind] == nil {
		if u.series == nil {
			u.series = map[fs.Kind]*readahead.Series{}
		}
		u.series[kind] = readahead.NewSeries(func() (any, func() []*readahead.Order) {
			return u.Current(), func() []*readahead.Order { return u.orders(kind) }
		})
	}
	return u.series[kind]
}

// orders returns the orders in which the unit's files of a kind may be read, as far as the lists are known.
func (u *Unit) orders(kind fs.Kind) []*readahead.Order {
	source, ok := u.t.src.(Orderer)
	if !ok {
		return nil
	}
	top, below := source.Ordered(u, kind)
	return readahead.Orders(kind, top, below, func(n fs.Node) readahead.File { return aheadFile{n.(*File)} })
}

// Prefetch implements [readahead.File]. It fetches the file's bytes into the Store.
func (f aheadFile) Prefetch(ctx context.Context) error {
	v, err := f.renderer.Version(ctx)
	if err != nil {
		return err
	}
	if v = f.asSeen(ctx, v); f.has(ctx, v) {
		if v.Computed == fs.ComputedVolatile {
			return f.Renew(ctx, f.u.t.opts.Now().Add(-f.u.t.opts.Refresh))
		}
		return nil
	}
	c, err := f.fetch(ctx, v)
	if err != nil {
		return err
	}
	return c.Close()
}

// Background implements [readahead.Owner].
func (t *Tree) Background(ctx context.Context, wanted <-chan struct{}) context.Context {
	return t.src.Background(ctx, wanted)
}
