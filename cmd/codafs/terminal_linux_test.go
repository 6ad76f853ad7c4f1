package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/codafs/codafs/cmd/codafs/internal/term"
	"github.com/codafs/codafs/coda/codatest"
	"golang.org/x/sys/unix"
)

// openTerminal gives a terminal so many columns wide: what a program writes to it, its user reads.
func openTerminal(t *testing.T, columns uint16) (user, program *os.File) {
	t.Helper()
	user, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no terminals here: %v", err)
	}
	t.Cleanup(func() { user.Close() })
	fd := int(user.Fd())
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		err = unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: columns})
	}
	if err == nil {
		program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	return user, program
}

// onTerminal runs 'codafs snapshot' on a terminal, for a few seconds, and gives what its user saw.
func onTerminal(t *testing.T, bin string, columns uint16, env ...string) (seen string, took time.Duration) {
	t.Helper()
	_, apiURL := listen(t, codatest.Sample(), codatest.Options{Latency: 200 * time.Millisecond}, nil)
	user, program := openTerminal(t, columns)
	dir := t.TempDir()
	cmd := exec.Command(bin, "snapshot", "--output", filepath.Join(dir, "backups"), "--cache-dir", filepath.Join(dir, "cache"), "--api-url", apiURL,
		"--rate", "list=1000/1s", "--rate", "read=1000/1s", "--rate", "export=1000/1s")
	cmd.Env = append(os.Environ(), append(env, "CODA_API_TOKEN=any", "XDG_CONFIG_HOME="+filepath.Join(dir, "config"))...)
	cmd.Stderr = program
	start := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	program.Close()
	var screen bytes.Buffer
	_, _ = io.Copy(&screen, user) // ends with an error when nobody has the terminal open any more
	took = time.Since(start)
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v\n%s", err, screen.String())
	}
	return screen.String(), took
}

func TestProgressOnATerminal(t *testing.T) {
	bin := testedProgram(t)
	const columns = 50
	drawn := regexp.MustCompile(`\r(listing|\[)[^\r\n]*`)
	for _, env := range [][]string{{"TERM=xterm"}, {"TERM=xterm", "NO_COLOR=1"}} {
		seen, took := onTerminal(t, bin, columns, env...)
		lines := drawn.FindAllString(seen, -1)
		t.Logf("%v: redrawn %d times in %v", env, len(lines), took)
		if most := int(10*took.Seconds()) + 1; len(lines) < 3 || len(lines) > most {
			t.Errorf("%v: redrawn %d times, want 3 to %d", env, len(lines), most)
		}
		for _, l := range lines {
			if term.Width(l)-1 >= columns {
				t.Errorf("%q is too wide", l)
			}
		}
		for _, want := range []string{"listing the workspace, ", "%, ", "/21 pages"} {
			if !strings.Contains(strings.Join(lines, "\n"), want) {
				t.Errorf("%v: no line says %q: %q", env, want, lines)
			}
		}
		// The line is wiped out before the last words, which have colors unless nobody wants them.
		result, escapes := `\x1b\[32mcomplete\x1b\[0m`, 2
		if len(env) > 1 {
			result, escapes = "complete", 0
		}
		if !regexp.MustCompile(`\r +\rcodafs: `+result+`: [^\r]*\r\n$`).MatchString(seen) || strings.Count(seen, "\x1b") != escapes {
			t.Errorf("%v: seen %q", env, seen)
		}
	}
	seen, _ := onTerminal(t, bin, columns, "TERM=dumb")
	if strings.Count(seen, "\n") != 1 || strings.Contains(strings.ReplaceAll(seen, "\r\n", ""), "\r") {
		t.Errorf("a dumb terminal shows %q", seen)
	}
}

// A run that waits for the service says so in plain words: why, since when and until when. No line of a log comes
// between, unless one is asked for.
func TestAnOutageOnATerminal(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		args []string
		want string
		log  bool
	}{
		{"snapshot", []string{"snapshot", "--output", "backups"}, `\r +\rcodafs: Coda cannot be reached since \d\d:\d\d:\d\d: dial tcp 127.0.0.1:1: [^\r]*refused; ` +
			`waiting for it until \d\d:\d\d:\d\d at the latest\r\n`, false},
		{"asked for a log", []string{"ls", "docs", "--max-retries", "2", "--log-level", "info"}, `no good answer, will send again`, true},
		{"ls", []string{"ls", "docs", "--max-retries", "1"}, `codafs: GET /docs: unreachable: `, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			user, program := openTerminal(t, 100)
			cmd := exec.Command(testedProgram(t), append(c.args, "--cache-dir", "cache", "--api-url", "http://127.0.0.1:1/apis/v1")...)
			cmd.Dir = t.TempDir()
			cmd.Env = append(os.Environ(), "TERM=xterm", "CODA_API_TOKEN=any", "XDG_CONFIG_HOME="+cmd.Dir)
			cmd.Stderr = program
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			program.Close()
			want, seen, some := regexp.MustCompile(c.want), "", make([]byte, 1024)
			for n, err := 0, error(nil); err == nil; n, err = user.Read(some) {
				if seen += string(some[:n]); want.MatchString(seen) {
					_ = cmd.Process.Signal(os.Interrupt) // unless it has ended
				}
			}
			_ = cmd.Wait()
			if !want.MatchString(seen) || strings.Contains(seen, "level=") != c.log {
				t.Errorf("seen %q", seen)
			}
		})
	}
}

// Whoever has to wait is told for what, and until when; the line goes before the answer comes.
func TestWaitsOnATerminal(t *testing.T) {
	t.Parallel()
	service, apiURL := listen(t, codatest.Sample(), codatest.Options{}, nil)
	service.Fail(codatest.Fault{Path: "/docs", Status: 429, Times: 1, Header: http.Header{"Retry-After": {"3"}}})
	user, program := openTerminal(t, 100)
	dir := t.TempDir()
	cmd := exec.Command(testedProgram(t), "ls", "docs", "--cache-dir", filepath.Join(dir, "cache"), "--api-url", apiURL)
	cmd.Env = append(os.Environ(), "TERM=xterm", "CODA_API_TOKEN=any", "XDG_CONFIG_HOME="+filepath.Join(dir, "config"))
	cmd.Stdout, cmd.Stderr = program, program
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	program.Close()
	var screen bytes.Buffer
	_, _ = io.Copy(&screen, user)
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v\n%s", err, screen.String())
	}
	shown := regexp.MustCompile(`^(\rcodafs: ls waits [01]s more, until \d\d:\d\d:\d\d: Coda asked for a pause \(list\))+\r +\r[^\r]+__[^\r]+\r\n`)
	if seen := screen.String(); !shown.MatchString(seen) || strings.Count(seen, "\n") != 3 {
		t.Errorf("seen %q", seen)
	}
}
