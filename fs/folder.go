package fs

import (
	"context"
	iofs "io/fs"
	"slices"
	"time"
)

// folderEntries is a folder's content: its nodes in order, and by name.
type folderEntries struct {
	nodes  []Node
	byName map[string]Node
}

func newFolderEntries(nodes ...Node) *folderEntries {
	e := &folderEntries{nodes: nodes, byName: make(map[string]Node, len(nodes))}
	for _, n := range nodes {
		e.byName[n.Name()] = n
	}
	return e
}

// folder is a folder of the tree. It holds no content: each call asks for what is known now.
type folder struct {
	t       *Tree
	name    string
	obj     Object
	path    func() string // from the root
	modTime func() time.Time
	list    func(ctx context.Context) (*folderEntries, error)
	// find finds one entry if that costs less than the whole list; it may be nil.
	find func(ctx context.Context, name string) (Node, error)
}

func (f *folder) Name() string       { return f.name }
func (f *folder) Object() Object     { return f.obj }
func (f *folder) ModTime() time.Time { return f.modTime() }

// entries lists the folder, and records a failure.
func (f *folder) entries(ctx context.Context) (*folderEntries, error) {
	e, err := f.list(ctx)
	if err != nil {
		f.t.failed(ctx, err, f.obj, f.path())
	}
	return e, err
}

func (f *folder) Entries(ctx context.Context) ([]Node, error) {
	e, err := f.entries(ctx)
	if err != nil {
		return nil, err
	}
	return slices.Clone(e.nodes), nil
}

func (f *folder) Lookup(ctx context.Context, name string) (Node, error) {
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
func (r root) Object() Object     { return Object{Kind: KindFolder, Type: "root"} }
func (r root) ModTime() time.Time { return r.t.modTime() }

// AwaitModTime implements [Undated].
func (r root) AwaitModTime(ctx context.Context) { r.t.awaitUnits(ctx) }

func (r root) Entries(context.Context) ([]Node, error) { return []Node{r.t.topDir()}, nil }

// Lookup lists the units first: their folder has the mtime of the newest one, and tar reports a change if the mtime moves
// while it reads. If the listing fails, reading the folder returns the error.
func (r root) Lookup(ctx context.Context, name string) (Node, error) {
	switch name {
	case r.t.src.layout().top:
		_, _ = r.t.unitEntries(ctx)
		return r.t.topDir(), nil
	case ControlDir:
		return r.t.controlFolder(), nil
	}
	return nil, iofs.ErrNotExist
}

// topDir is the folder of all units.
func (t *Tree) topDir() *folder {
	top := t.src.layout().top
	return &folder{
		t: t, name: top, obj: Object{Kind: KindFolder, Type: top},
		path:    func() string { return top },
		modTime: t.modTime,
		list:    t.unitEntries,
	}
}
