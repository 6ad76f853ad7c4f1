package main

import (
	"context"
	"path"
	"time"

	"github.com/codafs/codafs/fs"
)

// nodeInfo is what ls and resolve tell of a name in the tree; its JSON form is promised, and its fields mean what those of
// .codafs/index.jsonl do.
type nodeInfo struct {
	Path      string    `json:"path"`
	Kind      fs.Kind   `json:"kind"`
	Type      string    `json:"type,omitempty"`
	DocID     string    `json:"doc_id,omitempty"`
	ObjectID  string    `json:"object_id,omitempty"`
	Name      string    `json:"name,omitempty"`
	URL       string    `json:"url,omitempty"`
	CreatedAt time.Time `json:"created_at,omitzero"`
	UpdatedAt time.Time `json:"updated_at,omitzero"`
	// ModTime and Size are those of the version that a read would give; a size is absent where it is not known.
	ModTime time.Time `json:"mtime,omitzero"`
	Size    *int64    `json:"size,omitempty"`
	// Error is why they are not known.
	Error string `json:"error,omitempty"`

	file string // the name as a listing has it
}

func newNodeInfo(at string, n fs.Node) nodeInfo {
	o := n.Object()
	return nodeInfo{Path: at, Kind: o.Kind, Type: o.Type, DocID: o.DocID, ObjectID: o.ID, Name: o.Title, URL: o.URL,
		CreatedAt: o.CreatedAt.UTC(), UpdatedAt: o.UpdatedAt.UTC(), file: path.Base(at)}
}

func (i *nodeInfo) isFolder() bool { return i.Kind == fs.KindFolder }

// version adds the time and the size, as far as they are known without fetching content.
func (i *nodeInfo) version(ctx context.Context, n fs.Node) error {
	if dir, ok := n.(fs.Dir); ok {
		i.ModTime = dir.ModTime().UTC()
		return nil
	}
	f := n.(fs.File)
	v, err := f.Version(ctx)
	if err != nil {
		i.Error = err.Error()
		return err
	}
	i.ModTime = v.ModTime.UTC()
	if size, ok := f.Size(v); ok {
		i.Size = &size
	}
	return nil
}
