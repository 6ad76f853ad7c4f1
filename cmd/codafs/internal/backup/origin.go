package backup

import (
	"context"
	"io"
	"time"

	"github.com/codafs/codafs/coda/rate"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/remote"
	"github.com/codafs/codafs/fs/source/codadocs/sights"
	"github.com/codafs/codafs/snapshot"
	"github.com/codafs/codafs/snapshot/format"
)

// treeOrigin is a tree of this process as the origin of a snapshot. Nobody waits for a single file of it, so its
// requests are background work.
type treeOrigin struct{ tree *remote.Tree }

// Index implements [snapshot.Origin].
func (t treeOrigin) Index(ctx context.Context, held fs.Held, each func(fs.Entry) error) error {
	return t.tree.Index(rate.Background(ctx), held, each)
}

// Open implements [snapshot.Origin].
func (t treeOrigin) Open(ctx context.Context, path string) (io.ReadCloser, error) {
	return fs.FS(rate.Background(ctx), t.tree.Root()).Open(path)
}

// Warnings implements [snapshot.Warner].
func (t treeOrigin) Warnings(context.Context) ([]fs.Failure, error) { return t.tree.Warnings(), nil }

// OpenLate implements [snapshot.LateOrigin]: the pages that the run has need no second export, to find what they show.
func (t treeOrigin) OpenLate(ctx context.Context, path string, have snapshot.Have) (io.ReadCloser, time.Time, error) {
	held := func(_ context.Context, o fs.Object, v fs.Version) ([]byte, bool) {
		in, err := have(format.Key{Kind: o.Kind, Doc: o.DocID, Object: o.ID}, v.Key)
		if err != nil {
			return nil, false
		}
		defer in.Close()
		b, err := io.ReadAll(in)
		return b, err == nil
	}
	f, err := fs.FS(sights.WithHeld(rate.Background(ctx), held), t.tree.Root()).Open(path)
	if err != nil {
		return nil, time.Time{}, err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, time.Time{}, err
	}
	return f, info.ModTime(), nil
}

// OpenAnew implements [snapshot.Renewer].
func (t treeOrigin) OpenAnew(ctx context.Context, path string, since time.Time) (io.ReadCloser, error) {
	return t.tree.OpenSince(rate.Background(ctx), path, since)
}
