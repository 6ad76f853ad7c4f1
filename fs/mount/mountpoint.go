//go:build linux || darwin

package mount

import (
	"errors"
	"fmt"
	iofs "io/fs"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// mountInfo is what is mounted at a folder: the topmost mount, where there are several.
type mountInfo struct {
	id   string // no two mounts have it at a time
	ours bool   // it is a codafs mount
}

// StateOf tells what dir is. A folder that does not exist is Plain.
func StateOf(dir string) (State, error) {
	path, err := realPath(dir)
	if err != nil {
		return Plain, err
	}
	m, ok := mountAt(path)
	switch {
	case !ok:
		return Plain, nil
	case !m.ours:
		return Other, nil
	}
	// Attributes of a dead mount may be in the kernel's cache; statfs always asks the server.
	var st unix.Statfs_t
	switch err := unix.Statfs(path, &st); {
	case err == nil:
		return Live, nil
	case errors.Is(err, syscall.ENOTCONN), errors.Is(err, syscall.ENXIO):
		return Dead, nil
	default:
		return Live, fmt.Errorf("asking the mount at %s: %w", dir, err)
	}
}

// Unmount takes the codafs mount at dir away, whichever process serves it, and lazily where files
// are open in it. One that does not answer any more is aborted first, so that whoever waits for it gets an error. The error is [ErrNotMounted] where something else or nothing is mounted.
func Unmount(dir string) error {
	path, err := realPath(dir)
	if err != nil {
		return err
	}
	m, ok := mountAt(path)
	if !ok || !m.ours {
		return fmt.Errorf("%s: %w", dir, ErrNotMounted)
	}
	abortUnlessItAnswers(path, m)
	if _, err := detach(path); err != nil {
		return fmt.Errorf("unmounting %s: %w", dir, err)
	}
	return nil
}

// answersWithin is how long a server may take for a question that it asks nobody else.
const answersWithin = 5 * time.Second

// abortUnlessItAnswers ends all that waits for the mount at path if its server does not answer: it was killed while the
// kernel waited for it to be told something, or is stopped.
func abortUnlessItAnswers(path string, m mountInfo) {
	answered := make(chan struct{})
	go func() {
		var st unix.Statfs_t
		_ = unix.Statfs(path, &st) // any answer will do
		close(answered)
	}()
	select {
	case <-answered:
	case <-time.After(answersWithin):
		abort(path, m)
	}
}

// realPath is dir as the mount table has it: absolute and without links. A dead mount's root cannot be
// looked at, so there only the way to it is.
func realPath(dir string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	path, err := filepath.EvalSymlinks(abs)
	if err == nil {
		return path, nil
	}
	parent, base := filepath.Split(abs)
	if parent, parentErr := filepath.EvalSymlinks(parent); parentErr == nil {
		return filepath.Join(parent, base), nil
	}
	if errors.Is(err, iofs.ErrNotExist) {
		return abs, nil
	}
	return "", err
}
