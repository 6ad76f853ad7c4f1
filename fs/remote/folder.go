package remote

import (
	"context"
	iofs "io/fs"
	"slices"
	"time"

	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/remote/control"
)

// Entries is a folder's content: its nodes in order, and by name. It never changes.
type Entries struct {
	Nodes  []fs.Node
	byName map[string]fs.Node
}

// NewEntries has these nodes in this order. Their names must differ.
func NewEntries(nodes ...fs.Node) *Entries {
	e := &Entries{Nodes: nodes, byName: make(map[string]fs.Node, len(nodes))}
	for _, n := range nodes {
		e.byName[n.Name()] = n
	}
	return e
}

// Folder is a folder of the tree. It holds no content: each call asks for what is known now.
type Folder struct {
	t       *Tree
	name    string
	obj     fs.Object
	path    func() string // from the root
	modTime func() time.Time
	list    func(ctx context.Context) (*Entries, error)
	// find finds one entry if that costs less than the whole list; it may be nil.
	find func(ctx context.Context, name string) (fs.Node, error)
}

// Name implements [fs.Node].
func (f *Folder) Name() string { return f.name }

// Object implements [fs.Node].
func (f *Folder) Object() fs.Object { return f.obj }

// ModTime implements [fs.Dir]. It is the stamp of the folder's unit.
func (f *Folder) ModTime() time.Time { return f.modTime() }

// entries lists the folder, and records a failure.
func (f *Folder) entries(ctx context.Context) (*Entries, error) {
	e, err := f.list(ctx)
	if err != nil {
		f.t.Failed(ctx, err, f.obj, f.path())
	}
	return e, err
}

// Entries implements [fs.Dir]. The slice is the caller's.
func (f *Folder) Entries(ctx context.Context) ([]fs.Node, error) {
	e, err := f.entries(ctx)
	if err != nil {
		return nil, err
	}
	return slices.Clone(e.Nodes), nil
}

// Lookup implements [fs.Dir]. What is not there is ErrNotExist.
func (f *Folder) Lookup(ctx context.Context, name string) (fs.Node, error) {
	if f.find != nil {
		return f.find(ctx, name)
	}
	e, err := f.entries(ctx)
	if err != nil {
		return nil, err
	}
	n, ok := e.byName[name]
	if !ok {
		return nil, iofs.ErrNotExist
	}
	return n, nil
}

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
		t: t, name: top, obj: fs.Object{Kind: fs.KindFolder, Type: top},
		path:    func() string { return top },
		modTime: t.ModTime,
		list:    t.unitEntries,
	}
}
