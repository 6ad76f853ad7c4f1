package mountpoint

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// GuardArgs are the last arguments of a server's guard (package notify). They show everybody which process serves the
// mount with an id at dir.
func GuardArgs(server int, dir, id string) []string { return []string{strconv.Itoa(server), dir, id} }

// killServer kills the server of a mount that has a guard, which ends the mount: the way for users who may do no more.
func killServer(dir, id string) {
	lines, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, path := range lines {
		line, _ := os.ReadFile(path)
		args := bytes.Split(bytes.TrimSuffix(line, []byte{0}), []byte{0})
		if len(args) < 4 {
			continue
		}
		args = args[len(args)-3:]
		server, err := strconv.Atoi(string(args[0]))
		if err != nil || string(args[1]) != dir || string(args[2]) != id {
			continue
		}
		status, _ := os.ReadFile(filepath.Join(filepath.Dir(path), "status"))
		if bytes.Contains(status, fmt.Appendf(nil, "\nPPid:\t%d\n", server)) { // else the number may be that of another process by now
			_ = syscall.Kill(server, syscall.SIGKILL)
		}
	}
}
