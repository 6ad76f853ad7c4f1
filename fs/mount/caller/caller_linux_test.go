package caller

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
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

// A walk that only looks asks this for each file.
func TestOneReadTellsWhatAThreadDoesNow(t *testing.T) {
	c, opened := counted(t)
	ask := func(tid uint32, programReads int) {
		t.Helper()
		for i := range 3 {
			if reads := readsOf(t, func() { c.Program(tid) }); reads != programReads {
				t.Errorf("question %d for the program of %d: %d reads, want %d", i, tid, reads, programReads)
			}
			if call, _ := c.CallOf(t.Context(), tid); call == Unseen {
				t.Skip("the system calls of others cannot be seen")
			}
			if reads := readsOf(t, func() { c.CallOf(t.Context(), tid) }); reads != 1 {
				t.Errorf("question %d for the system call of %d: %d reads, want 1", i, tid, reads)
			}
		}
	}
	ask(uint32(startProgram(t, "sleep", "100").Process.Pid), 1)
	if *opened != 2 {
		t.Errorf("%d files were opened for six questions about a thread, want 2", *opened)
	}
	tid, end := sleepingThread()
	defer end()
	c.Program(tid) // the first time it must be found out which one is the first
	ask(tid, 2)    // its own name, which shows that it lives, and that of its first thread
	if isFirstThread(tid) || !isFirstThread(uint32(os.Getpid())) || isFirstThread(1<<30) {
		t.Error("the first thread is another one")
	}
}

// counted returns Callers for the length of a test, and how many files they opened.
func counted(t *testing.T) (*Callers, *int) {
	c, opened := New(), new(int)
	open := c.open
	c.open = func(path string) (int, error) { *opened++; return open(path) }
	t.Cleanup(c.Close)
	return c, opened
}

// startProgram starts a program that ends with the test.
func startProgram(t *testing.T, name string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return cmd
}

// sleepingThread returns a thread of this process that waits in a system call until end.
func sleepingThread() (tid uint32, end func()) {
	tids, ended := make(chan uint32), make(chan struct{})
	var pipe [2]int
	if err := unix.Pipe(pipe[:]); err != nil {
		panic(err)
	}
	go onAnotherThread(func() {
		defer close(ended)
		tids <- uint32(unix.Gettid())
		_, _ = unix.Read(pipe[0], make([]byte, 1))
	})
	return <-tids, func() { unix.Close(pipe[1]); <-ended; unix.Close(pipe[0]) }
}

// A shell looks at a file, and becomes tar in the same process.
func TestAThreadThatBecomesAnotherProgramIsSeenAsThat(t *testing.T) {
	c, opened := counted(t)
	cmd := exec.CommandContext(t.Context(), "bash", "-c", "read line; exec sleep 100")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	pid := uint32(cmd.Process.Pid)
	waitFor(t, "bash", func() bool { return c.Program(pid) == "bash" })
	fmt.Fprintln(in)
	waitFor(t, "sleep", func() bool { return c.Program(pid) == "sleep" })
	if *opened != 1 {
		t.Errorf("%d files were opened, want 1", *opened)
	}
}

// waitFor waits for what another process does.
func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !ok(); {
		if time.Now().After(deadline) {
			t.Fatal("in vain: ", what)
		}
		time.Sleep(time.Millisecond)
	}
}

// A number is used again when its thread has ended.
func TestAnotherThreadWithTheSameNumberIsSeenAsItself(t *testing.T) {
	c, _ := counted(t)
	for range 100 { // others may start programs too
		first := startProgram(t, "sleep", "100")
		pid := first.Process.Pid
		waitFor(t, "sleep", func() bool { return c.Program(uint32(pid)) == "sleep" })
		call, _ := c.CallOf(t.Context(), uint32(pid))
		_ = first.Process.Kill()
		_ = first.Wait()
		if got := c.Program(uint32(pid)); got != "" {
			t.Fatalf("the program of a thread that has ended is %q", got)
		}
		if err := os.WriteFile("/proc/sys/kernel/ns_last_pid", []byte(strconv.Itoa(pid-1)), 0); err != nil {
			t.Skip("the number of the next process cannot be set: ", err)
		}
		second := startProgram(t, "tail", "-f", "/dev/null")
		if second.Process.Pid != pid {
			continue
		}
		waitFor(t, "tail", func() bool { return c.Program(uint32(pid)) == "tail" })
		if now, _ := c.CallOf(t.Context(), uint32(pid)); (now == Unseen) != (call == Unseen) {
			t.Errorf("its system call is %v, and was %v", now, call)
		}
		return
	}
	t.Fatal("no process got the number")
}

// The thread that calls execve(2) takes the number of the first one, and its own is free.
func TestAThreadThatIsNoMoreAfterExec(t *testing.T) {
	c, _ := counted(t)
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), asExecutor+"=1")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	var tid uint32
	if _, err := fmt.Fscan(out, &tid); err != nil {
		t.Fatal(err)
	}
	pid := uint32(cmd.Process.Pid)
	before := c.Program(pid)
	if got := c.Program(tid); got != before || got == "" {
		t.Errorf("the program of a thread is %q, that of its first one %q", got, before)
	}
	fmt.Fprintln(in)
	waitFor(t, "sleep", func() bool { return c.Program(pid) == "sleep" })
	if got := c.Program(tid); got != "" {
		t.Errorf("the thread that is no more runs %q", got)
	}
}

// asExecutor makes the test binary a program whose second thread becomes sleep.
const asExecutor = "CODAFS_CALLER_TEST_EXECUTOR"

func TestMain(m *testing.M) {
	if os.Getenv(asExecutor) == "" {
		os.Exit(m.Run())
	}
	onAnotherThread(func() {
		fmt.Println(unix.Gettid())
		var line [1]byte
		_, _ = os.Stdin.Read(line[:])
		sleep, err := exec.LookPath("sleep")
		if err == nil {
			err = syscall.Exec(sleep, []string{"sleep", "100"}, nil)
		}
		panic(err)
	})
}

// However many threads ask, few files stay open, and none after the end.
func TestFewFilesStayOpen(t *testing.T) {
	c, opened := counted(t)
	before := openFiles(t)
	for range 3 * maxThreads {
		tid, end := sleepingThread()
		defer end()
		if c.Program(tid) == "" {
			t.Fatal("no program")
		}
	}
	if *opened != 2*3*maxThreads {
		t.Errorf("%d files were opened for %d threads, want 2 each", *opened, 3*maxThreads)
	}
	if most := before + 2*maxThreads; openFiles(t) != most {
		t.Errorf("%d files of threads are open, want %d", openFiles(t), most)
	}
	c.Close()
	if got := openFiles(t); got != before {
		t.Errorf("%d files of threads are open after the end, want %d", got, before)
	}
}

// openFiles is how many names of threads this process has open.
func openFiles(t *testing.T) (n int) {
	t.Helper()
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, fd := range fds {
		if target, _ := os.Readlink("/proc/self/fd/" + fd.Name()); strings.HasSuffix(target, "/comm") {
			n++
		}
	}
	return n
}

// Threads come and go while others ask about them.
func TestManyAskAtATime(t *testing.T) {
	c := New()
	defer c.Close()
	var asking sync.WaitGroup
	for range 2 * maxThreads {
		asking.Go(func() {
			for range 20 {
				tid, end := sleepingThread()
				if c.Program(tid) == "" {
					t.Error("no program")
				}
				c.CallOf(t.Context(), tid)
				end()
			}
		})
	}
	asking.Wait()
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
		c := New()
		defer c.Close()
		if got := c.Program(uint32(unix.Gettid())); got != strings.TrimSpace(string(comm)) || got == "ls" {
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
