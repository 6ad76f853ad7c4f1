// Package dir has the folders of a tree: what a folder has in it comes from functions, at each call.
package dir

import (
	"context"
	"errors"
	iofs "io/fs"
	"slices"
	"sync"
	"time"

	"github.com/codafs/codafs/fs"
)

// Entries is a folder's content: its nodes in order, and by name. It never changes.
type Entries struct {
	Nodes  []fs.Node
	byName func() map[string]fs.Node
}

// NewEntries has these nodes in this order. Their names must differ.
func NewEntries(nodes ...fs.Node) *Entries {
	return &Entries{nodes, sync.OnceValue(func() map[string]fs.Node {
		byName := make(map[string]fs.Node, len(nodes))
		for _, n := range nodes {
			byName[n.Name()] = n
		}
		return byName
	})}
}

// Folder is a folder of a tree. It holds no content: each call asks for what is known now. Nobody changes its fields once others have it.
type Folder struct {
	Called  string        // its name
	Of      *fs.Object    // but for its kind, it may be that of other nodes
	Path    func() string // from the root
	Changed func() time.Time
	List    func(ctx context.Context) (*Entries, error)
	// Find finds one entry if that costs less than the whole list; it may be nil.
	Find func(ctx context.Context, name string) (fs.Node, error)
	// Failed records why a list cannot be had.
	Failed func(ctx context.Context, err error, obj fs.Object, path string)
}

// Name implements [fs.Node].
func (f *Folder) Name() string { return f.Called }

// Object implements [fs.Node].
func (f *Folder) Object() fs.Object {
	o := *f.Of
	o.Kind = fs.KindFolder
	return o
}

// ModTime implements [fs.Dir]. It is the stamp of the folder's unit.
func (f *Folder) ModTime() time.Time { return f.Changed() }

// entries lists the folder, and records a failure.
func (f *Folder) entries(ctx context.Context) (*Entries, error) {
	e, err := f.List(ctx)
	if err != nil {
		f.Failed(ctx, err, f.Object(), f.Path())
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
	if f.Find != nil {
		n, err := f.Find(ctx, name)
		if err != nil && !errors.Is(err, iofs.ErrNotExist) {
			f.Failed(ctx, err, f.Object(), f.Path())
		}
		return n, err
	}
	e, err := f.entries(ctx)
	if err != nil {
		return nil, err
	}
	n, ok := e.byName()[name]
	if !ok {
		return nil, iofs.ErrNotExist
	}
	return n, nil
}
