package main

import (
	"context"
	"path"
	"time"

	"github.com/codafs/codafs/fs"
)

// nodeInfo is what ls and resolve print about a node; its JSON form is promised. Its fields mean the same as in
// .codafs/index.jsonl.
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
	// ModTime and Size are those of the version that a read would return; a size is absent if it is not known.
	ModTime time.Time `json:"mtime,omitzero"`
	Size    *int64    `json:"size,omitempty"`
	// Error is why ModTime and Size are not known.
	Error string `json:"error,omitempty"`

	file string // the name shown in a listing
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
