//go:build linux || darwin

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// A mount in the background is a second process of this program, called as the first was. The
// first waits for a byte on a pipe: it comes when all is well, and the pipe ends without it when
// the second process does. Until then the second has the first's stderr, so it says itself what
// is wrong, and its exit code is passed on.

// backgroundVar marks the second process. It is no CODAFS_ name: those are settings.
const backgroundVar = "_CODAFS_BACKGROUND"

// readyPipe is the descriptor of the pipe in the second process: the first after stderr.
const readyPipe = 3

// inBackground reports whether this is the second process, which happens once: what it starts is not.
func inBackground() bool {
	if os.Getenv(backgroundVar) == "" {
		return false
	}
	os.Unsetenv(backgroundVar)
	unix.CloseOnExec(readyPipe)
	return true
}

// startBackground starts the second process and returns when it is ready, or has ended.
func startBackground(ctx context.Context) error {
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
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // no terminal: its Ctrl-C and hang-up are for others
	err = cmd.Start()
	tell.Close()
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = cmd.Process.Signal(syscall.SIGTERM) })
	_, err = ready.Read(make([]byte, 1))
	if stop() && err == nil {
		return cmd.Process.Release()
	}
	_ = cmd.Wait() // what it has to say is in the exit code
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if code := cmd.ProcessState.ExitCode(); code > 0 {
		return exitError{code: code}
	}
	return fmt.Errorf("the mount was gone before it was ready (%v)", cmd.ProcessState)
}

// tellReady lets go of what the second process shares with the first, and has the first return. A
// stderr that is a file is kept, for the log.
func tellReady() error {
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
	if err := os.Chdir("/"); err != nil { // the folder it was started in may be unmounted, or removed
		return err
	}
	pipe := os.NewFile(readyPipe, "pipe to the first process")
	_, err = pipe.Write([]byte{1}) // fails where nobody waits any more
	return errors.Join(err, pipe.Close())
}
