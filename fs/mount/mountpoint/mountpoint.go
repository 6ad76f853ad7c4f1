//go:build linux || darwin

package mountpoint

import (
	"errors"
	"fmt"
	iofs "io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Info describes the mount at a folder: the topmost one, if there are several. It is as of one look at the mount table.
type Info struct {
	ID   string   // unique among the mounts of one time; the kernel does not reuse it before it has closed the mount
	Ours bool     // it is a codafs mount
	Over []string // IDs of codafs mounts that it covers; on macOS always none
}

// StateOf reports what dir is. A folder that does not exist is Plain. If the server does not answer, the state is Live
// and the error is [os.ErrDeadlineExceeded].
func StateOf(dir string) (State, error) {
	path, err := realPath(dir)
	if err != nil {
		return Plain, err
	}
	m, ok := At(path)
	switch {
	case !ok:
		return Plain, nil
	case !m.Ours && len(m.Over) > 0:
		return Covered, nil
	case !m.Ours:
		return Other, nil
	}
	switch err := askServer(path); {
	case err == nil:
		return Live, nil
	case errors.Is(err, syscall.ENOTCONN), errors.Is(err, syscall.ECONNABORTED), errors.Is(err, syscall.ENXIO):
		return Dead, nil
	default:
		return Live, fmt.Errorf("asking the mount at %s: %w", dir, err)
	}
}

// Unmount unmounts the codafs mount at dir, whichever process serves it, and lazily if files are open in it. A mount
// that does not answer any more is ended first, so that programs that wait for it get an error; its process may be
// killed for this. If nothing or something else is mounted, the error is [ErrNotMounted]; if something else covers the
// mount, [ErrCovered].
func Unmount(dir string) error {
	path, err := realPath(dir)
	if err != nil {
		return err
	}
	m, ok := At(path)
	if ok && !m.Ours && len(m.Over) > 0 {
		return fmt.Errorf("%s: %w", dir, ErrCovered)
	}
	if !ok || !m.Ours {
		return fmt.Errorf("%s: %w", dir, ErrNotMounted)
	}
	if errors.Is(askServer(path), os.ErrDeadlineExceeded) {
		abort(path, m)
	}
	if _, err := Detach(path); err != nil {
		return fmt.Errorf("unmounting %s: %w", dir, err)
	}
	return nil
}

// answersWithin is how long a server may take for a request that it answers by itself.
const answersWithin = 5 * time.Second

// askServer sends the server of the mount at path a request whose answer is never cached: attributes of a dead mount
// may be in the kernel's cache. A server that is stopped, or was killed during a notification, does not answer: then the
// error is [os.ErrDeadlineExceeded], and the goroutine that asked stays behind until the mount ends.
func askServer(path string) error {
	answer := make(chan error, 1)
	go func() { // nothing interrupts the request; at the latest it ends with the process
		var st unix.Statfs_t
		answer <- unix.Statfs(path, &st)
	}()
	select {
	case err := <-answer:
		return err
	case <-time.After(answersWithin):
		return fmt.Errorf("no answer in %v: `codafs unmount` ends it: %w", answersWithin, os.ErrDeadlineExceeded)
	}
}

// maxLinks is how many symbolic links on the way to a mountpoint are followed.
const maxLinks = 40

// realPath returns dir as it is in the mount table: absolute and without links. It does not stat a mount's root or look
// below it: that would hang if its server does not answer.
func realPath(dir string) (string, error) {
	path, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	for range maxLinks {
		parent, err := filepath.EvalSymlinks(filepath.Dir(path))
		if errors.Is(err, iofs.ErrNotExist) {
			return path, nil
		}
		if err != nil {
			return "", err
		}
		if path != filepath.Dir(path) {
			path = filepath.Join(parent, filepath.Base(path))
		}
		if _, ok := At(path); ok {
			return path, nil
		}
		target, err := os.Readlink(path)
		switch {
		case err != nil:
			return path, nil // not a link
		case filepath.IsAbs(target):
			path = filepath.Clean(target)
		default:
			path = filepath.Join(parent, target)
		}
	}
	return "", &iofs.PathError{Op: "readlink", Path: dir, Err: syscall.ELOOP}
}
