package main

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/coda/codatest/openapitest"
	"github.com/rogpeppe/go-internal/testscript"
)

// The scripts in testdata/script run the real program, built with the race detector, against the
// stand-in service on a real socket. What they may use beside testscript's own commands:
//
//	serve sample|hostile [PAGESIZE]  start the service; sets CODAFS_API_URL and CODA_API_TOKEN
//	fault METHOD PATH KIND [TIMES]   make requests go wrong; KIND is a status or a codatest.Kind
//	heal                             undo all faults
//	sent METHOD PATH N               the service has had N requests that match (regular expression)
//	mount NAME ARG...                codafs mount ARG..., until it says that it is mounted
//	end NAME SIGNAL CODE             end that mount and look at its exit code
//
// At the end no file that a script left may hold the token.
const scriptToken = "5c1f7a52-9d0e-4a53-b6a1-token-of-the-scripts"

func TestScripts(t *testing.T) {
	bin := buildProgram(t)
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			s := &session{t: e.T().(testing.TB), work: e.WorkDir, mounts: map[string]*exec.Cmd{}}
			e.Values["session"] = s
			e.Defer(s.close)
			e.Setenv("PATH", filepath.Dir(bin)+string(filepath.ListSeparator)+e.Getenv("PATH"))
			for _, home := range []string{"HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"} {
				e.Setenv(home, filepath.Join(e.WorkDir, ".home"))
			}
			return writeConfig(filepath.Join(e.WorkDir, ".home", "codafs"))
		},
		Condition: condition,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"serve": serveCmd, "fault": faultCmd, "heal": healCmd, "sent": sentCmd, "mount": mountCmd, "end": endCmd,
		},
	})
}

// writeConfig lifts the rate limits, which have tests of their own.
func writeConfig(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	rates := `rate = ["list=1000/1s", "read=1000/1s", "export=1000/1s"]` + "\n"
	return os.WriteFile(filepath.Join(dir, "config.toml"), []byte(rates), 0o600)
}

// condition knows [fuse] beside testscript's own.
func condition(name string) (bool, error) {
	if name != "fuse" {
		return false, fmt.Errorf("no condition %q", name)
	}
	_, err := os.Stat("/dev/fuse")
	return err == nil, nil
}

func buildProgram(t *testing.T) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "codafs")
	out, err := exec.Command("go", "build", "-race", "-o", bin, ".").CombinedOutput()
	if err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return bin
}

// session is what one script has started.
type session struct {
	t       testing.TB
	work    string
	service *codatest.Server
	mounts  map[string]*exec.Cmd
}

func sessionOf(ts *testscript.TestScript) *session { return ts.Value("session").(*session) }

func (s *session) close() {
	for name, m := range s.mounts {
		s.t.Errorf("the script left the mount %s behind", name)
		_ = m.Process.Signal(os.Interrupt)
		_ = m.Wait()
	}
	_ = filepath.WalkDir(s.work, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		if b, err := os.ReadFile(path); err == nil && strings.Contains(string(b), scriptToken) {
			s.t.Errorf("%s holds the token", path)
		}
		return nil
	})
}

func serveCmd(ts *testscript.TestScript, neg bool, args []string) {
	workspaces := map[string]func() *codatest.Workspace{"sample": codatest.Sample, "hostile": codatest.Hostile}
	if neg || len(args) == 0 || workspaces[args[0]] == nil {
		ts.Fatalf("usage: serve sample|hostile [PAGESIZE]")
	}
	s := sessionOf(ts)
	o := codatest.Options{Token: scriptToken}
	if len(args) > 1 {
		n, err := strconv.Atoi(args[1])
		ts.Check(err)
		o.PageSize = n
	}
	downloads, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	o.Downloads = "http://" + downloads.Addr().String()
	s.service = codatest.New(workspaces[args[0]](), o)
	handler := openapitest.Wrap(s.t, s.service)
	api := httptest.NewServer(handler)
	files := &http.Server{Handler: handler}
	go func() { _ = files.Serve(downloads) }()
	ts.Defer(func() { api.Close(); _ = files.Close() })
	ts.Setenv("CODAFS_API_URL", api.URL+codatest.Base)
	ts.Setenv("CODA_API_TOKEN", scriptToken)
}

func faultCmd(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: fault METHOD PATH KIND [TIMES]")
	}
	f := codatest.Fault{Method: args[0], Path: args[1], Kind: codatest.Kind(args[2])}
	if status, err := strconv.Atoi(args[2]); err == nil {
		f.Kind, f.Status = codatest.Status, status
	}
	if len(args) > 3 {
		n, err := strconv.Atoi(args[3])
		ts.Check(err)
		f.Times = n
	}
	if f.Status/100 == 3 {
		f.Header = http.Header{"Location": {"https://elsewhere.invalid/"}}
	}
	sessionOf(ts).service.Fail(f)
}

func healCmd(ts *testscript.TestScript, _ bool, _ []string) { sessionOf(ts).service.Heal() }

func sentCmd(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: sent METHOD PATH N")
	}
	want, err := strconv.Atoi(args[2])
	ts.Check(err)
	path := regexp.MustCompile("^" + args[1] + "$")
	got := sessionOf(ts).service.Count(func(r codatest.Request) bool { return r.Method == args[0] && path.MatchString(r.Path) })
	if got != want {
		ts.Fatalf("%s %s was sent %d times, want %d", args[0], args[1], got, want)
	}
}

// mountTime is how long a mount may take to come up before the script fails.
const mountTime = 30 * time.Second

func mountCmd(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: mount NAME ARG...")
	}
	s := sessionOf(ts)
	cmd := exec.Command("codafs", append([]string{"mount"}, args[1:]...)...)
	path, err := exec.LookPath(filepath.Join(strings.Split(ts.Getenv("PATH"), string(filepath.ListSeparator))[0], "codafs"))
	ts.Check(err)
	cmd.Path, cmd.Err, cmd.Dir = path, nil, ts.MkAbs(".")
	for _, name := range []string{"PATH", "HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "CODAFS_API_URL", "CODA_API_TOKEN"} {
		cmd.Env = append(cmd.Env, name+"="+ts.Getenv(name))
	}
	stderr, err := cmd.StderrPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	s.mounts[args[0]] = cmd
	mounted := make(chan bool, 1)
	go func() {
		lines := bufio.NewScanner(stderr)
		for lines.Scan() {
			ts.Logf("[mount %s] %s", args[0], lines.Text())
			if strings.Contains(lines.Text(), "mounted at") {
				mounted <- true
			}
		}
		close(mounted)
	}()
	select {
	case ok := <-mounted:
		if !ok {
			ts.Fatalf("mount %s ended: %v", args[0], cmd.Wait())
		}
	case <-time.After(mountTime):
		ts.Fatalf("mount %s did not come up", args[0])
	}
}

func endCmd(ts *testscript.TestScript, neg bool, args []string) {
	signals := map[string]os.Signal{"INT": os.Interrupt, "TERM": syscall.SIGTERM, "KILL": os.Kill, "none": nil}
	if neg || len(args) != 3 {
		ts.Fatalf("usage: end NAME SIGNAL CODE")
	}
	s := sessionOf(ts)
	cmd := s.mounts[args[0]]
	delete(s.mounts, args[0])
	if sig := signals[args[1]]; sig != nil {
		ts.Check(cmd.Process.Signal(sig))
	}
	err := cmd.Wait()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		ts.Check(err)
	}
	if got := strconv.Itoa(cmd.ProcessState.ExitCode()); got != args[2] {
		ts.Fatalf("mount %s ended with %s, want %s", args[0], got, args[2])
	}
}
