//go:build linux

package mount

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/codafs/codafs/fs/mount/mountpoint"
	"github.com/codafs/codafs/fs/mount/notify"
)

// asGuard gives a guard that is the test binary as one of its helpers.
func asGuard(name string) *exec.Cmd {
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), asHelper+"="+name)
	return cmd
}

// tellingHelper mounts a tree at args[0], guarded by the helper args[1], prints the guard's number, and serves until it is killed. After a line of
// input it answers no lookup any more, and says so; when one has come, or where args[2] says so, it tells the kernel of a change.
func tellingHelper(args []string) int {
	root := newDir("", newFile("a.md", []byte("of a helper\n")).knowSize())
	guard := asGuard(args[1])
	s, err := Mount(args[0], root, Options{Notified: true, Guard: func() *exec.Cmd { return guard }})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println(guard.Process.Pid)
	bufio.NewScanner(os.Stdin).Scan()
	asked, _ := root.holdLookups()
	if args[2] == "at once" {
		s.Changed("")
	}
	fmt.Println("holding")
	<-asked
	s.Changed("")
	s.Wait()
	return 0
}

// lateGuardHelper is a guard that tells of nothing before it is told to. Files beside the mountpoint say that there is
// something to tell of, and to go ahead.
func lateGuardHelper([]string) int {
	dir := os.Args[len(os.Args)-2]
	for heard := false; !exists(dir + goAhead); {
		if n, err := unix.IoctlGetInt(0, unix.TIOCINQ); err == nil && n > 0 && !heard {
			heard = os.WriteFile(dir+haveNews, nil, 0o600) == nil
		}
		time.Sleep(time.Millisecond)
	}
	notify.Guard()
	return 0
}

const goAhead, haveNews = ".go", ".news"

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// killing is a server that is killed while its guard tells the kernel of a name.
type killing struct {
	dir    string
	server *exec.Cmd
	guard  int
	looker *exec.Cmd
	looked func() (string, error)
}

// tellOnce starts a server and has the kernel know a name, then has it answer no lookup any more.
func tellOnce(t *testing.T, guard, when string) *killing {
	t.Helper()
	needFUSE(t)
	dir := join(t.TempDir(), "mnt")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	k := &killing{dir: dir, server: helper(t, "telling", dir, guard, when)}
	input, err := k.server.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	next := lineReader(t, k.server)
	if k.guard, err = strconv.Atoi(next()); err != nil {
		t.Fatal(err)
	}
	output(t, "cat", join(dir, "a.md")) // so that there is a name to tell of
	if _, err := io.WriteString(input, "\n"); err != nil {
		t.Fatal(err)
	}
	if got := next(); got != "holding" {
		t.Fatalf("the helper says %q", got)
	}
	return k
}

// look has a program look for a name that the kernel does not know.
func (k *killing) look(t *testing.T) {
	k.looker = tool(t, "stat", join(k.dir, "b.md"))
	k.looked = start(t, k.looker)
}

// kill kills the server when its guard waits in the kernel, and wants all the others to be let go.
func (k *killing) kill(t *testing.T) {
	defer func() {
		_ = unix.Kill(k.guard, unix.SIGKILL) // these two are the last way out
		_ = k.looker.Process.Kill()
		_ = k.server.Process.Kill()
		wantState(t, k.dir, mountpoint.Dead)
		if _, err := mountpoint.Detach(k.dir); err != nil {
			t.Error(err)
		}
	}()
	waits := 0 // seen at a thread that waits for good: any may do so for a moment
	eventually(t, "the guard waits in the kernel", func() bool {
		if waits++; !waitsInKernel(k.guard) {
			waits = 0
		}
		return waits == 20
	})
	if err := k.server.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = k.server.Wait()
	looked := make(chan error, 1)
	go func() { _, err := k.looked(); looked <- err }()
	eventually(t, "the looker is let go", func() bool { return len(looked) > 0 })
	if err := <-looked; err == nil {
		t.Error("the looker was answered")
	}
	eventually(t, "the guard has ended", func() bool {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", k.guard))
		return err != nil || strings.Contains(string(status), "State:\tZ") // a zombie where nobody looks after orphans
	})
	// Its first thread may be gone before the others, which have its end of the mount.
	eventually(t, "the mount is dead", func() bool {
		state, _ := mountpoint.StateOf(k.dir)
		return state == mountpoint.Dead
	})
}

// The kernel makes who tells it of a name wait for the lookups in that folder, in a way that a kill does not
// end. The lookup waits for the server. When that is killed, all are let go, and the mount is dead.
func TestAServerThatIsKilledWhileItTellsTheKernelLetsGo(t *testing.T) {
	t.Parallel()
	k := tellOnce(t, "guard", "when asked")
	k.look(t)
	k.kill(t)
}

// The same for a lookup that the server has not even read.
func TestAServerThatIsKilledBeforeItReadsALookupLetsGo(t *testing.T) {
	t.Parallel()
	k := tellOnce(t, "late guard", "at once")
	eventually(t, "the guard has something to tell of", func() bool { return exists(k.dir + haveNews) })
	stop(t, k.server.Process)
	k.look(t)
	eventually(t, "the looker waits for an answer", func() bool {
		at, err := os.ReadFile(fmt.Sprintf("/proc/%d/wchan", k.looker.Process.Pid))
		return err == nil && strings.Contains(string(at), "request_wait_answer")
	})
	if err := os.WriteFile(k.dir+goAhead, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	k.kill(t)
}

// A server whose guard is gone tells the kernel itself.
func TestAServerOutlivesItsGuard(t *testing.T) {
	t.Parallel()
	file := newFile("a.md", []byte("old")).knowSize()
	root := newDir("", file)
	bell := hangBell(root)
	dir, s := mountServer(t, root, Options{Notified: true, Guard: func() *exec.Cmd { return exec.Command("true") }})
	output(t, "cat", join(dir, "a.md"))
	file.publish("v2", []byte("newer"))
	bell.start(t, dir, s).after("")
	if got := output(t, "cat", join(dir, "a.md")); got != "newer" {
		t.Errorf("after a change it reads %q", got)
	}
}

// waitsInKernel reports whether a thread of a process is where no signal reaches it.
func waitsInKernel(pid int) bool {
	threads, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	if err != nil {
		return false
	}
	for _, thread := range threads {
		status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/status", pid, thread.Name()))
		if strings.Contains(string(status), "State:\tD") {
			return true
		}
	}
	return false
}
