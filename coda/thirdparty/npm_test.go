package thirdparty

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// patience bounds all waits for a program: it is far more than any needs.
const patience = 2 * time.Minute

// node is a command that runs a script of testdata. It sees nothing of the environment that
// could have it ask a proxy, start more processes, or find a token.
func node(ctx context.Context, t *testing.T, script string, args ...string) *exec.Cmd {
	t.Helper()
	path, err := exec.LookPath("node")
	if err != nil {
		t.Skip("Node.js is not installed: other people's programs are not tried")
	}
	// npm writes this file when all packages are there.
	if _, err := os.Stat("testdata/node_modules/.package-lock.json"); err != nil {
		t.Skip("the npm packages are not installed ('make thirdparty' does it): other people's programs are not tried")
	}
	cmd := exec.CommandContext(ctx, path, append([]string{filepath.Join("testdata", script)}, args...)...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "NO_COLOR=1"}
	return cmd
}
