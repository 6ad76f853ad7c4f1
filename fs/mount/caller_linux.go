package mount

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	iofs "io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"
)

// leaveSignals are the signals that ask a program to end, as bits of /proc/PID/status. Every other
// one (SIGWINCH when a window is resized, SIGURG inside each Go program, SIGALRM …) interrupts a
// FUSE request as well, but must not make open(2) fail.
const leaveSignals = 1<<(syscall.SIGHUP-1) | 1<<(syscall.SIGINT-1) | 1<<(syscall.SIGQUIT-1) |
	1<<(syscall.SIGKILL-1) | 1<<(syscall.SIGTERM-1)

// callerLeaves reports whether the thread that waits for an interrupted operation wants to leave it. Where that
// cannot be told (a thread of another pid namespace has id 0), it does.
func callerLeaves(ctx context.Context) bool {
	caller, ok := fuse.FromContext(ctx)
	if !ok {
		return true
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", caller.Pid))
	return err != nil || ends(status, leaveSignals)
}

// ends reads proc_pid_status(5): it tells whether a thread is dead, or one of the signals, as bits, is about to reach it. A
// dying one has SIGKILL pending, whatever signal killed it.
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

// programOf is the name of the program that thread tid runs in, as /proc has it: 15 bytes at most. It is that
// of the first thread; others may call themselves anything. Where it cannot be told, it is "". It is read each time: a
// shell that has just looked at a file may have become tar by the next question, in the same thread.
func programOf(tid uint32) string {
	pid := tid
	if !isFirstThread(tid) {
		status := readProc(tid, "status")
		_, rest, _ := bytes.Cut(status, []byte("\nTgid:\t"))
		line, _, _ := bytes.Cut(rest, []byte("\n"))
		first, err := strconv.ParseUint(string(line), 10, 32)
		if err != nil {
			return ""
		}
		pid = uint32(first)
	}
	return strings.TrimSuffix(string(readProc(pid, "comm")), "\n")
}

// isFirstThread reports whether thread tid is known to be the first of its process, as nearly all that walk are: signal
// 0, which does nothing, can be sent to the thread of that id in the process of that id. To read the id of the first
// thread takes far longer.
func isFirstThread(tid uint32) bool { return unix.Tgkill(int(tid), int(tid), 0) == nil }

// readProc reads a file of a thread in /proc, or nothing where it cannot be read. Its first 4 KiB are all that is wanted,
// and come in one piece: os.ReadFile asks for more, and for other things, which is half of the time.
func readProc(tid uint32, name string) []byte {
	fd, err := unix.Open("/proc/"+strconv.FormatUint(uint64(tid), 10)+"/"+name, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	defer unix.Close(fd)
	b := make([]byte, 4096)
	n, err := unix.Read(fd, b)
	if err != nil {
		return nil
	}
	return b[:n]
}

// call is what a program waits for an answer in.
type call int

const (
	unseen  call = iota // it cannot be told
	looking             // stat(2), access(2) and the like
	opening             // open(2), or any other that is about content
)

// doing reports what the caller in ctx is doing, by the system call that it is in.
func doing(ctx context.Context) call {
	what, _ := systemCall(ctx)
	return what
}

// settles is how long a caller may take to fall asleep after it has sent its question. On a busy machine others may have
// the processor first, for some turns. To look again costs less than to fetch a file whose size is not wanted.
const settles = 500 * time.Millisecond

// waitingIn gives the system call that a thread waits in: its number, then its arguments. Who was quick to answer may
// find the caller still on its way there ("running"), and looks again.
func waitingIn(tid uint32) (fields []string) {
	pause := 20 * time.Microsecond
	for end := time.Now().Add(settles); ; pause = min(2*pause, 10*time.Millisecond) {
		fields = strings.Fields(string(readProc(tid, "syscall")))
		if len(fields) != 1 || fields[0] != "running" || time.Now().After(end) {
			return fields
		}
		time.Sleep(pause)
	}
}

// systemCall is doing, and tells whether the call surely has a name that the kernel looks up for it: then it is not
// about a file that the caller has open.
func systemCall(ctx context.Context) (what call, byName bool) {
	caller, ok := fuse.FromContext(ctx)
	if !ok || caller.Pid == 0 {
		return unseen, false
	}
	fields := waitingIn(caller.Pid)
	if len(fields) == 0 {
		return unseen, false
	}
	n, err := strconv.Atoi(fields[0])
	switch {
	case err != nil: // "running": it waits for nothing
		return unseen, false
	case slices.Contains(lookingCalls, n):
		return looking, takesName(n, fields[1:])
	}
	return opening, takesName(n, fields[1:])
}

// takesName reports whether a system call has a name among its arguments. Some have one that may be empty, if a flag says so:
// fstat(2) is such a call.
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

// canBeSilent says that the kernel can be kept from telling of every open(2).
const canBeSilent = true

// seesCalls reports whether this process may see what others of the same user are doing, or with all of them those of
// all users. Some systems (ptrace_scope of the Yama security module) let only root.
func seesCalls(all bool) bool {
	if _, err := os.ReadFile("/proc/self/syscall"); err != nil || len(lookingCalls) == 0 {
		return false
	}
	scope, err := os.ReadFile("/proc/sys/kernel/yama/ptrace_scope")
	open := errors.Is(err, iofs.ErrNotExist) || err == nil && strings.TrimSpace(string(scope)) == "0"
	none := err == nil && strings.TrimSpace(string(scope)) == "3"
	return open && !all || !none && mayTrace()
}

// mayTrace reports whether this process has the capability to look into others.
func mayTrace() bool {
	var data [2]unix.CapUserData
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	return unix.Capget(&header, &data[0]) == nil && data[0].Effective&(1<<unix.CAP_SYS_PTRACE) != 0
}
