// Command codafs mounts a Coda workspace as folders and files, and makes full local backups
// of it.
//
// Each command has a file of its own with its flags, its help and its run function. They share settings.go (flags,
// environment, configuration file), workspace.go (from the settings to a tree), token.go, and exit.go, the only place
// where errors become exit codes.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/codafs/codafs/cmd/codafs/internal/term"
	"github.com/codafs/codafs/fs/mount/notify"
	"github.com/spf13/cobra"
)

func main() {
	if os.Args[0] == guardName {
		notify.Guard()
		return
	}
	ctx, stop := signalContext(context.Background())
	defer stop()
	std := term.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}
	if isMountHelper() {
		os.Exit(runMountHelper(ctx, os.Args[1:], std))
	}
	os.Exit(run(ctx, os.Args[1:], std))
}

// run runs the program and returns its exit code.
func run(ctx context.Context, args []string, std term.Streams) int {
	root := newRoot(std)
	root.SetArgs(args)
	if len(args) > 0 && args[0] == cobra.ShellCompRequestCmd {
		plainHints(root)
	}
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	// After a signal, every failure counts as the signal's, unless the run had ended before
	_, settled := errors.AsType[exitError](err)
	if e := context.Cause(ctx); e != nil && !settled {
		err = e
	}
	if line := describe(err); line != "" {
		fmt.Fprintf(std.Err, "codafs: %s\n", term.Printable(line))
	}
	return exitCode(err)
}

// signalError says that a signal ended the run.
type signalError struct{ signal syscall.Signal }

func (e signalError) Error() string {
	switch e.signal {
	case syscall.SIGINT:
		return "stopped by Ctrl-C (SIGINT)"
	case syscall.SIGTERM:
		return "stopped by SIGTERM"
	case syscall.SIGHUP:
		return "stopped: the terminal was closed (SIGHUP)"
	}
	return "stopped by " + e.signal.String()
}

// ExitCode is the shell's code for a death by that signal: 130 for SIGINT, 143 for SIGTERM, 129 for SIGHUP.
func (e signalError) ExitCode() int { return 128 + int(e.signal) }

// grace is how long after a signal the program may take to end by itself. Nothing is lost if it is killed then: what is
// on disk is good at any moment.
const grace = 10 * time.Second

// signalContext returns a context that ends at SIGINT, SIGTERM or SIGHUP. A second signal kills the program, and so
// does grace, if an operation does not end (opening a pipe that nobody writes to, for example). A second SIGHUP does
// not: when a terminal is closed, the shell sends one and the kernel another.
func signalContext(parent context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(parent)
	ch, hangup := make(chan os.Signal, 1), make(chan os.Signal, 1)
	signal.Notify(ch, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) { // nohup
		signal.Notify(hangup, syscall.SIGHUP)
	}
	stopBy := func(s os.Signal) {
		signal.Stop(ch)
		why := signalError{s.(syscall.Signal)}
		time.AfterFunc(grace, func() { os.Exit(why.ExitCode()) })
		cancel(why)
	}
	go func() {
		select {
		case s := <-ch:
			stopBy(s)
		case s := <-hangup:
			stopBy(s)
		case <-ctx.Done():
		}
	}()
	return ctx, func() { signal.Stop(ch); signal.Stop(hangup); cancel(nil) }
}
