//go:build linux || darwin

package daemon

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"

	"github.com/codafs/codafs/cmd/codafs/internal/exit"
	"golang.org/x/sys/unix"
)

// A mount in the background is a second process of this program, with the same arguments. The first process waits for a
// byte on a pipe, which the second one sends when all is well. If the pipe ends without it, the second process has
// ended. Until then the second process has the first one's stderr, so it reports errors itself, and its exit code is
// passed on.

// backgroundVar marks the second process. Its name does not begin with CODAFS_: those are settings.
const backgroundVar = "_CODAFS_BACKGROUND"

// readyPipe is the descriptor of the pipe in the second process: the first after stderr.
const readyPipe = 3

// InBackground reports whether this is the second process. It removes the mark, so that programs it starts are not.
func InBackground() bool {
	if os.Getenv(backgroundVar) == "" {
		return false
	}
	os.Unsetenv(backgroundVar)
	unix.CloseOnExec(readyPipe)
	return true
}

// StartBackground starts the second process, and returns when that is ready or has ended. A nil error means that the mount
// can be used. The error of a second process that ended has its exit code and no text, since that process has printed it.
// If ctx ends, the second process gets SIGTERM and is waited for: no mount stays that nobody knows of.
func StartBackground(ctx context.Context) error {
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	ready, tell, err := os.Pipe()
	if err != nil {
		return err
	}
	defer ready.Close()
	cmd := exec.Command(exe)
	cmd.Args = os.Args
	cmd.Env = append(os.Environ(), backgroundVar+"=1")
	cmd.Stderr = os.Stderr
	cmd.ExtraFiles = []*os.File{tell}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // a session of its own: Ctrl-C and hang-ups of the terminal are for others
	err = cmd.Start()
	tell.Close()
	if err != nil {
		return err
	}
	// The read below ends when the second process writes, or ends: it holds the only other end of the pipe.
	stop := context.AfterFunc(ctx, func() { _ = cmd.Process.Signal(syscall.SIGTERM) })
	_, err = ready.Read(make([]byte, 1))
	if stop() && err == nil {
		return cmd.Process.Release()
	}
	_ = cmd.Wait() // the exit code says enough
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if code := cmd.ProcessState.ExitCode(); code > 0 {
		return exit.Error{Code: code}
	}
	return fmt.Errorf("the mount was gone before it was ready (%v)", cmd.ProcessState)
}

// TellReady detaches the second process from the terminal, and makes the first process return. A stderr that is a file
// stays open, for the log; any other, a terminal or a pipe, would keep its reader waiting for as long as the mount lives.
func TellReady() error {
	info, err := os.Stderr.Stat()
	if err != nil || !info.Mode().IsRegular() {
		null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
		if err != nil {
			return err
		}
		defer null.Close()
		if err := unix.Dup2(int(null.Fd()), int(os.Stderr.Fd())); err != nil {
			return err
		}
	}
	if err := os.Chdir("/"); err != nil { // the working folder may be unmounted or removed later
		return err
	}
	pipe := os.NewFile(readyPipe, "pipe to the first process")
	_, err = pipe.Write([]byte{1}) // fails if the first process is gone
	return errors.Join(err, pipe.Close())
}
