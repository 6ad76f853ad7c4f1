package mount

import (
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"
)

// A server that is killed while it tells the kernel of a name may never let go of the mount: the kernel has the thread
// that tells wait for the lookups in the folder, in a way that a kill does not end; a lookup waits for the server; and
// the mount ends when the last thread of the server does. Nobody in that process can do anything then. So a mount that
// tells has a guard: a small process that hears of the death, and has the kernel end the mount.

const (
	// guardSignal is what the guard gets when the thread that started it has died.
	guardSignal = syscall.SIGUSR1
	// guardPatience is how long after that the whole server has time to be gone, which ends the mount anyway.
	guardPatience = time.Second
)

// guard keeps a guard for as long as the server runs. It is started from a thread that does nothing else, and so
// dies with the process, whatever the others wait for.
func (s *Server) guard() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd := s.opts.Guard()
	cmd.Args = append(cmd.Args, s.dir, s.id)
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: guardSignal} // the terminal's signals are for others
	alive, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		s.opts.Log.Warn("the mount has no guard: killed at the wrong moment, it must be unmounted by hand", "err", err)
		return
	}
	<-s.ctx.Done()
	alive.Close()
	_ = cmd.Wait() // it has nothing to say
}

// Guard is what the process does that [Options.Guard] starts: it waits for the end of the server. Where that is a death
// with a thread left over, it aborts the mount that the last two arguments name. Descriptor 0 is a pipe that ends when the
// last thread has.
func Guard() {
	signal.Ignore(syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM) // it outlives its server, and no longer
	died := make(chan os.Signal, 1)
	signal.Notify(died, guardSignal)
	gone := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		close(gone)
	}()
	if !isDying(os.Getppid()) { // it was killed before its death could be heard of
		select {
		case <-gone:
			return
		case <-died:
		}
	}
	select {
	case <-gone:
		return
	case <-time.After(guardPatience):
	}
	if len(os.Args) < 3 {
		return
	}
	dir, id := os.Args[len(os.Args)-2], os.Args[len(os.Args)-1]
	if m, ok := mountAt(dir); ok && m.ours && m.id == id {
		abort(dir, m)
	}
}

// isDying tells whether a process was killed, and is not gone.
func isDying(pid int) bool {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	return err == nil && ends(status, 1<<(syscall.SIGKILL-1))
}
