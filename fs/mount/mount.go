//go:build linux || darwin

package mount

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	fusefs "github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"

	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/mount/caller"
	"github.com/codafs/codafs/fs/mount/mountpoint"
	"github.com/codafs/codafs/fs/mount/notify"
)

const (
	// maxBackground is how many reads the kernel sends at a time. With go-fuse's default of 12, 64 slow readers took 24
	// s; with this 3 s.
	maxBackground = 128
	// timeoutWithoutNotify is the entry and attribute timeout if nobody notifies the kernel of changes: the time until
	// a new version is seen.
	timeoutWithoutNotify = time.Second
	// keep is the timeout of what never changes, such as the attributes of a version, and of what the kernel is
	// notified of.
	keep = time.Hour
	// onLinux says that the kernel can be told not to send OPEN, and that open(2) looks the path up once more after
	// ESTALE. macFUSE sends every OPEN, and passes ESTALE on to the program; it caches no size with a timeout of 0.
	onLinux = runtime.GOOS == "linux"
)

// Server is a mount that is being served.
//
// Calls into the tree run in goroutines counted by calls, under ctx. stop ends them: it sets stopped, cancels ctx and
// waits. mu guards everything below it. It is held for a few instructions, never over a call into the tree or the
// kernel.
type Server struct {
	opts   Options
	dir    string // the mountpoint: absolute, without links
	id     string // tells this mount from a later one at the same folder
	root   *dirNode
	names  time.Duration // the timeout of names: timeoutWithoutNotify or keep
	notify *notify.Notifier
	ctx    context.Context
	cancel context.CancelFunc

	// silent says that the kernel sends no OPEN and no OPENDIR.
	silent bool
	// ready says that the kernel has answered. Until then its requests are part of Mount, which waits for nobody.
	ready atomic.Bool

	// prunes says that the kernel can be told to forget inodes. It is set before tell starts.
	prunes bool

	callers  *caller.Callers
	changes  changes
	known    *known
	missing  atomic.Int64 // missing names in the givenNames of all folders
	listings listings
	contents contents
	promises promises
	serial   atomic.Uint64 // of listings
	stats    stats

	served chan struct{} // closed when the kernel has closed the mount
	ended  chan struct{} // closed when Wait returns
	end    func()        // closes ended, once

	mu      sync.Mutex
	stopped bool           // no call may start any more
	calls   sync.WaitGroup // is added to under mu only, and only while not stopped
}

// Mount shows root at dir, an existing folder, and returns when the kernel answers there.
// A dead codafs mount at dir is detached first; for a live one the error is [mountpoint.ErrMounted].
func Mount(dir string, root fs.Dir, o Options) (*Server, error) {
	return mountAs(dir, root, o, func(raw fuse.RawFileSystem) fuse.RawFileSystem { return raw })
}

// mountAs is Mount with wrap around the file system, for tests that count the kernel's requests.
func mountAs(dir string, root fs.Dir, o Options, wrap func(fuse.RawFileSystem) fuse.RawFileSystem) (*Server, error) {
	if err := mountpoint.Check(o.AllowOther); err != nil {
		return nil, err
	}
	path, err := mountpoint.Prepare(dir)
	if err != nil {
		return nil, err
	}
	s := newServer(path, o)
	s.root = &dirNode{server: s, dir: root}
	opts := s.fuseOptions()
	raw := fusefs.NewNodeFS(s.root, opts)
	if s.silent && s.names == keep {
		raw = silent{raw}
	}
	var kernel *fuse.Server
	s.notify, err = notify.Connect(func() (err error) {
		kernel, err = fuse.NewServer(wrap(raw), path, &opts.MountOptions)
		return err
	})
	if err != nil {
		s.cancel()
		return nil, mountpoint.MountError(path, err)
	}
	go s.serve(kernel)
	err = kernel.WaitMount()
	if m, ok := mountpoint.At(path); ok {
		s.id = m.ID
	}
	if err != nil {
		return nil, errors.Join(mountpoint.MountError(path, err), s.Unmount())
	}
	s.ready.Store(true)
	s.prunes = kernel.KernelSettings().SupportsNotify(fuse.NOTIFY_PRUNE) && !o.noPrune
	s.startGuard()
	s.start(s.tell)
	return s, nil
}

// newServer returns a server that is not mounted yet.
func newServer(path string, o Options) *Server {
	o.UID = cmp.Or(o.UID, os.Getuid())
	o.GID = cmp.Or(o.GID, os.Getgid())
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{
		opts:     o,
		dir:      path,
		served:   make(chan struct{}),
		ended:    make(chan struct{}),
		callers:  caller.New(),
		changes:  newChanges(),
		known:    newKnown(cmp.Or(o.maxKnown, maxKnown)),
		contents: contents{max: contentsToKeep(), of: map[*fileNode]*openContent{}},
		names:    timeoutWithoutNotify,
		silent:   o.Sizes != Estimate && onLinux && (o.Offline || caller.SeesCalls(o.AllowOther) && !o.blind),
	}
	if o.Notified && notify.Supported {
		s.names = keep
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.end = sync.OnceFunc(func() { close(s.ended) })
	return s
}

// fuseOptions are the kernel settings. AttrTimeout and EntryTimeout stay nil: go-fuse would use them whenever a node
// answers 0.
func (s *Server) fuseOptions() *fusefs.Options {
	o := &fusefs.Options{
		NegativeTimeout: &s.names,
		RootStableAttr:  &fusefs.StableAttr{Ino: rootIno},
		ExternalNodeID:  true, // notifications name a folder by its inode
	}
	o.MountOptions = fuse.MountOptions{
		FsName:            mountpoint.FSName,
		Name:              mountpoint.FSName,
		Options:           []string{"default_permissions"},
		AllowOther:        s.opts.AllowOther,
		MaxBackground:     maxBackground,
		DisableXAttrs:     s.opts.XAttrs == "",
		ExtraCapabilities: fuse.CAP_READDIRPLUS_AUTO,
		Logger:            slog.NewLogLogger(s.opts.Log.Handler(), slog.LevelDebug),
		PanicHandler:      s.panicked,
	}
	if flags, ok := mountpoint.DirectMount(); ok {
		o.DirectMountStrict, o.DirectMountFlags = true, flags
	} else {
		o.Options = append(o.Options, "ro")
	}
	return o
}

// panicked keeps the mount alive when an operation panics.
func (s *Server) panicked(v any) fuse.Status {
	s.opts.Log.Error("operation panicked", "panic", v, "stack", string(debug.Stack()))
	return fuse.EIO
}

// serve answers the kernel until the mount is gone, whoever unmounts it.
func (s *Server) serve(kernel *fuse.Server) {
	kernel.Serve()
	s.stop()
	s.contents.close()
	s.callers.Close()
	s.notify.Close()
	close(s.served)
	s.end()
}

// stop ends the calls into the tree and waits for them.
func (s *Server) stop() {
	s.mu.Lock()
	s.stopped = true
	s.mu.Unlock()
	s.cancel()
	s.calls.Wait()
}

// Wait returns when the mount is gone, whether by [Server.Unmount], by `umount` or in any other way.
func (s *Server) Wait() { <-s.ended }

// letGo is how long the kernel may take to close a mount that is unmounted.
const letGo = 2 * time.Second

// Unmount unmounts, and ends all work for the mount; programs that wait for a fetch get an error. If files are open,
// the mount is detached: its folder is free at once, and open files stay readable for as long as this process lives. It
// may be called more than once.
func (s *Server) Unmount() error {
	gone := false
	var below error
	switch mounted, covered := s.mounted(); {
	case mounted:
		var err error
		if gone, err = mountpoint.Detach(s.dir); err != nil && !errors.Is(err, syscall.EINVAL) { // EINVAL: it was unmounted meanwhile
			return fmt.Errorf("unmounting %s: %w", s.dir, err)
		}
	case covered:
		if err := mountpoint.DetachBelow(s.dir, s.id); err != nil {
			below = fmt.Errorf("%s: %w, then run `codafs unmount`: %w", s.dir, mountpoint.ErrCovered, err)
		}
	}
	s.stop()
	if gone {
		select {
		case <-s.served:
		case <-time.After(letGo): // another mount table may hold it too, such as a container's
		}
	}
	s.end()
	return below
}

// mounted reports whether this mount is the one at its folder, or is covered by another. The kernel does not reuse the
// id before it has closed the mount.
func (s *Server) mounted() (mounted, covered bool) {
	select {
	case <-s.served:
		return false, false
	default:
		m, ok := mountpoint.At(s.dir)
		return ok && m.ID == s.id, slices.Contains(m.Over, s.id)
	}
}
