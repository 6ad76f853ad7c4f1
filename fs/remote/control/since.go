package control

import (
	"context"
	"fmt"
	iofs "io/fs"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/codafs/codafs/fs"
)

// File is a file whose bytes may change without a stamp. Files of other types are not found in SinceDir.
type File interface {
	fs.File
	// OpenSince opens the current version. Computed bytes were fetched no earlier than since.
	OpenSince(ctx context.Context, since time.Time) (fs.Content, fs.Version, error)
}

// sinceDir is a folder in SinceDir that stands for another one. It is for programs that back up a mount:
// .codafs/since/TIME/docs/… is docs/…, with computed bytes fetched no earlier than TIME, in Unix milliseconds. Its
// folders find names and list nothing: who uses them has the names from index.jsonl. An age as a name in a path is the one
// way to pass it through the kernel with the open that it is for.
type sinceDir struct {
	t     Tree
	name  string
	path  string // from .codafs
	since time.Time
	dir   fs.Dir // the folder that it stands for; nil for SinceDir itself
}

func (s sinceDir) Name() string { return s.name }
func (s sinceDir) Object() fs.Object {
	return fs.Object{Kind: fs.KindFolder, Type: "control", ID: s.path}
}
func (s sinceDir) ModTime() time.Time { return s.t.ModTime() }

func (s sinceDir) Entries(context.Context) ([]fs.Node, error) { return nil, nil }

// Lookup finds what the mirrored folder has under this name. In SinceDir itself, every number is found.
func (s sinceDir) Lookup(ctx context.Context, name string) (fs.Node, error) {
	below := sinceDir{s.t, name, s.path + "/" + name, s.since, s.t.Root()}
	if s.dir == nil {
		// Any number is a folder, so none need be made first.
		ms, err := strconv.ParseInt(name, 10, 64)
		if err != nil {
			return nil, iofs.ErrNotExist
		}
		below.since = time.UnixMilli(ms)
		return below, nil
	}
	n, err := s.dir.Lookup(ctx, name)
	if err != nil {
		return nil, err
	}
	switch n := n.(type) {
	case fs.Dir:
		below.dir = n
		return below, nil
	case File:
		key := fmt.Sprintf("%d-%d-%d", os.Getpid(), s.t.Now().UnixNano(), controlSerial.Add(1))
		return &sinceFile{of: n, path: below.path, since: s.since, version: fs.Version{Key: key, Volatile: true}}, nil
	}
	return nil, iofs.ErrNotExist
}

// sinceFile is a file in SinceDir. Each lookup makes a new one; its first Open fixes the version.
type sinceFile struct {
	of      File
	path    string
	since   time.Time
	version fs.Version

	mu     sync.Mutex  // guards all below
	opened *fs.Version // the version that was opened; nil before that
	size   int64
}

func (s *sinceFile) Name() string                                { return s.of.Name() }
func (s *sinceFile) Object() fs.Object                           { return fs.Object{Kind: fs.KindControl, ID: s.path} }
func (s *sinceFile) Version(context.Context) (fs.Version, error) { return s.version, nil }
func (s *sinceFile) Estimate(fs.Version) int64                   { return 4 * estimateOfUnit }

// Size is known after the first Open, and exact from then on. Before that it is not, whatever the file itself knows: another
// version may have to be fetched.
func (s *sinceFile) Size(fs.Version) (int64, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.size, s.opened != nil
}

func (s *sinceFile) AtHand(fs.Version) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.opened != nil && s.of.AtHand(*s.opened)
}

// Open fixes the version at the first call; later calls open the same version. Of two first calls at the same time the
// one that ends first fixes it.
func (s *sinceFile) Open(ctx context.Context, _ fs.Version) (fs.Content, error) {
	s.mu.Lock()
	opened := s.opened
	s.mu.Unlock()
	if opened != nil {
		return s.of.Open(ctx, *opened)
	}
	c, v, err := s.of.OpenSince(ctx, s.since)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.opened == nil {
		s.opened, s.size = &v, c.Size()
	}
	return c, nil
}
