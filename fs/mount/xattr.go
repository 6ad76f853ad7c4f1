//go:build linux || darwin

package mount

import (
	"context"
	"syscall"
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"

	"github.com/codafs/codafs/fs"
)

// xattr is one extended attribute.
type xattr struct{ name, value string }

// objectXattrs are the attributes of a node's object, by the name of the source. Empty ones are left out.
func (s *Server) objectXattrs(o fs.Object) []xattr {
	var all []xattr
	for _, x := range []xattr{
		{"id", o.ID},
		{"type", o.Type},
		{"url", o.URL},
		{"created_at", stamp(o.CreatedAt)},
		{"updated_at", stamp(o.UpdatedAt)},
		{"updated_by", o.UpdatedBy},
	} {
		if x.value != "" {
			all = append(all, xattr{"user." + s.opts.XAttrs + "." + x.name, x.value})
		}
	}
	return all
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

func (n *dirNode) xattrs() []xattr { return n.server.objectXattrs(n.dir.Object()) }

// xattrs adds whether the size in a listing is exact. It fetches nothing.
func (n *fileNode) xattrs(ctx context.Context) ([]xattr, syscall.Errno) {
	is, err := n.ask(ctx)
	if err != nil {
		return nil, n.fail("getxattr", err)
	}
	size := "estimate"
	if _, ok := n.knownSize(is); ok {
		size = "exact"
	}
	return append(n.server.objectXattrs(is.file.Object()), xattr{"user.codafs.size", size}), 0
}

func (n *dirNode) Getxattr(_ context.Context, name string, dest []byte) (uint32, syscall.Errno) {
	return getxattr(n.xattrs(), name, dest)
}

func (n *dirNode) Listxattr(_ context.Context, dest []byte) (uint32, syscall.Errno) {
	return listxattr(n.xattrs(), dest)
}

func (n *fileNode) Getxattr(ctx context.Context, name string, dest []byte) (uint32, syscall.Errno) {
	all, e := n.xattrs(ctx)
	if e != 0 {
		return 0, e
	}
	return getxattr(all, name, dest)
}

func (n *fileNode) Listxattr(ctx context.Context, dest []byte) (uint32, syscall.Errno) {
	all, e := n.xattrs(ctx)
	if e != 0 {
		return 0, e
	}
	return listxattr(all, dest)
}

// getxattr returns the value of an attribute, or ENOATTR.
func getxattr(all []xattr, name string, dest []byte) (uint32, syscall.Errno) {
	for _, x := range all {
		if x.name == name {
			return fill(dest, x.value)
		}
	}
	return 0, syscall.Errno(fuse.ENOATTR)
}

// listxattr returns the names, each with a NUL at its end.
func listxattr(all []xattr, dest []byte) (uint32, syscall.Errno) {
	var names string
	for _, x := range all {
		names += x.name + "\x00"
	}
	return fill(dest, names)
}

// fill copies s, or returns ERANGE and how much room s needs.
func fill(dest []byte, s string) (uint32, syscall.Errno) {
	if len(dest) < len(s) {
		return uint32(len(s)), syscall.ERANGE
	}
	return uint32(copy(dest, s)), 0
}
