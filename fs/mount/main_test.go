//go:build linux

package mount

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/mount/mountpoint"
)

// asHelper names the environment variable that makes the test binary one of the helper programs
// in helper_test.go. Whatever reads a mount is a program of its own: a process that reads what
// it serves itself can deadlock.
const asHelper = "CODAFS_MOUNT_TEST_HELPER"

// blind has all mounts made as where nobody may see what programs are doing: the kernel then tells of every open.
var blind = flag.Bool("blind", false, "have the kernel tell of every open(2)")

func TestMain(m *testing.M) {
	if name := os.Getenv(asHelper); name != "" {
		os.Exit(helpers[name](os.Args[1:]))
	}
	os.Exit(runAll(m))
}

// runAll runs the tests in a folder of their own, below which no mount may be left over.
func runAll(m *testing.M) int {
	base, err := os.MkdirTemp("", "codafs-mount-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	os.Chmod(base, 0o755) // for the test with another user
	os.Setenv("TMPDIR", base)
	// Where python3 is a script that looks for one, each start takes a tenth of a second.
	if dir, err := exec.Command("python3", "-c", "import os, sys; print(os.path.dirname(sys.executable), end='')").Output(); err == nil {
		os.Setenv("PATH", string(dir)+":"+os.Getenv("PATH"))
	}
	flag.Parse()
	flag.Set("test.parallel", "6") // the programs of the matrix wait more than they work
	code := m.Run()
	for _, dir := range leftMounts(base) {
		fmt.Fprintln(os.Stderr, "a test left a mount behind:", dir)
		code = 1
		if _, err := mountpoint.Detach(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}
	os.RemoveAll(base)
	return code
}

// leftMounts gives the codafs mounts below base. findmnt exits with 1 where there are none.
func leftMounts(base string) []string {
	out, _ := exec.Command("findmnt", "-n", "-l", "-o", "TARGET", "-t", "fuse."+mountpoint.FSName).Output()
	var left []string
	for dir := range strings.Lines(string(out)) {
		if dir = strings.TrimSpace(dir); strings.HasPrefix(dir, base+"/") {
			left = append(left, dir)
		}
	}
	return left
}

// needFUSE skips where nothing can be mounted.
func needFUSE(t *testing.T) {
	t.Helper()
	if err := mountpoint.Check(false); err != nil {
		t.Skip("no mount tests:", err)
	}
}

// mountTree mounts root for the length of the test.
func mountTree(t *testing.T, root fs.Dir, o Options) string {
	t.Helper()
	dir, _ := mountServer(t, root, o)
	return dir
}

func mountServer(t *testing.T, root fs.Dir, o Options) (string, *Server) {
	t.Helper()
	dir, s, _ := countedMount(t, root, o)
	return dir, s
}

// tool gives a command, or skips where it is not installed.
func tool(t *testing.T, name string, args ...string) *exec.Cmd {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skip(name, "is not installed")
	}
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	return cmd
}

// output runs a command that must succeed.
func output(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := tool(t, name, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, &stderr)
	}
	return string(out)
}

// fails runs a command that must fail, and gives what it says.
func fails(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := tool(t, name, args...)
	out, err := cmd.CombinedOutput()
	if _, ok := errors.AsType[*exec.ExitError](err); !ok {
		t.Fatalf("%s: %v, want a failure\n%s", cmd, err, out)
	}
	return string(out)
}

// helper gives one of the programs in helper_test.go.
func helper(t *testing.T, name string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Env = append(os.Environ(), asHelper+"="+name, "GORACE=atexit_sleep_ms=0")
	cmd.Stderr = t.Output()
	return cmd
}

// start runs a command in the background and gives its output when it ends.
func start(t *testing.T, cmd *exec.Cmd) (result func() (string, error)) {
	t.Helper()
	var out bytes.Buffer
	cmd.Stdout = &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return func() (string, error) {
		err := cmd.Wait()
		return out.String(), err
	}
}

// eventually waits for what the kernel does in its own time and tells nobody.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !ok(); {
		if time.Now().After(deadline) {
			t.Fatal("in vain: ", what)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// scratch is a folder for copies of a mount. Their folders are read-only too, and only root can empty such ones.
func scratch(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	t.Cleanup(func() {
		if out, err := exec.Command("chmod", "-R", "u+rwX", dir).CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	})
	return dir
}

func killedBy(err error) syscall.Signal {
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.Sys().(syscall.WaitStatus).Signal()
	}
	return 0
}

func join(dir string, names ...string) string {
	return filepath.Join(append([]string{dir}, names...)...)
}
