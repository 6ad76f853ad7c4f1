//go:build unix

package thirdparty

import (
	"bytes"
	"context"
	"os"
	"regexp"
	"sync"
	"syscall"
	"testing"

	"github.com/codafs/codafs/coda/codatest/openapitest"
)

const prismCLI = "node_modules/@stoplight/prism-cli/dist/index.js"

// startPrism starts a mock server of the OpenAPI file, which needs no repairs for it, and gives
// its address. It ends with the test.
func startPrism(t *testing.T) (address string) {
	t.Helper()
	openapitest.Need(t)
	// Port 0: the system chooses a free one, and prism says which.
	cmd := node(t.Context(), t, prismCLI, "mock", "--host", "127.0.0.1", "--port", "0", os.Getenv(openapitest.Variable))
	said := &prismLog{listening: make(chan string, 1)}
	cmd.Stdout, cmd.Stderr = said, said
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) } // with all that prism started
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		<-ended // the test's context is done by now
		if t.Failed() {
			t.Logf("prism said:\n%s", said.text())
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	select {
	case address = <-said.listening:
	case err := <-ended:
		ended <- err // for the cleanup
		t.Fatalf("prism ended: %v", err)
	case <-ctx.Done():
		t.Fatal("prism did not start")
	}
	return address
}

// prismLog is what prism says. It starts with a line for each operation of the file, which is
// of no interest later.
type prismLog struct {
	listening chan string // gets the address, once

	mu   sync.Mutex // guards what follows
	said bytes.Buffer
	up   bool
}

var listening = regexp.MustCompile(`(?s)^.*Prism is listening on (http://127\.0\.0\.1:[0-9]+)\s`)

func (l *prismLog) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.said.Write(b)
	if m := listening.FindSubmatch(l.said.Bytes()); m != nil && !l.up {
		l.up = true
		l.listening <- string(m[1])
		l.said.Next(len(m[0]))
	}
	return len(b), nil
}

func (l *prismLog) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.said.String()
}
