//go:build linux

package mount

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"

	"github.com/codafs/codafs/fs/mount/mountpoint"
)

// lineReader starts cmd and gives its output line by line.
func lineReader(t *testing.T, cmd *exec.Cmd) func() string {
	t.Helper()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	return func() string {
		line, err := lines.ReadString('\n')
		if err != nil && err != io.EOF {
			t.Error(err)
		}
		return strings.TrimSuffix(line, "\n")
	}
}

// The programs below block in GETATTR where the size is unknown, and in OPEN where it is known.
func blockings(t *testing.T, test func(*testing.T, *fakeFile)) {
	t.Run("in getattr", func(t *testing.T) { test(t, newFile("slow.md", []byte("at last\n")).gated()) })
	t.Run("in open", func(t *testing.T) { test(t, newFile("slow.md", []byte("at last\n")).knowSize().gated()) })
}

func TestInterruptFreesTheCallerAndNobodyElse(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGKILL} {
		t.Run(sig.String(), func(t *testing.T) {
			blockings(t, func(t *testing.T, slow *fakeFile) {
				dir := mountTree(t, newDir("", slow), Options{})
				leaver, stayer := tool(t, "cat", join(dir, "slow.md")), tool(t, "cat", join(dir, "slow.md"))
				left, stayed := start(t, leaver), start(t, stayer)
				<-slow.began
				<-slow.began
				if err := leaver.Process.Signal(sig); err != nil {
					t.Fatal(err)
				}
				if _, err := left(); killedBy(err) != sig {
					t.Errorf("the interrupted cat ended with %v", err)
				}
				close(slow.gate)
				if out, err := stayed(); err != nil || out != "at last\n" {
					t.Errorf("the other cat: %q, %v", out, err)
				}
			})
		})
	}
}

// SIGWINCH and the like interrupt a request too. A bare open(2) lives through them.
func TestHarmlessSignalsBreakNoOpen(t *testing.T) {
	blockings(t, func(t *testing.T, slow *fakeFile) {
		dir := mountTree(t, newDir("", slow), Options{})
		cmd := helper(t, "open", join(dir, "slow.md"))
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		lines := lineReader(t, cmd)
		tid := lines()
		<-slow.began
		fmt.Fprintln(in)
		// Once it has sent the interrupt, the kernel waits for the answer in state D.
		eventually(t, "the interrupt", func() bool {
			status, err := os.ReadFile("/proc/" + tid + "/status")
			return err != nil || strings.Contains(string(status), "State:\tD")
		})
		close(slow.gate)
		if got := lines(); got != "opened" {
			t.Errorf("open: %s", got)
		}
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	})
}

func TestBlockedFileBlocksNothingElse(t *testing.T) {
	blockings(t, func(t *testing.T, slow *fakeFile) {
		dir := mountTree(t, newDir("", slow, newFile("a.md", []byte("a")), newDir("d", newFile("b.md", nil))), Options{})
		result := start(t, tool(t, "cat", join(dir, "slow.md")))
		<-slow.began
		if got := output(t, "ls", dir); got != "slow.md\na.md\nd\n" && got != "a.md\nd\nslow.md\n" {
			t.Errorf("ls prints %q", got)
		}
		if got := output(t, "cat", join(dir, "a.md")); got != "a" {
			t.Errorf("cat prints %q", got)
		}
		output(t, "find", dir)
		output(t, "ls", "-l", join(dir, "d"))
		close(slow.gate)
		if out, err := result(); err != nil || out != "at last\n" {
			t.Errorf("cat: %q, %v", out, err)
		}
	})
}

func TestUnmountEndsWhatWaits(t *testing.T) {
	blockings(t, func(t *testing.T, slow *fakeFile) {
		dir, s := mountServer(t, newDir("", slow), Options{})
		result := start(t, tool(t, "cat", join(dir, "slow.md")))
		<-slow.began
		if err := s.Unmount(); err != nil {
			t.Fatal(err)
		}
		if _, err := result(); err == nil {
			t.Error("cat succeeded, without the bytes")
		}
		if state, err := mountpoint.StateOf(dir); state != mountpoint.Plain || err != nil {
			t.Errorf("the folder is in state %v, %v", state, err)
		}
		s.Wait()
		if err := s.Unmount(); err != nil {
			t.Errorf("unmounting twice: %v", err)
		}
	})
}

// serverFor gives a server without a mount, for tests of waiting alone.
func serverFor(t *testing.T) *Server {
	s := newServer(t.TempDir(), Options{})
	t.Cleanup(s.stop)
	return s
}

// requestOf is the context of a request from thread tid. interrupt is what the kernel does for any signal.
func requestOf(tid int) (ctx context.Context, interrupt func()) {
	cancel := make(chan struct{})
	return &fuse.Context{Caller: fuse.Caller{Pid: uint32(tid)}, Cancel: cancel}, func() { close(cancel) }
}

func TestInterruptedCallerWithoutFatalSignalWaitsOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serverFor(t)
		ctx, interrupt := requestOf(unix.Gettid())
		interrupt()
		got, err := await(ctx, s, func(context.Context) (int, error) {
			time.Sleep(time.Minute)
			return 7, nil
		}, nil)
		if got != 7 || err != nil {
			t.Errorf("%d, %v; want 7", got, err)
		}
	})
}

func TestCallerThatLeavesLeavesTheCallRunning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serverFor(t)
		ctx, interrupt := requestOf(0) // of another pid namespace: nobody can tell what it wants
		dropped := make(chan int, 1)
		go interrupt()
		_, err := await(ctx, s, func(ctx context.Context) (int, error) {
			time.Sleep(time.Hour)
			return 7, ctx.Err()
		}, func(v int) { dropped <- v })
		if !errors.Is(err, syscall.EINTR) {
			t.Errorf("error %v, want EINTR", err)
		}
		if got := <-dropped; got != 7 {
			t.Errorf("the call gave %d, want 7", got)
		}
	})
}

func TestStopEndsCallsAndWaitsForThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serverFor(t)
		ctx, _ := requestOf(unix.Gettid())
		ended := false
		done := make(chan error)
		go func() {
			_, err := await(ctx, s, func(ctx context.Context) (int, error) {
				<-ctx.Done()
				time.Sleep(time.Minute)
				ended = true
				return 0, ctx.Err()
			}, nil)
			done <- err
		}()
		synctest.Wait()
		go s.stop()
		if err := <-done; !errors.Is(err, syscall.ENOTCONN) {
			t.Errorf("error %v, want ENOTCONN", err)
		}
		if s.stop(); !ended {
			t.Error("stop returned before the call did")
		}
		if _, err := await(ctx, s, func(context.Context) (int, error) { return 0, nil }, nil); !errors.Is(err, syscall.ENOTCONN) {
			t.Errorf("after the end: %v, want ENOTCONN", err)
		}
	})
}
