package find

import (
	"path/filepath"
	"strings"

	"github.com/codafs/codafs/fs/mount/mountpoint"
)

// IsLink tells a link from a path. Names in the tree hold no colon (fs.CleanTitle), so no path in it is taken for a link.
func IsLink(arg string) bool { return strings.Contains(arg, "://") }

// InTree returns the path in the tree of a path on disk: in a mount (then at is its mountpoint), or below any other
// folder that has the tree's docs in it, such as a snapshot or a copy. Any other path counts as one in the tree. Links are
// followed to find a mount, since the system lists mounts by their real paths; a snapshot is known by the docs in the path.
func InTree(arg string) (name, at string, err error) {
	abs, err := filepath.Abs(arg)
	if err != nil {
		return "", "", err
	}
	if real, err := filepath.EvalSymlinks(abs); err == nil {
		abs = real
	}
	mounts, err := mountpoint.List()
	for _, m := range mounts {
		if rel, ok := strings.CutPrefix(abs, m+string(filepath.Separator)); ok {
			return TreePath(filepath.ToSlash(rel)), m, err
		}
	}
	slashed := "/" + strings.TrimPrefix(filepath.ToSlash(arg), "/")
	if i := strings.LastIndex(slashed, "/docs/"); i >= 0 {
		return TreePath(slashed[i:]), "", nil
	}
	return TreePath(arg), "", nil
}
