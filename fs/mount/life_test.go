//go:build linux

package mount

import (
	"context"
	"errors"
	"fmt"
	iofs "io/fs"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/mount/caller"
	"github.com/codafs/codafs/fs/mount/mountpoint"
)

// remountForWriting is what root can do to any mount.
func remountForWriting(t *testing.T, dir string) {
	t.Helper()
	if err := unix.Mount("", dir, "", unix.MS_REMOUNT|unix.MS_NOSUID|unix.MS_NODEV, ""); err != nil {
		t.Skip("cannot remount:", err)
	}
}

// serveElsewhere mounts dir from another process.
func serveElsewhere(t *testing.T, dir string) *os.Process {
	t.Helper()
	needFUSE(t)
	cmd := helper(t, "serve", dir)
	if got := lineReader(t, cmd)(); got != "mounted" {
		t.Fatalf("the helper says %q", got)
	}
	t.Cleanup(func() {
		if state, _ := mountpoint.StateOf(dir); state == mountpoint.Live || state == mountpoint.Dead {
			mountpoint.Detach(dir)
		}
		cmd.Process.Kill()
		cmd.Wait()
	})
	return cmd.Process
}

func wantState(t *testing.T, dir string, want mountpoint.State) {
	t.Helper()
	if got, err := mountpoint.StateOf(dir); got != want || err != nil {
		t.Errorf("%s is in state %v, %v; want %v", dir, got, err, want)
	}
}

func TestDeadMountIsReplaced(t *testing.T) {
	dir := t.TempDir()
	p := serveElsewhere(t, dir)
	output(t, "ls", "-l", dir) // so that the kernel has attributes to answer with
	wantState(t, dir, mountpoint.Live)
	p.Kill()
	p.Wait()
	wantState(t, dir, mountpoint.Dead)
	s, err := Mount(dir, newDir("", newFile("b.md", []byte("of this process"))), Options{})
	if err != nil {
		t.Fatal(err)
	}
	wantState(t, dir, mountpoint.Live)
	if got := output(t, "cat", join(dir, "b.md")); got != "of this process" {
		t.Errorf("b.md is %q", got)
	}
	if err := s.Unmount(); err != nil {
		t.Error(err)
	}
	wantState(t, dir, mountpoint.Plain) // one mount, not two
}

// A program that had the server's end of the mount would keep it alive after the server's death.
func TestChildProcessesDoNotInheritTheMount(t *testing.T) {
	mountTree(t, newDir(""), Options{})
	if got := output(t, "ls", "-l", "/proc/self/fd"); strings.Contains(got, "/dev/fuse") {
		t.Errorf("ls has it:\n%s", got)
	}
}

func TestLiveMountIsRefused(t *testing.T) {
	dir, _ := mountServer(t, newDir("", newFile("a.md", nil)), Options{})
	if _, err := Mount(dir, newDir(""), Options{}); !errors.Is(err, mountpoint.ErrMounted) {
		t.Errorf("error %v, want ErrMounted", err)
	}
	link := join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	if _, err := Mount(link, newDir(""), Options{}); !errors.Is(err, mountpoint.ErrMounted) {
		t.Errorf("through a link: error %v, want ErrMounted", err)
	}
	if got := output(t, "ls", dir); got != "a.md\n" {
		t.Errorf("afterwards it holds %q", got)
	}
}

// Those read last are kept open, but not more than so many, and none after the end.
func TestEveryContentIsClosed(t *testing.T) {
	var nodes []fs.Node
	for i := range maxContents + 100 {
		nodes = append(nodes, newFile(fmt.Sprint(i), sample(100)))
	}
	count := func() (opened, closed int64) {
		for _, n := range nodes {
			f := n.(*fakeFile)
			opened, closed = opened+f.opens.Load(), closed+f.closed.Load()
		}
		return opened, closed
	}
	dir, s := mountServer(t, newDir("", nodes...), Options{})
	output(t, "sh", "-c", `cd "$1" && cat *`, "-", dir)
	if opened, closed := count(); opened-closed != maxContents {
		t.Errorf("%d contents opened, %d closed, want %d open", opened, closed, maxContents)
	}
	if err := s.Unmount(); err != nil {
		t.Fatal(err)
	}
	<-s.served
	if opened, closed := count(); opened != closed {
		t.Errorf("%d contents opened, %d closed", opened, closed)
	}
}

func TestMountpointMustBeAFolder(t *testing.T) {
	needFUSE(t)
	dir := t.TempDir()
	if _, err := Mount(join(dir, "missing"), newDir(""), Options{}); !errors.Is(err, iofs.ErrNotExist) {
		t.Errorf("a missing one: %v, want ErrNotExist", err)
	}
	if _, err := Mount(join(dir, "missing", "too"), newDir(""), Options{}); !errors.Is(err, iofs.ErrNotExist) {
		t.Errorf("one below a missing one: %v, want ErrNotExist", err)
	}
	file := join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Mount(file, newDir(""), Options{}); !errors.Is(err, mountpoint.ErrNotDir) {
		t.Errorf("a file: %v, want ErrNotDir", err)
	}
}

func TestNoRightToMountIsSaidWithAdvice(t *testing.T) {
	// Root in a container may open the device, but not mount.
	needFUSE(t)
	if os.Geteuid() != 0 {
		t.Skip("this needs root")
	}
	without := tool(t, "setpriv", "--bounding-set=-sys_admin", os.Args[0], t.TempDir())
	without.Env = append(os.Environ(), asHelper+"=serve")
	out, failed := without.CombinedOutput()
	if failed == nil || !strings.Contains(string(out), mountpoint.ErrNoFUSE.Error()) || !strings.Contains(string(out), "--cap-add SYS_ADMIN") {
		t.Errorf("without the right to mount: %v, %s", failed, out)
	}
}

func TestErrno(t *testing.T) {
	chain := func(err error) error { return fmt.Errorf("page p1: %w", fmt.Errorf("export: %w", err)) }
	local := func(e syscall.Errno) error { return &iofs.PathError{Op: "open", Path: "/cache/x", Err: e} }
	for name, c := range map[string]struct {
		err  error
		want syscall.Errno
	}{
		"no error":                {nil, 0},
		"not there":               {iofs.ErrNotExist, syscall.ENOENT},
		"not there, with path":    {&iofs.PathError{Op: "lookup", Path: "x", Err: iofs.ErrNotExist}, syscall.ENOENT},
		"refused":                 {iofs.ErrPermission, syscall.EACCES},
		"given up":                {context.Canceled, syscall.EINTR},
		"too late":                {context.DeadlineExceeded, syscall.ETIMEDOUT},
		"connection too late":     {os.ErrDeadlineExceeded, syscall.ETIMEDOUT},
		"superseded":              {fs.ErrStale, syscall.ESTALE},
		"disk full":               {local(syscall.ENOSPC), syscall.ENOSPC},
		"quota":                   {local(syscall.EDQUOT), syscall.EDQUOT},
		"name too long":           {syscall.ENAMETOOLONG, syscall.ENAMETOOLONG},
		"descriptors used up":     {local(syscall.EMFILE), syscall.EMFILE},
		"interrupted":             {syscall.EINTR, syscall.EINTR},
		"unmounted":               {syscall.ENOTCONN, syscall.ENOTCONN},
		"cache file gone":         {local(syscall.ENOENT), syscall.EIO},
		"cache file not readable": {local(syscall.EACCES), syscall.EIO},
		"would switch off open":   {syscall.ENOSYS, syscall.EIO},
		"connection refused":      {syscall.ECONNREFUSED, syscall.EIO},
		"anything else":           {errors.New("it broke"), syscall.EIO},
	} {
		t.Run(name, func(t *testing.T) {
			if got := errno(c.err); got != c.want {
				t.Errorf("errno(%v) = %v, want %v", c.err, got, c.want)
			}
			if c.err == nil {
				return
			}
			if got := errno(chain(c.err)); got != c.want {
				t.Errorf("wrapped: %v, want %v", got, c.want)
			}
		})
	}
}

// stuck is a folder that answers nothing.
type stuck struct {
	*fakeDir
	asked chan struct{} // gets one for each listing
}

func newStuck(name string) stuck { return stuck{newDir(name), make(chan struct{}, 10)} }

func (d stuck) Entries(ctx context.Context) ([]fs.Node, error) {
	d.asked <- struct{}{}
	<-ctx.Done()
	return nil, ctx.Err()
}

func (stuck) Lookup(ctx context.Context, _ string) (fs.Node, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// The service may be slow or away: that is no reason not to be mounted, and none not to be unmounted.
func TestMountAndUnmountAskTheTreeNothing(t *testing.T) {
	root := newStuck("")
	dir, s := mountServer(t, root, Options{Notified: true})
	wantState(t, dir, mountpoint.Live)
	if got := output(t, "stat", "--format=%i", dir); got != "1\n" {
		t.Errorf("the root's inode is %s", got)
	}
	result := start(t, tool(t, "ls", dir))
	<-root.asked
	s.Changed("")
	if err := s.Unmount(); err != nil {
		t.Error(err)
	}
	if _, err := result(); err == nil {
		t.Error("ls succeeded")
	}
	wantState(t, dir, mountpoint.Plain)
}

// undated is a root whose time nobody knows until it is published.
type undated struct {
	*fakeDir
	asked   chan struct{}
	known   chan struct{} // closed when the time is
	isKnown atomic.Bool
}

func newUndated(name string, entries ...fs.Node) *undated {
	return &undated{fakeDir: newDir(name, entries...), asked: make(chan struct{}, 1000), known: make(chan struct{})}
}

func (d *undated) ModTime() time.Time {
	if d.isKnown.Load() {
		return stamp2026
	}
	return time.Time{}
}

func (d *undated) AwaitModTime(ctx context.Context) {
	d.asked <- struct{}{}
	select {
	case <-d.known:
	case <-ctx.Done():
	}
}

// tar takes a time that comes while it reads for a change. Who looks at the root first waits for it; Mount
// does not, nor who asks whether the mount lives.
func TestTheRootsTimeIsWaitedForByWhoLooksFirst(t *testing.T) {
	root := newUndated("", newFile("a.md", sample(10)))
	dir := mountTree(t, root, Options{Notified: true})
	wantState(t, dir, mountpoint.Live)
	if caller.SeesCalls(false) {
		open := tool(t, "python3", "-c", "import os, sys; os.read(os.open(sys.argv[1], os.O_RDONLY), 10)")
		open.Args = append(open.Args, join(dir, "a.md"))
		if err := open.Run(); err != nil {
			t.Error(err)
		}
	}
	if n := len(root.asked); n > 0 {
		t.Errorf("%d waited before anybody looked at the root", n)
	}
	result := start(t, tool(t, "stat", "--format=%Y", dir))
	<-root.asked
	root.isKnown.Store(true)
	close(root.known)
	want := fmt.Sprintln(stamp2026.Unix())
	if got, err := result(); err != nil || got != want {
		t.Errorf("the root is of %s, want %s (%v)", got, want, err)
	}
}

// Where it was waited for in vain, the kernel does not keep that there is none.
func TestATimeThatIsNotKnownIsNotKept(t *testing.T) {
	folder := newUndated("d")
	root := newUndated("", folder)
	close(root.known)
	close(folder.known)
	dir := mountTree(t, root, Options{Notified: true})
	for _, want := range []string{"0 0", fmt.Sprint(stamp2026.Unix(), " ", stamp2026.Unix())} {
		output(t, "ls", "-la", dir)
		if got := strings.Fields(output(t, "stat", "--format=%Y", dir, join(dir, "d"))); strings.Join(got, " ") != want {
			t.Errorf("root and folder are of %s, want %s", got, want)
		}
		root.isKnown.Store(true)
		folder.isKnown.Store(true)
	}
}

func TestBlockedFolderBlocksNoOther(t *testing.T) {
	bad := newStuck("bad")
	bad.obj.DocID = "bad"
	good := newDir("good", newFile("a.md", []byte("a")).knowSize())
	good.obj.DocID = "good"
	dir, s := mountServer(t, newDir("", good, bad), Options{Notified: true})
	result := start(t, tool(t, "ls", "-l", join(dir, "bad")))
	<-bad.asked
	for range 3 {
		if got := output(t, "ls", "-l", dir) + output(t, "cat", join(dir, "good/a.md")); !strings.HasSuffix(got, "a") {
			t.Errorf("got %q", got)
		}
		s.Changed("bad")
		s.Changed("good")
		s.Changed("")
	}
	if err := s.Unmount(); err != nil {
		t.Error(err)
	}
	result()
}

// Each open file holds its content's descriptor. Go raises the soft limit to the hard one at its start.
func TestDescriptorsMayBeUsedUpToTheHardLimit(t *testing.T) {
	cmd := tool(t, "sh", "-c", `ulimit -Sn 64; exec "$1"`, "-", os.Args[0])
	cmd.Env = append(os.Environ(), asHelper+"=limit", "GORACE=atexit_sleep_ms=0")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	if got, err := strconv.ParseUint(strings.TrimSpace(string(out)), 10, 64); err != nil || got+1 < limit.Max { // Go's is one less
		t.Errorf("the limit is %s, want %d", out, limit.Max)
	}
}

// A process that may open few files keeps most of them for the cache and the network.
func TestContentsKeptLeaveDescriptorsForTheRest(t *testing.T) {
	cmd := tool(t, "sh", "-c", `ulimit -n 256; exec "$1"`, "-", os.Args[0])
	cmd.Env = append(os.Environ(), asHelper+"=contents", "GORACE=atexit_sleep_ms=0")
	if out, err := cmd.Output(); err != nil || string(out) != "64\n" {
		t.Errorf("it keeps %q, %v", out, err)
	}
}

// A mount hides what is below it. One over /proc stops the whole machine.
func TestFolderWithSomethingInItIsRefused(t *testing.T) {
	needFUSE(t)
	dir := t.TempDir()
	if err := os.WriteFile(join(dir, "mine"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Mount(dir, newDir(""), Options{}); !errors.Is(err, mountpoint.ErrNotEmpty) {
		t.Errorf("error %v, want ErrNotEmpty", err)
	}
}
