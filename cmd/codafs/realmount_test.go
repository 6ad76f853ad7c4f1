package main

import (
	"bufio"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/codafs/codafs/coda/codatest"
)

// realMount is a workspace on real sockets, mounted by the real program.
type realMount struct {
	dir     string
	bin     string // the program
	url     string // of the API
	service *codatest.Server
}

// mountReal mounts a workspace until the test or benchmark ends.
func mountReal(tb testing.TB, w *codatest.Workspace, o codatest.Options, args ...string) realMount {
	tb.Helper()
	if ok, _ := condition("fuse"); !ok {
		tb.Skip("no FUSE: /dev/fuse is missing")
	}
	dir := tb.TempDir()
	bin, mnt := filepath.Join(dir, "codafs"), filepath.Join(dir, "mnt")
	if out, err := exec.Command("go", "build", "-o", bin, ".").CombinedOutput(); err != nil {
		tb.Fatalf("go build: %v\n%s", err, out)
	}
	if err := os.Mkdir(mnt, 0o700); err != nil {
		tb.Fatal(err)
	}
	downloads, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	o.Downloads = "http://" + downloads.Addr().String()
	service := codatest.New(w, o)
	files := &http.Server{Handler: service}
	go func() { _ = files.Serve(downloads) }()
	api := httptest.NewServer(service)
	tb.Cleanup(func() { api.Close(); _ = files.Close() })

	cmd := exec.Command(bin, append([]string{"mount", "--cache-dir", filepath.Join(dir, "cache"), "--api-url", api.URL + codatest.Base, mnt}, args...)...)
	cmd.Env = append(os.Environ(), "CODA_API_TOKEN=any", "XDG_CONFIG_HOME="+filepath.Join(dir, "config"))
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
	ended := make(chan error)
	go func() {
		for lines.Scan() {
			tb.Log(lines.Text())
		}
		ended <- cmd.Wait()
	}()
	tb.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		if err := <-ended; err != nil {
			tb.Error(err)
		}
	})
	return realMount{mnt, bin, api.URL + codatest.Base, service}
}
