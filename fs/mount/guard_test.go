//go:build linux

package mount

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// tellingHelper mounts a tree at args[0], guarded by the helper args[1], says so, and serves until it is killed. After a line of input it answers no
// lookup any more, and says so; when one has come, it tells the kernel of a change.
func tellingHelper(args []string) int {
	root := newDir("", newFile("a.md", []byte("of a helper\n")).knowSize())
	s, err := Mount(args[0], root, Options{Notified: true, Guard: func() *exec.Cmd {
		cmd := exec.Command("/proc/self/exe")
		cmd.Env = append(os.Environ(), asHelper+"="+args[1])
		return cmd
	}})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println("mounted")
	bufio.NewScanner(os.Stdin).Scan()
	asked, _ := root.holdLookups()
	fmt.Println("holding")
	<-asked
	s.Changed("")
	s.Wait()
	return 0
}

// lateGuardHelper is a guard that a busy machine starts late: its server is dead by then.
func lateGuardHelper([]string) int {
	for server := os.Getppid(); !isDying(server) && server == os.Getppid(); {
		time.Sleep(time.Millisecond)
	}
	Guard()
	return 0
}

// The kernel makes a server that tells it of a name wait for the lookups in that folder, in a way that a kill does not
// end. The lookup waits for the server. Whoever waits for it is let go all the same, and the mount is dead.
func TestAServerThatIsKilledWhileItTellsTheKernelLetsGo(t *testing.T) {
	for _, guard := range []string{"guard", "late guard"} {
		t.Run(guard, func(t *testing.T) {
			t.Parallel()
			killTelling(t, guard)
		})
	}
}

func killTelling(t *testing.T, guard string) {
	needFUSE(t)
	dir := t.TempDir()
	server := helper(t, "telling", dir, guard)
	input, err := server.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	next := lineReader(t, server)
	if got := next(); got != "mounted" {
		t.Fatalf("the helper says %q", got)
	}
	output(t, "cat", join(dir, "a.md")) // so that there is a name to tell of
	if _, err := io.WriteString(input, "\n"); err != nil {
		t.Fatal(err)
	}
	if got := next(); got != "holding" {
		t.Fatalf("the helper says %q", got)
	}
	looked := make(chan error, 1)
	looker := start(t, tool(t, "stat", join(dir, "b.md")))
	go func() { _, err := looker(); looked <- err }()
	looks := 0 // at a thread that waits for good: any may do so for a moment
	eventually(t, "the server waits in the kernel", func() bool {
		if looks++; !waitsInKernel(server.Process.Pid) {
			looks = 0
		}
		return looks == 20
	})

	if err := server.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	ended := false
	defer func() {
		if !ended { // else nobody ever would
			_ = unix.Unmount(dir, unix.UMOUNT_NOFOLLOW|unix.MNT_FORCE)
		}
		_ = server.Wait()
		wantState(t, dir, Dead)
		if _, err := detach(dir); err != nil {
			t.Error(err)
		}
	}()
	eventually(t, "the looker is let go", func() bool { return len(looked) > 0 })
	ended = true
	if err := <-looked; err == nil {
		t.Error("the looker was answered")
	}
}

// waitsInKernel tells whether a thread of a process is where no signal reaches it.
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
