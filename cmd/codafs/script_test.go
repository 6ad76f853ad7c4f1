package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/codafs/codafs/coda/codatest"
	"github.com/codafs/codafs/fs/mount/mountpoint"
	"github.com/rogpeppe/go-internal/testscript"
)

// The scripts in testdata/script run the real program, some of them with the race detector (see sampledProgram), against the
// stand-in service on a real socket. What they may use beside testscript's own commands:
//
//	serve sample|hostile|calendar|generated|pinned [KEY=VALUE...]
//	                                 start the service; sets CODAFS_API_URL and CODA_API_TOKEN. Keys are page-size, latency,
//	                                 write-time (until a write is carried out),
//	                                 behind (how long ago edits are made; those of the last ten minutes are young)
//	                                 and, for what is generated, docs, pages, tables, rows: how many (a doc, a doc, a table).
//	                                 What is pinned has Coda's own address, see fixture_service_test.go
//	edit KIND DOC OBJECT ARG...      change the workspace: see editCmd
//	fault METHOD PATH KIND [TIMES [DELAY]]
//	                                 make requests go wrong; KIND is a status or a codatest.Kind, as lacks=ID; TIMES 0 is for good
//	heal                             undo all faults
//	sent METHOD PATH N               the service has had N requests that match (regular expression)
//	asked METHOD PATH                wait until the service has had such a request
//	tomorrow                         the clock of the service goes on by a day; no stamp does
//	recount                          from here on sent counts from 0
//	answered N                       the service has answered N requests
//	mount NAME ARG...                codafs mount ARG..., until it says that it is mounted
//	start NAME PROGRAM ARG...        a program in the background
//	running NAME                     that program or mount has not ended
//	end NAME SIGNAL CODE             end that mount or program and look at its exit code; -1 is death by the signal
//	[!] await TIME REGEXP PROGRAM ARG...
//	                                 run the program until its output matches; TIME may pass (see patience)
//	listen                           be the service manager of what starts from here on
//	notified STATE                   wait for what it is told next, which must be STATE
//	hold NAME FILE N                 open a file and read its first N bytes
//	held NAME FILE                   the rest of what is held by that name, and that FILE (a copy) is just that
//
// At the end no file that a script left may hold the token.
const scriptToken = "5c1f7a52-9d0e-4a53-b6a1-token-of-the-scripts"

// goRace keeps programs that the race detector is in from sleeping a second each when they end.
const goRace = "atexit_sleep_ms=10"

func TestScripts(t *testing.T) {
	if signal.Ignored(syscall.SIGHUP) { // under nohup; what the scripts start is to get it nevertheless
		signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	}
	p := scriptParams(sampledProgram)
	p.Dir = "testdata/script"
	testscript.Run(t, p)
}

// scriptParams has each script run the program that is chosen for its test.
func scriptParams(choose func(testing.TB) string) testscript.Params {
	return testscript.Params{
		Setup: func(e *testscript.Env) error {
			t := e.T().(testing.TB)
			bin := choose(t)
			s := &session{t: t, bin: bin, work: e.WorkDir, programs: map[string]*program{}, files: map[string]*heldFile{}}
			e.Values["session"] = s
			e.Defer(s.close)
			e.Setenv("PATH", filepath.Dir(bin)+string(filepath.ListSeparator)+e.Getenv("PATH"))
			packaging, err := filepath.Abs("packaging")
			if err != nil {
				return err
			}
			e.Setenv("PACKAGING", packaging)
			e.Setenv("GORACE", goRace)
			for _, home := range []string{"HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"} {
				e.Setenv(home, filepath.Join(e.WorkDir, ".home"))
			}
			return writeConfig(filepath.Join(e.WorkDir, ".home", "codafs"))
		},
		Condition: condition,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"serve": serveCmd, "edit": editCmd, "fault": faultCmd, "heal": healCmd, "tomorrow": tomorrowCmd,
			"sent": sentCmd, "asked": askedCmd, "recount": recountCmd, "answered": answeredCmd,
			"mount": mountCmd, "start": startCmd, "running": runningCmd, "end": endCmd,
			"listen": listenCmd, "notified": notifiedCmd,
			"await": awaitCmd, "hold": holdCmd, "held": heldCmd,
		},
	}
}

// writeConfig lifts the rate limits, and leaves out images and the pages' HTML: both have scripts of their own, and most others
// count requests and files.
func writeConfig(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	settings := `rate = ["list=1000/1s", "read=1000/1s", "export=1000/1s", "content=1000/1s"]` + "\nfiles = false\n"
	return os.WriteFile(filepath.Join(dir, "config.toml"), []byte(settings), 0o600)
}

// condition knows [fuse] and [unshare] (a mount table of one's own) beside testscript's own.
func condition(name string) (bool, error) {
	switch name {
	case "fuse":
		return mountpoint.Check(false) == nil, nil
	case "unshare":
		return exec.Command("unshare", "--mount", "true").Run() == nil, nil
	}
	return false, fmt.Errorf("no condition %q", name)
}

// needFUSE skips where nothing can be mounted.
func needFUSE(tb testing.TB) {
	tb.Helper()
	if err := mountpoint.Check(false); err != nil {
		tb.Skip("no mount tests:", err)
	}
}

// session is what one script has started.
type session struct {
	t         testing.TB
	bin       string
	work      string
	workspace *codatest.Workspace
	service   *codatest.Server
	counted   int // requests that sent does not count
	programs  map[string]*program
	files     map[string]*heldFile
	notify    net.Conn     // the service manager's
	days      atomic.Int64 // that the calendar went on
}

func sessionOf(ts *testscript.TestScript) *session { return ts.Value("session").(*session) }

func (s *session) close() {
	for _, f := range s.files {
		f.Close()
	}
	for name, p := range s.programs {
		s.t.Errorf("the script left %s behind", name)
		_ = p.Process.Signal(os.Interrupt)
		select {
		case <-p.ended:
		case <-time.After(endTime):
			_ = p.Process.Kill()
			<-p.ended
		}
	}
	s.unmountAll()
	s.onlyRead()
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

// writers are the scripts that may change the workspace.
var writers = []string{"append", "apply", "doubt", "undo"}

// onlyRead checks that nothing but the commands for it has changed the workspace: all else are GETs, and starts of exports.
func (s *session) onlyRead() {
	if s.service == nil || slices.Contains(writers, path.Base(s.t.Name())) {
		return
	}
	for _, r := range s.service.Requests() {
		if r.Method != http.MethodGet && !(r.Method == http.MethodPost && strings.HasSuffix(r.Path, "/export")) {
			s.t.Errorf("the script sent %s %s", r.Method, r.Path)
		}
	}
}

// unmountAll unmounts what a script that failed left mounted: to read it would be to ask a service
// that is gone.
func (s *session) unmountAll() {
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return // another system
	}
	for line := range strings.Lines(string(mounts)) {
		if dir := strings.Fields(line)[1]; strings.HasPrefix(dir, s.work+"/") {
			s.t.Errorf("the script left a mount at %s: %v", dir, exec.Command(s.bin, "unmount", dir).Run())
		}
	}
}
