package exit

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// SignalError says that a signal ended the run.
type SignalError struct{ Signal syscall.Signal }

// Error implements error.
func (e SignalError) Error() string {
	switch e.Signal {
	case syscall.SIGINT:
		return "stopped by Ctrl-C (SIGINT)"
	case syscall.SIGTERM:
		return "stopped by SIGTERM"
	case syscall.SIGHUP:
		return "stopped: the terminal was closed (SIGHUP)"
	}
	return "stopped by " + e.Signal.String()
}

// ExitCode is the shell's code for a death by that signal: 130 for SIGINT, 143 for SIGTERM, 129 for SIGHUP.
func (e SignalError) ExitCode() int { return 128 + int(e.Signal) }

// grace is how long after a signal the program may take to end by itself. Nothing is lost if it is killed then: what is
// on disk is good at any moment.
const grace = 10 * time.Second

// SignalContext returns a context that ends at SIGINT, SIGTERM or SIGHUP. A second signal kills the program, and so
// does grace, if an operation does not end (opening a pipe that nobody writes to, for example). A second SIGHUP does
// not: when a terminal is closed, the shell sends one and the kernel another.
func SignalContext(parent context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(parent)
	ch, hangup := make(chan os.Signal, 1), make(chan os.Signal, 1)
	signal.Notify(ch, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) { // nohup
		signal.Notify(hangup, syscall.SIGHUP)
	}
	stopBy := func(s os.Signal) {
		signal.Stop(ch)
		why := SignalError{Signal: s.(syscall.Signal)}
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
