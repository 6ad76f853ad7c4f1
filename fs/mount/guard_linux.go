package mount

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"
)

// A thread that notifies the kernel of a name waits for the lookups in the folder, and a kill does not end this wait. A
// lookup waits for the server. And a process closes its end of the mount only when its last thread is gone. So a server
// that is killed while it notifies would keep the mount for ever. The guard notifies instead: a small process with its
// own end of the mount. When the server dies, the kernel fails the requests that the server had taken; then the guard
// goes on, and ends. With the last end closed, the mount is dead.

// guardDevice is the guard's descriptor of its end of the mount: the first after stderr.
const guardDevice = 3

// cloneDevice is FUSE_DEV_IOC_CLONE of linux/fuse.h.
const cloneDevice = 0x8004e500

// guardProcess is the server's side of its guard. Only one goroutine at a time may use it.
type guardProcess struct {
	batches io.Writer // batches of messages to the kernel, each after its length
	told    io.Reader // one byte for each batch that was sent
}

// guard starts the guard, which lives as long as the server. Without a guard the server notifies the kernel itself.
func (s *Server) guard() {
	if s.opts.Guard == nil || s.names != keep {
		return
	}
	g, cmd, err := s.notify.startGuard(s.opts.Guard(), s.dir, s.id)
	if err != nil {
		s.opts.Log.Warn("the mount has no guard: killed at the wrong moment, it leaves whoever waits for it waiting", "err", err)
		return
	}
	s.notify.guard = g
	s.start(func() {
		<-s.ctx.Done()
		_ = cmd.Process.Kill() // does not end the guard at once if it waits for lookups; these end with ctx too
		_ = cmd.Wait()         // it has nothing to say
	})
}

// startGuard starts cmd with its own end of the mount. The caller must kill and wait for it.
func (k *notifier) startGuard(cmd *exec.Cmd, dir, id string) (*guardProcess, *exec.Cmd, error) {
	dev, err := k.clone()
	if err != nil {
		return nil, nil, err
	}
	defer dev.Close()
	cmd.Args = append(cmd.Args, guardArgs(os.Getpid(), dir, id)...)
	cmd.Dir = "/"
	cmd.ExtraFiles = []*os.File{dev}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // signals from the terminal are for others
	batches, err := cmd.StdinPipe()
	if err != nil {
		return nil, nil, err
	}
	told, err := cmd.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	return &guardProcess{batches, told}, cmd, cmd.Start()
}

// clone opens one more end of the mount, which stays open when the server's own is closed.
func (k *notifier) clone() (*os.File, error) {
	if k.dev < 0 {
		return nil, os.ErrNotExist
	}
	dev, err := os.OpenFile("/dev/fuse", os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	if err := unix.IoctlSetPointerInt(int(dev.Fd()), cloneDevice, k.dev); err != nil {
		dev.Close()
		return nil, fmt.Errorf("a second end of the mount: %w", err)
	}
	return dev, nil
}

// guardArgs are the last arguments of a guard. They identify the mount.
func guardArgs(server int, dir, id string) []string { return []string{strconv.Itoa(server), dir, id} }

// tell sends a batch. It returns when the guard has sent it to the kernel, or is gone.
func (g *guardProcess) tell(messages [][]byte) error {
	batch := slices.Concat(messages...)
	if _, err := g.batches.Write(append(binary.NativeEndian.AppendUint32(nil, uint32(len(batch))), batch...)); err != nil {
		return err
	}
	_, err := io.ReadFull(g.told, make([]byte, 1))
	return err
}

// Guard is the work of the process that [Options.Guard] starts: it sends the batches that come on descriptor 0 to the
// kernel, confirms each on descriptor 1, and ends when the server is gone.
func Guard() {
	signal.Ignore(syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM) // it must outlive its server, but no longer
	batches, done := make(chan []byte, 1), make(chan struct{})                      // one: the next comes only after the last was confirmed
	go func() {
		defer close(done)
		for batch := range batches {
			tellBatch(guardDevice, batch)
			_, _ = os.Stdout.Write([]byte{1})
		}
	}()
	for {
		batch, err := readBatch(os.Stdin)
		if err != nil {
			break
		}
		batches <- batch
	}
	close(batches)
	go refuse(guardDevice)
	<-done
}

// readBatch reads one batch, without its length. An error means that the server is gone.
func readBatch(r io.Reader) ([]byte, error) {
	length := make([]byte, 4)
	if _, err := io.ReadFull(r, length); err != nil {
		return nil, err
	}
	batch := make([]byte, binary.NativeEndian.Uint32(length))
	_, err := io.ReadFull(r, batch)
	return batch, err
}

// tellBatch sends messages to the kernel, each of which begins with its length. Errors do not matter: ENOENT means that
// the kernel has already forgotten the name.
func tellBatch(dev int, batch []byte) {
	for len(batch) > 0 {
		length := binary.NativeEndian.Uint32(batch)
		_, _ = unix.Write(dev, batch[:length])
		batch = batch[length:]
	}
}

// refuse answers the requests that the server had not taken when it died. The guard may wait for their answers.
func refuse(dev int) {
	refusal := -int32(syscall.ENOTCONN)
	for buf := make([]byte, 2*fuse.MAX_KERNEL_WRITE); ; {
		n, err := unix.Read(dev, buf)
		if err == unix.EINTR || err == unix.ENOENT { // the caller has left
			continue
		}
		if err != nil || n < 16 {
			return
		}
		answer := binary.NativeEndian.AppendUint32(nil, 16)
		answer = binary.NativeEndian.AppendUint32(answer, uint32(refusal))
		_, _ = unix.Write(dev, append(answer, buf[8:16]...)) // fails for requests that want no answer
	}
}

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
