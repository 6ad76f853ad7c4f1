package mount

import "github.com/hanwen/go-fuse/v2/fuse"

// canNotify is false: whether macFUSE keeps to what it is told differs from version to version.
const canNotify = false

// notifier has go-fuse tell what there is to tell.
type notifier struct{}

// connect mounts raw at path. go-fuse keeps the descriptor from other programs.
func connect(raw fuse.RawFileSystem, path string, o *fuse.MountOptions) (*fuse.Server, notifier, error) {
	kernel, err := fuse.NewServer(raw, path, o)
	return kernel, notifier{}, err
}

func (s *Server) expireName(n *dirNode, name string) { n.NotifyEntry(name) }

func (s *Server) expireFolder(n *dirNode) { n.NotifyContent(0, 0) }

func (s *Server) tellBatch() {}

func (notifier) close() {}

// guard has nothing to do: nothing is told here that could wait.
func (s *Server) guard() {}

// Guard returns at once.
func Guard() {}
