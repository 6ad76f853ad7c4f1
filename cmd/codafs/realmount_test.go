package main

import (
	"bufio"
	"errors"
	iofs "io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/codafs/codafs/coda/codatest"
)

// realService is a workspace on real sockets, and the real program to read it with.
type realService struct {
	dir     string // for caches and mountpoints
	bin     string // the program
	url     string // of the API
	service *codatest.Server
}

// realMount is a realService that the program has mounted.
type realMount struct {
	realService
	dir string // the mountpoint
}

// serveReal serves a workspace until the test or benchmark ends.
func serveReal(tb testing.TB, w *codatest.Workspace, o codatest.Options) realService {
	tb.Helper()
	dir := tb.TempDir()
	bin := plainProgram(tb)
	service, url := listen(tb, w, o, nil)
	return realService{dir, bin, url, service}
}

// command runs the program with what it needs to reach the service.
func (r realService) command(args ...string) *exec.Cmd {
	cmd := exec.Command(r.bin, args...)
	cmd.Env = append(os.Environ(), "CODAFS_API_URL="+r.url, "CODAFS_CACHE_DIR="+filepath.Join(r.dir, "cache"),
		"CODA_API_TOKEN=any", "XDG_CONFIG_HOME="+filepath.Join(r.dir, "config"))
	return cmd
}

// mount starts a mount at mnt, a folder that it makes, and returns when it is there. ended gives what the program
// said after that, and how it ended.
func (r realService) mount(tb testing.TB, mnt string, args ...string) (cmd *exec.Cmd, ended func() (string, error)) {
	tb.Helper()
	needFUSE(tb)
	if err := os.Mkdir(mnt, 0o700); err != nil && !errors.Is(err, iofs.ErrExist) {
		tb.Fatal(err)
	}
	cmd = r.command(append([]string{"mount", mnt}, args...)...)
	stderr, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		tb.Fatal(err)
	}
	lines := bufio.NewScanner(stderr)
	if !lines.Scan() || !strings.Contains(lines.Text(), "mounted at") {
		tb.Fatalf("%q, %v", lines.Text(), cmd.Wait())
	}
	type end struct {
		said string
		err  error
	}
	over := make(chan end, 1)
	go func() {
		var said strings.Builder
		for lines.Scan() {
			said.WriteString(lines.Text() + "\n")
		}
		over <- end{said.String(), cmd.Wait()}
	}()
	return cmd, func() (string, error) { e := <-over; return e.said, e.err }
}

// mountReal mounts a workspace until the test or benchmark ends.
func mountReal(tb testing.TB, w *codatest.Workspace, o codatest.Options, args ...string) realMount {
	tb.Helper()
	m := realMount{realService: serveReal(tb, w, o)}
	m.dir = filepath.Join(m.realService.dir, "mnt")
	cmd, ended := m.mount(tb, m.dir, args...)
	tb.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		said, err := ended()
		if tb.Log(said); err != nil {
			tb.Error(err)
		}
	})
	return m
}
