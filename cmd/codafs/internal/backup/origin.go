package backup

import (
	"context"
	"io"
	"time"

	"github.com/codafs/codafs/coda/rate"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/remote"
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

// OpenAnew implements [snapshot.Renewer].
func (t treeOrigin) OpenAnew(ctx context.Context, path string, since time.Time) (io.ReadCloser, error) {
	return t.tree.OpenSince(rate.Background(ctx), path, since)
}
