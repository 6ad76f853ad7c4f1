//go:build linux

package mount

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/codafs/codafs/fs/mount/mountpoint"
)

func TestUnmountFromAnotherProcess(t *testing.T) {
	for _, busy := range []bool{false, true} {
		t.Run(fmt.Sprint("busy ", busy), func(t *testing.T) {
			dir := join(t.TempDir(), `a folder\ with 	blanks`)
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			p := serveElsewhere(t, dir)
			if busy {
				defer holdOpen(t, join(dir, "a.md"))()
			}
			if err := mountpoint.Unmount(dir); err != nil {
				t.Fatal(err)
			}
			wantState(t, dir, mountpoint.Plain)
			if !busy {
				if st, err := p.Wait(); err != nil || !st.Success() {
					t.Errorf("its server ended with %v, %v", st, err)
				}
			}
			if err := mountpoint.Unmount(dir); !errors.Is(err, mountpoint.ErrNotMounted) {
				t.Errorf("once more: %v, want ErrNotMounted", err)
			}
		})
	}
}

// stop stops a server. One that has read a question, and is stopped before it answers, holds whoever asked beyond a kill.
func stop(t *testing.T, server *os.Process) {
	t.Helper()
	if err := server.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	eventually(t, "all its threads are stopped", func() bool {
		states, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", server.Pid))
		return err == nil && !slices.ContainsFunc(states, func(path string) bool {
			status, _ := os.ReadFile(path)
			return !strings.Contains(string(status), "State:\tT")
		})
	})
}

// A server that is stopped answers nobody; unmounting it frees whoever waits.
func TestUnmountFreesThoseWhoWaitForAServerThatIsStopped(t *testing.T) {
	t.Parallel()
	needFUSE(t)
	dir := t.TempDir()
	server := helper(t, "serve", dir)
	lineReader(t, server)() // mounted
	stop(t, server.Process)
	result := start(t, tool(t, "cat", join(dir, "a.md")))
	if err := mountpoint.Unmount(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := result(); err == nil {
		t.Error("the reader had an answer")
	}
	wantState(t, dir, mountpoint.Plain)
	_ = server.Process.Kill()
	_ = server.Wait()
}

// What the kernel knows of the mountpoint itself grows old too, and then even a look at it waits.
func TestUnmountFreesThoseWhoWaitForTheMountpointItself(t *testing.T) {
	t.Parallel()
	needFUSE(t)
	dir := t.TempDir()
	link := join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	server := helper(t, "serve", dir)
	lineReader(t, server)() // mounted
	stop(t, server.Process)
	eventually(t, "a look at the mountpoint waits", func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		return exec.CommandContext(ctx, "stat", dir).Run() != nil && ctx.Err() != nil
	})
	if _, err := Mount(link, newDir(""), Options{}); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("mounting over it: %v", err)
	}
	result := start(t, tool(t, "stat", dir))
	if err := mountpoint.Unmount(link); err != nil {
		t.Fatal(err)
	}
	if _, err := result(); err == nil {
		t.Error("the looker had an answer")
	}
	wantState(t, dir, mountpoint.Plain)
	_ = server.Process.Kill()
	_ = server.Wait()
}

// A container has the mounts that were there when it started, until it ends.
func TestUnmountEndsWhereAnotherMountTableHasTheMount(t *testing.T) {
	dir, s := mountServer(t, newDir("", newFile("a.md", nil)), Options{})
	other := tool(t, "unshare", "--mount", "--propagation", "private", "sh", "-c", "echo ready; read end")
	input, err := other.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	ready := lineReader(t, other)()
	defer func() { input.Close(); _ = other.Wait() }()
	if ready == "" {
		t.Skip("only root has another mount table")
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Unmount() }()
	eventually(t, "it does not wait for the other one", func() bool { return len(ended) > 0 })
	if err := <-ended; err != nil {
		t.Error(err)
	}
	wantState(t, dir, mountpoint.Plain)
}

func TestUnmountLeavesOtherMountsAlone(t *testing.T) {
	dir := t.TempDir()
	if err := unix.Mount("none", dir, "tmpfs", 0, "size=64k"); err != nil {
		t.Skip("cannot mount a tmpfs:", err)
	}
	defer unix.Unmount(dir, 0)
	wantState(t, dir, mountpoint.Other)
	if err := mountpoint.Unmount(dir); !errors.Is(err, mountpoint.ErrNotMounted) {
		t.Errorf("error %v, want ErrNotMounted", err)
	}
	wantState(t, dir, mountpoint.Other)
	if err := mountpoint.Unmount("/"); !errors.Is(err, mountpoint.ErrNotMounted) {
		t.Errorf("of /: %v, want ErrNotMounted", err)
	}
}

// What was mounted over a live mount stays when that ends, and no dead one stays below.
func TestUnmountFromBelowAnother(t *testing.T) {
	dir, ours := mountServer(t, newDir("", newFile("a.md", []byte("a"))), Options{})
	for _, text := range []string{"lower", "upper"} {
		if err := unix.Mount("none", dir, "tmpfs", 0, "size=64k"); err != nil {
			t.Skip("cannot mount a tmpfs:", err)
		}
		defer unix.Unmount(dir, unix.MNT_DETACH)
		if err := os.WriteFile(join(dir, text), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	wantState(t, dir, mountpoint.Covered)
	if err := mountpoint.Unmount(dir); !errors.Is(err, mountpoint.ErrCovered) {
		t.Errorf("error %v, want ErrCovered", err)
	}
	if err := ours.Unmount(); err != nil {
		t.Fatal(err)
	}
	if all, err := mountpoint.List(); err != nil || slices.Contains(all, dir) {
		t.Errorf("it stays among %q, %v", all, err)
	}
	for _, text := range []string{"upper", "lower"} {
		wantState(t, dir, mountpoint.Other)
		if names, err := os.ReadDir(dir); err != nil || len(names) != 1 || names[0].Name() != text {
			t.Errorf("%v, %v, want %s", names, err, text)
		}
		if err := unix.Unmount(dir, 0); err != nil {
			t.Fatal(err)
		}
	}
	wantState(t, dir, mountpoint.Plain)
}

// A mount that somebody else put in the place of ours is not ours to unmount.
func TestUnmountTakesItsOwnMountOnly(t *testing.T) {
	t.Run("ours has ended", func(t *testing.T) {
		dir, ours := mountServer(t, newDir(""), Options{})
		output(t, "umount", dir)
		ours.Wait()
		wantUntouchedBy(t, ours, dir)
	})
	t.Run("ours is detached and in use", func(t *testing.T) {
		dir, ours := mountServer(t, newDir("", newFile("a.md", nil)), Options{})
		defer holdOpen(t, join(dir, "a.md"))()
		output(t, "umount", "-l", dir)
		wantUntouchedBy(t, ours, dir)
		ours.Wait()
	})
}

func wantUntouchedBy(t *testing.T, ours *Server, dir string) {
	t.Helper()
	next, err := Mount(dir, newDir(""), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer next.Unmount()
	if err := ours.Unmount(); err != nil {
		t.Error(err)
	}
	wantState(t, dir, mountpoint.Live)
}

// holdOpen has another program open path until release is called.
func holdOpen(t *testing.T, path string) (release func()) {
	t.Helper()
	cmd := tool(t, "sh", "-c", `exec 3<"$1"; echo opened; read go`, "-", path)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if got := lineReader(t, cmd)(); got != "opened" {
		t.Fatalf("opening %s: %q", path, got)
	}
	return func() {
		in.Close()
		cmd.Wait()
	}
}

func TestUnmountWithOpenFileIsLazy(t *testing.T) {
	file := newFile("a.md", sample(200_000)).onDisk(t)
	dir, s := mountServer(t, newDir("", file), Options{})
	cmd := tool(t, "sh", "-c", `exec 3<"$1"; echo opened; read go; wc -c <&3`, "-", join(dir, "a.md"))
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	lines := lineReader(t, cmd)
	lines() // opened
	if err := s.Unmount(); err != nil {
		t.Fatal(err)
	}
	wantState(t, dir, mountpoint.Plain)
	s.Wait()
	fmt.Fprintln(in)
	if got := strings.TrimSpace(lines()); got != "200000" {
		t.Errorf("the open file has %s bytes, want 200000", got)
	}
	cmd.Wait()
	<-s.served
	if opened, closed := file.opens.Load(), file.closed.Load(); opened != closed {
		t.Errorf("%d contents opened, %d closed", opened, closed)
	}
}
