package find

import (
	"context"
	"path"
	"time"

	"github.com/codafs/codafs/fs"
)

// Info is what ls and resolve print about a node; its JSON form is promised. Its fields mean the same as in
// .codafs/index.jsonl. Times are in UTC; what is not known is absent.
type Info struct {
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

	// Shown is the name in a listing: the last one of Path, unless the user named another.
	Shown string `json:"-"`
}

// NewInfo describes a node at a path in the tree, without its version.
func NewInfo(at string, n fs.Node) Info {
	o := n.Object()
	return Info{Path: at, Kind: o.Kind, Type: o.Type, DocID: o.DocID, ObjectID: o.ID, Name: o.Title, URL: o.URL,
		CreatedAt: o.CreatedAt.UTC(), UpdatedAt: o.UpdatedAt.UTC(), Shown: path.Base(at)}
}

// AddVersion adds the time and the size of the node n, as far as they are known without fetching content. It may ask the
// service for stamps. If it fails, Error has the reason and the rest of i stays good.
func (i *Info) AddVersion(ctx context.Context, n fs.Node) error {
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
