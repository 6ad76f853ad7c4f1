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

// The kernel has a thread that tells it of a name wait for the lookups in the folder, in a way that a kill does not end; a
// lookup waits for the server; and a process lets go of its end of the mount when the last of its threads is gone. A server
// that is killed while it tells would never let go. So the guard tells: a small process with an end of its own. When the
// server dies, the kernel gives up what that had taken, which lets the guard go on, and so end. With the last end the mount is dead.

// guardDevice is the guard's descriptor of its end of the mount: the first after stderr.
const guardDevice = 3

// cloneDevice is FUSE_DEV_IOC_CLONE of linux/fuse.h.
const cloneDevice = 0x8004e500

// guardProcess is a server's guard as the server has it. It is used by one goroutine at a time.
type guardProcess struct {
	batches io.Writer // of messages to the kernel, each batch with its length before it
	told    io.Reader // a byte for each batch that the kernel was told
}

// guard starts the guard, which lives for as long as the server. Without one the server tells the kernel itself.
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
		_ = cmd.Process.Kill() // it does not end at once where it waits for lookups; these end with ctx too
		_ = cmd.Wait()         // it has nothing to say
	})
}

func (k *notifier) startGuard(cmd *exec.Cmd, dir, id string) (*guardProcess, *exec.Cmd, error) {
	dev, err := k.clone()
	if err != nil {
		return nil, nil, err
	}
	defer dev.Close()
	cmd.Args = append(cmd.Args, guardArgs(os.Getpid(), dir, id)...)
	cmd.Dir = "/"
	cmd.ExtraFiles = []*os.File{dev}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // the terminal's signals are for others
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

// clone opens one more end of the mount, which goes on when the server's own is gone.
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

// guardArgs are the last arguments of a guard. They say whose it is.
func guardArgs(server int, dir, id string) []string { return []string{strconv.Itoa(server), dir, id} }

// tell returns when the guard has told the kernel, or is gone.
func (g *guardProcess) tell(messages [][]byte) error {
	batch := slices.Concat(messages...)
	if _, err := g.batches.Write(append(binary.NativeEndian.AppendUint32(nil, uint32(len(batch))), batch...)); err != nil {
		return err
	}
	_, err := io.ReadFull(g.told, make([]byte, 1))
	return err
}

// Guard is what the process does that [Options.Guard] starts: it tells the kernel what comes on descriptor 0, and says so on
// descriptor 1, until the server is gone.
func Guard() {
	signal.Ignore(syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM) // it outlives its server, and no longer
	batches, done := make(chan []byte, 1), make(chan struct{})                      // one: no more come before the last was told
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

func readBatch(r io.Reader) ([]byte, error) {
	length := make([]byte, 4)
	if _, err := io.ReadFull(r, length); err != nil {
		return nil, err
	}
	batch := make([]byte, binary.NativeEndian.Uint32(length))
	_, err := io.ReadFull(r, batch)
	return batch, err
}

// tellBatch tells the kernel messages, each of which begins with its length. An error is ENOENT, of a name that the kernel
// has forgotten by itself.
func tellBatch(dev int, batch []byte) {
	for len(batch) > 0 {
		length := binary.NativeEndian.Uint32(batch)
		_, _ = unix.Write(dev, batch[:length])
		batch = batch[length:]
	}
}

// refuse answers what the server had not taken yet when it died. The guard may wait for the answer.
func refuse(dev int) {
	refusal := -int32(syscall.ENOTCONN)
	for buf := make([]byte, 2*fuse.MAX_KERNEL_WRITE); ; {
		n, err := unix.Read(dev, buf)
		if err == unix.EINTR || err == unix.ENOENT { // ENOENT: who asked has left
			continue
		}
		if err != nil || n < 16 {
			return
		}
		answer := binary.NativeEndian.AppendUint32(nil, 16)
		answer = binary.NativeEndian.AppendUint32(answer, uint32(refusal))
		_, _ = unix.Write(dev, append(answer, buf[8:16]...)) // fails for what wants no answer
	}
}

// killServer kills the server of a mount that has a guard, and thereby ends the mount: the way for who may not do more.
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
		if bytes.Contains(status, fmt.Appendf(nil, "\nPPid:\t%d\n", server)) { // the number is not another process's by now
			_ = syscall.Kill(server, syscall.SIGKILL)
		}
	}
}
