package caller

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	iofs "io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// leaveSignals are the signals that ask a program to end, as bits of /proc/PID/status. Other signals (SIGWINCH when a
// window is resized, SIGURG inside each Go program, SIGALRM …) interrupt a FUSE request as well, but must not make
// open(2) fail.
const leaveSignals = 1<<(syscall.SIGHUP-1) | 1<<(syscall.SIGINT-1) | 1<<(syscall.SIGQUIT-1) |
	1<<(syscall.SIGKILL-1) | 1<<(syscall.SIGTERM-1)

// Leaves reports whether thread tid, which waits for an interrupted request, wants to leave: it is dead, or has a signal
// that ends programs. It returns true if the thread cannot be seen.
func Leaves(tid uint32) bool {
	status, err := os.ReadFile(procPath(tid, "status"))
	return err != nil || ends(status, leaveSignals)
}

// ends parses proc_pid_status(5). It reports whether a thread is dead, or has one of the signals (as bits) pending and
// not blocked. A dying thread has SIGKILL pending, whatever signal killed it.
func ends(status []byte, signals uint64) bool {
	masks := map[string]uint64{}
	for lines := bufio.NewScanner(bytes.NewReader(status)); lines.Scan(); {
		key, value, _ := strings.Cut(lines.Text(), ":")
		value = strings.TrimSpace(value)
		switch key {
		case "State":
			if strings.HasPrefix(value, "Z") || strings.HasPrefix(value, "X") {
				return true
			}
		case "SigPnd", "ShdPnd", "SigBlk":
			mask, err := strconv.ParseUint(value, 16, 64)
			if err != nil {
				return true
			}
			masks[key] = mask
		}
	}
	pending := masks["SigPnd"] | masks["ShdPnd"]
	return pending&^masks["SigBlk"]&signals != 0
}

// Program returns the name of the program that thread tid runs: at most 15 bytes, "" if it cannot be read. It is the
// name of the first thread; other threads may rename themselves. It is read anew each time: a shell that has just looked
// at a file may have become tar by the next request, in the same thread.
func (c *Callers) Program(tid uint32) string {
	name := c.read(tid, false, func(f files) ([]byte, error) {
		own, err := readLine(f.comm)
		if err != nil || f.first < 0 {
			return own, err
		}
		return readLine(f.first)
	})
	return strings.TrimSuffix(string(name), "\n")
}

// isFirstThread reports whether thread tid is the first one of its process, as it nearly always is. It checks whether
// signal 0, which does nothing, can be sent to thread tid of process tid. Reading the id of the first thread takes far
// longer.
func isFirstThread(tid uint32) bool { return unix.Tgkill(int(tid), int(tid), 0) == nil }

// firstThread returns the first thread of the process of thread tid.
func firstThread(tid uint32) (uint32, bool) {
	status, err := os.ReadFile(procPath(tid, "status"))
	_, rest, _ := bytes.Cut(status, []byte("\nTgid:\t"))
	line, _, _ := bytes.Cut(rest, []byte("\n"))
	first, parseErr := strconv.ParseUint(string(line), 10, 32)
	return uint32(first), err == nil && parseErr == nil
}

// settles is how long a caller may take to fall asleep after sending its request. On a busy machine others may have the
// processor first, for some turns. Looking again costs less than fetching a file whose size is not needed.
const settles = 500 * time.Millisecond

// waitingIn returns the system call that a thread waits in: its number, then its arguments. A quick server may find the
// caller still on its way to sleep ("running"), so it looks again.
func (c *Callers) waitingIn(ctx context.Context, tid uint32) (fields []string) {
	pause := 20 * time.Microsecond
	for end := time.Now().Add(settles); ; pause = min(2*pause, 10*time.Millisecond) {
		call := c.read(tid, true, func(f files) ([]byte, error) { return readLine(f.call) })
		fields = strings.Fields(string(call))
		if len(fields) != 1 || fields[0] != "running" || time.Now().After(end) {
			return fields
		}
		select {
		case <-ctx.Done(): // the caller was interrupted
			return fields
		case <-time.After(pause):
		}
	}
}

// CallOf returns the kind of system call that thread tid waits in. byName reports that the call certainly has a file
// name that the kernel looks up: then it is not about a file that the caller has open. A caller that is still on its way
// to sleep is looked at again for half a second, or until ctx, its request, ends.
func (c *Callers) CallOf(ctx context.Context, tid uint32) (what Call, byName bool) {
	if tid == 0 {
		return Unseen, false
	}
	fields := c.waitingIn(ctx, tid)
	if len(fields) == 0 {
		return Unseen, false
	}
	n, err := strconv.Atoi(fields[0])
	switch {
	case err != nil: // "running": it is not waiting
		return Unseen, false
	case slices.Contains(lookingCalls, n):
		return Looking, takesName(n, fields[1:])
	}
	return Opening, takesName(n, fields[1:])
}

// takesName reports whether a system call has a file name among its arguments. In some calls the name may be empty, if
// a flag says so: fstat(2) is made in this way.
func takesName(number int, arguments []string) bool {
	flags, ok := nameCalls[number]
	if !ok || flags < 0 {
		return ok
	}
	if flags >= len(arguments) {
		return false
	}
	value, err := strconv.ParseUint(arguments[flags], 0, 64)
	return err == nil && value&unix.AT_EMPTY_PATH == 0
}

// SeesCalls reports whether this process may see the system calls of other processes of the same user, or with all
// those of all users. Some systems allow this to root only (ptrace_scope of the Yama security module).
func SeesCalls(all bool) bool {
	if _, err := os.ReadFile("/proc/self/syscall"); err != nil || len(lookingCalls) == 0 {
		return false
	}
	scope, err := os.ReadFile("/proc/sys/kernel/yama/ptrace_scope")
	open := errors.Is(err, iofs.ErrNotExist) || err == nil && strings.TrimSpace(string(scope)) == "0"
	none := err == nil && strings.TrimSpace(string(scope)) == "3"
	return open && !all || !none && mayTrace()
}

// mayTrace reports whether this process has the capability to look into other processes.
func mayTrace() bool {
	var data [2]unix.CapUserData
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	return unix.Capget(&header, &data[0]) == nil && data[0].Effective&(1<<unix.CAP_SYS_PTRACE) != 0
}
