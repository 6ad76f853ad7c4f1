package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// The commands of the scripts that are about programs and the files that they have open.

const (
	// mountTime is how long a mount may take to come up before the script fails.
	mountTime = 30 * time.Second
	// endTime is how long a program may take to end; much less than the scripts make requests last.
	endTime = 20 * time.Second
	// pollTime is how long to wait between two looks at something that must become true.
	pollTime = 20 * time.Millisecond
)

// patience is what the times of await are multiplied with: on a machine that is busy with other tests,
// they say nothing. 'make soak' holds them.
func patience() time.Duration {
	if soak {
		return 1
	}
	return 10
}

// program is one that runs beside the script. Its ended is closed once it has been waited for.
type program struct {
	*exec.Cmd
	ended chan struct{}
}

// command has the script's folder and environment.
func (s *session) command(ts *testscript.TestScript, args []string) *exec.Cmd {
	cmd := exec.Command(args[0], args[1:]...)
	if args[0] == "codafs" {
		cmd.Path, cmd.Err = s.bin, nil
	}
	cmd.Dir = ts.MkAbs(".")
	for _, name := range []string{"PATH", "HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "CODAFS_API_URL", "CODA_API_TOKEN", "CODAFS_MAX_RETRIES", "NOTIFY_SOCKET", "GORACE", "HTTPS_PROXY", "SSL_CERT_FILE"} {
		if value := ts.Getenv(name); value != "" {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
	}
	return cmd
}

// start starts a program, which say is told each line of what it says.
func (s *session) start(ts *testscript.TestScript, name string, cmd *exec.Cmd, say func(line string)) *program {
	stderr, err := cmd.StderrPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	p := &program{cmd, make(chan struct{})}
	s.programs[name] = p
	go func() {
		for lines := bufio.NewScanner(stderr); lines.Scan(); {
			s.t.Logf("[%s] %s", name, lines.Text()) // ts.Logf is for the script alone
			say(lines.Text())
		}
		_ = cmd.Wait() // end looks at the state
		close(p.ended)
	}()
	return p
}

func mountCmd(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: mount NAME ARG...")
	}
	s := sessionOf(ts)
	mounted := make(chan struct{}, 1)
	p := s.start(ts, args[0], s.command(ts, append([]string{"codafs", "mount"}, args[1:]...)), func(line string) {
		if strings.Contains(line, "mounted at") {
			mounted <- struct{}{}
		}
	})
	select {
	case <-mounted:
	case <-p.ended:
		delete(s.programs, args[0])
		ts.Fatalf("mount %s ended: %v", args[0], p.ProcessState)
	case <-time.After(mountTime):
		ts.Fatalf("mount %s did not come up", args[0])
	}
}

func startCmd(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: start NAME PROGRAM ARG...")
	}
	s := sessionOf(ts)
	s.start(ts, args[0], s.command(ts, args[1:]), func(string) {})
}

func runningCmd(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: running NAME")
	}
	select {
	case <-sessionOf(ts).programs[args[0]].ended:
		ts.Fatalf("%s has ended", args[0])
	default:
	}
}

func endCmd(ts *testscript.TestScript, neg bool, args []string) {
	signals := map[string]os.Signal{"INT": os.Interrupt, "TERM": syscall.SIGTERM, "HUP": syscall.SIGHUP, "KILL": os.Kill, "none": nil}
	if neg || len(args) != 3 {
		ts.Fatalf("usage: end NAME SIGNAL CODE")
	}
	s := sessionOf(ts)
	p := s.programs[args[0]]
	if sig := signals[args[1]]; sig != nil {
		ts.Check(p.Process.Signal(sig))
	}
	select {
	case <-p.ended:
		delete(s.programs, args[0])
	case <-time.After(endTime):
		ts.Fatalf("%s did not end", args[0])
	}
	if got := strconv.Itoa(p.ProcessState.ExitCode()); got != args[2] {
		ts.Fatalf("%s ended with %s, want %s", args[0], got, args[2])
	}
}

func awaitCmd(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 3 {
		ts.Fatalf("usage: await TIME REGEXP PROGRAM ARG...")
	}
	limit, err := time.ParseDuration(args[0])
	ts.Check(err)
	want := regexp.MustCompile("(?m)" + args[1])
	started := time.Now()
	for {
		out, err := sessionOf(ts).command(ts, args[2:]).CombinedOutput()
		if want.Match(out) != neg {
			ts.Logf("after %v", time.Since(started).Round(time.Millisecond))
			return
		}
		if time.Since(started) > limit*patience() {
			ts.Fatalf("after %v: %s (%v)", time.Since(started), out, err)
		}
		time.Sleep(pollTime)
	}
}

// heldFile is a file that was open when things happened, and what was read of it before.
type heldFile struct {
	*os.File
	first []byte
}

func holdCmd(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: hold NAME FILE N")
	}
	n, err := strconv.Atoi(args[2])
	ts.Check(err)
	f, err := os.Open(ts.MkAbs(args[1]))
	ts.Check(err)
	h := &heldFile{f, make([]byte, n)}
	sessionOf(ts).files[args[0]] = h
	_, err = io.ReadFull(f, h.first)
	ts.Check(err)
}

func heldCmd(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: held NAME FILE")
	}
	h := sessionOf(ts).files[args[0]]
	delete(sessionOf(ts).files, args[0])
	rest, err := io.ReadAll(h)
	if err := errors.Join(err, h.Close()); err != nil {
		ts.Fatalf("reading %s to its end: %v", args[0], err)
	}
	if got, want := string(bytes.Join([][]byte{h.first, rest}, nil)), ts.ReadFile(args[1]); got != want {
		ts.Fatalf("%s gave %q, want %q", args[0], got, want)
	}
}
