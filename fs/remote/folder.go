package remote

import (
	"context"
	iofs "io/fs"
	"time"

	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/remote/control"
	"github.com/codafs/codafs/fs/remote/dir"
)

// Folder is a folder of the tree.
type Folder = dir.Folder

// Entries is a folder's content.
type Entries = dir.Entries

// NewEntries has these nodes in this order. Their names must differ.
func NewEntries(nodes ...fs.Node) *Entries { return dir.NewEntries(nodes...) }

// root is the top folder. It lists the folder that has the units, and hides .codafs/.
type root struct{ t *Tree }

func (r root) Name() string       { return "" }
func (r root) Object() fs.Object  { return fs.Object{Kind: fs.KindFolder, Type: "root"} }
func (r root) ModTime() time.Time { return r.t.ModTime() }

// AwaitModTime implements [fs.Undated].
func (r root) AwaitModTime(ctx context.Context) { r.t.awaitUnits(ctx) }

func (r root) Entries(context.Context) ([]fs.Node, error) { return []fs.Node{r.t.topDir()}, nil }

// Lookup lists the units first: their folder has the mtime of the newest one, and tar reports a change if the mtime moves
// while it reads. If the listing fails, reading the folder returns the error.
func (r root) Lookup(ctx context.Context, name string) (fs.Node, error) {
	switch name {
	case r.t.src.Layout().Top:
		_, _ = r.t.unitEntries(ctx)
		return r.t.topDir(), nil
	case fs.ControlDir:
		return control.New(r.t), nil
	}
	return nil, iofs.ErrNotExist
}

// topDir is the folder of all units.
func (t *Tree) topDir() *Folder {
	top := t.src.Layout().Top
	return &Folder{
		Called: top, Of: &fs.Object{Type: top},
		Path: func() string { return top }, Changed: t.ModTime, List: t.unitEntries, Failed: t.Failed,
	}
}
