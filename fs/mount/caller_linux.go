package mount

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fuse"
)

// leaveSignals are the signals that ask a program to end, as bits of /proc/PID/status. Every other
// one (SIGWINCH when a window is resized, SIGURG inside each Go program, SIGALRM …) interrupts a
// FUSE request as well, but must not make open(2) fail.
const leaveSignals = 1<<(syscall.SIGHUP-1) | 1<<(syscall.SIGINT-1) | 1<<(syscall.SIGQUIT-1) |
	1<<(syscall.SIGKILL-1) | 1<<(syscall.SIGTERM-1)

// callerLeaves tells whether the thread that waits for an interrupted operation wants to leave it. Where that
// cannot be told (a thread of another pid namespace has id 0), it does.
func callerLeaves(ctx context.Context) bool {
	caller, ok := fuse.FromContext(ctx)
	if !ok {
		return true
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", caller.Pid))
	return err != nil || leaves(status)
}

// leaves reads proc_pid_status(5). A dying thread has SIGKILL pending, whatever signal killed it.
func leaves(status []byte) bool {
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
	return pending&^masks["SigBlk"]&leaveSignals != 0
}

// programOf is the name of the program that thread tid runs in, as /proc has it: 15 bytes at most. It is that
// of the first thread; others may call themselves anything. Where it cannot be told, it is "".
func programOf(tid uint32) string {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", tid))
	if err != nil {
		return ""
	}
	_, rest, _ := strings.Cut(string(status), "\nTgid:\t")
	pid, _, _ := strings.Cut(rest, "\n")
	comm, err := os.ReadFile("/proc/" + pid + "/comm")
	if err != nil {
		return ""
	}
	return strings.TrimSuffix(string(comm), "\n")
}
