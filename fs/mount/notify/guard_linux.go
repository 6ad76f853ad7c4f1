package notify

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/codafs/codafs/fs/mount/mountpoint"
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

// guardProcess is the server's side of its guard.
type guardProcess struct {
	ctx     context.Context // that of the server
	lost    func(error)
	batches io.Writer // batches of messages to the kernel, each after its length
	told    io.Reader // one byte for each batch that was sent
}

// StartGuard starts cmd, whose process must call [Guard], with its own end of the mount: from now on it sends the
// notifications. dir and id are those of the mount. If the guard ends before ctx, lost is called once, and this process
// goes on by itself. After the end of ctx, which is that of the server, nothing is sent. The caller must then kill cmd
// and wait for it.
func (k *Notifier) StartGuard(ctx context.Context, cmd *exec.Cmd, dir, id string, lost func(error)) error {
	dev, err := k.clone()
	if err != nil {
		return err
	}
	defer dev.Close()
	cmd.Args = append(cmd.Args, mountpoint.GuardArgs(os.Getpid(), dir, id)...)
	cmd.Dir = "/"
	cmd.ExtraFiles = []*os.File{dev}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // signals from the terminal are for others
	batches, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	told, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	k.guard = &guardProcess{ctx, lost, batches, told}
	return nil
}

// clone opens one more end of the mount, which stays open when the server's own is closed.
func (k *Notifier) clone() (*os.File, error) {
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

// send sends a batch. It returns when the guard has sent it to the kernel, or is gone.
func (g *guardProcess) send(messages [][]byte) error {
	batch := slices.Concat(messages...)
	if _, err := g.batches.Write(append(binary.NativeEndian.AppendUint32(nil, uint32(len(batch))), batch...)); err != nil {
		return err
	}
	_, err := io.ReadFull(g.told, make([]byte, 1))
	return err
}

// maxRequest is more than the longest request of the kernel: 1 MiB of data, and its headers.
const maxRequest = 2 << 20

// Guard is the work of the process that [Notifier.StartGuard] starts: it sends the batches that come on descriptor 0 to the
// kernel, confirms each on descriptor 1, and ends when the server is gone.
func Guard() {
	signal.Ignore(syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM) // it must outlive its server, but no longer
	batches, done := make(chan []byte, 1), make(chan struct{})                      // one: the next comes only after the last was confirmed
	go func() {
		defer close(done)
		for batch := range batches {
			sendBatch(guardDevice, batch)
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

// sendBatch sends messages to the kernel, each of which begins with its length. Errors do not matter: ENOENT means that
// the kernel has already forgotten the name.
func sendBatch(dev int, batch []byte) {
	for len(batch) > 0 {
		length := binary.NativeEndian.Uint32(batch)
		_, _ = unix.Write(dev, batch[:length])
		batch = batch[length:]
	}
}

// refuse answers the requests that the server had not taken when it died. The guard may wait for their answers.
func refuse(dev int) {
	refusal := -int32(syscall.ENOTCONN)
	for buf := make([]byte, maxRequest); ; {
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
