package caller

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// readsOf is how often f calls read(2), in this thread.
func readsOf(t *testing.T, f func()) int {
	t.Helper()
	count := func() int {
		b, err := os.ReadFile("/proc/thread-self/io")
		if err != nil {
			t.Skip("this system does not count reads: ", err)
		}
		_, rest, _ := bytes.Cut(b, []byte("syscr: "))
		line, _, _ := bytes.Cut(rest, []byte("\n"))
		n, err := strconv.Atoi(string(line))
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	first := count()
	itself := count() - first
	first = count()
	f()
	return count() - first - itself
}

// A walk that only looks asks this for each file. Of most callers one file in /proc tells their name.
func TestTheNameOfAProgramTakesOneRead(t *testing.T) {
	child := uint32(os.Getppid())
	if reads := readsOf(t, func() { Program(child) }); reads != 1 {
		t.Errorf("%d reads, want 1", reads)
	}
	onAnotherThread(func() {
		tid := uint32(unix.Gettid())
		if reads := readsOf(t, func() { Program(tid) }); reads != 2 {
			t.Errorf("%d reads for a thread that is not the first, want 2", reads)
		}
		if isFirstThread(tid) || !isFirstThread(uint32(os.Getpid())) || isFirstThread(1<<30) {
			t.Error("the first thread is another one")
		}
	})
}

// onAnotherThread runs f on a thread that is not the process's first one, and ends with f.
func onAnotherThread(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // for good: the thread has another name from now on
		if unix.Gettid() == os.Getpid() {
			onAnotherThread(f) // this one is taken
			return
		}
		f()
	}()
	<-done
}

// A program may call its threads what it likes.
func TestProgramIsThatOfItsFirstThread(t *testing.T) {
	onAnotherThread(func() {
		if err := unix.Prctl(unix.PR_SET_NAME, uintptr(unsafe.Pointer(&[]byte("ls\x00")[0])), 0, 0, 0); err != nil {
			t.Error(err)
			return
		}
		comm, err := os.ReadFile("/proc/self/comm")
		if err != nil {
			t.Error(err)
			return
		}
		if got := Program(uint32(unix.Gettid())); got != strings.TrimSpace(string(comm)) || got == "ls" {
			t.Errorf("the program is %q, want %q", got, comm)
		}
	})
}

func TestLeavesReadsPendingSignals(t *testing.T) {
	const status = "Name:\tcat\nState:\t%s\nSigPnd:\t%016x\nShdPnd:\t%016x\nSigBlk:\t%016x\nSigIgn:\t0000000000000000\n"
	bit := func(signals ...syscall.Signal) (mask uint64) {
		for _, s := range signals {
			mask |= 1 << (s - 1)
		}
		return mask
	}
	const sleeping = "S (sleeping)"
	for name, c := range map[string]struct {
		state                   string
		thread, shared, blocked uint64
		want                    bool
	}{
		"nothing":           {sleeping, 0, 0, 0, false},
		"killed":            {sleeping, bit(syscall.SIGKILL), 0, 0, true},
		"ctrl-c":            {sleeping, 0, bit(syscall.SIGINT), 0, true},
		"term":              {sleeping, 0, bit(syscall.SIGTERM), 0, true},
		"hangup":            {sleeping, bit(syscall.SIGHUP), 0, 0, true},
		"quit":              {sleeping, bit(syscall.SIGQUIT), 0, 0, true},
		"ctrl-c is blocked": {sleeping, 0, bit(syscall.SIGINT), bit(syscall.SIGINT), false},
		"window size":       {sleeping, bit(syscall.SIGWINCH), bit(syscall.SIGWINCH), 0, false},
		"Go's preemption":   {"D (disk sleep)", bit(syscall.SIGURG), 0, 0, false},
		"alarm and child":   {sleeping, bit(syscall.SIGALRM), bit(syscall.SIGCHLD), 0, false},
		"window and ctrl-c": {sleeping, bit(syscall.SIGWINCH), bit(syscall.SIGINT), 0, true},
		"dead":              {"X (dead)", 0, 0, 0, true},
		"zombie":            {"Z (zombie)", 0, 0, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			text := fmt.Sprintf(status, c.state, c.thread, c.shared, c.blocked)
			if got := ends([]byte(text), leaveSignals); got != c.want {
				t.Errorf("ends = %v, want %v, of\n%s", got, c.want, text)
			}
		})
	}
}
