//go:build linux || darwin

package mount

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

// mountInfo is what is mounted at a folder: the topmost mount, where there are several.
type mountInfo struct {
	id   string   // no two mounts have it at a time
	ours bool     // it is a codafs mount
	over []string // ids of codafs mounts that it covers
}

// StateOf reports what dir is. A folder that does not exist is Plain. One whose server does not answer is Live, with
// the error [os.ErrDeadlineExceeded].
func StateOf(dir string) (State, error) {
	path, err := realPath(dir)
	if err != nil {
		return Plain, err
	}
	m, ok := mountAt(path)
	switch {
	case !ok:
		return Plain, nil
	case !m.ours && len(m.over) > 0:
		return Covered, nil
	case !m.ours:
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

// Unmount takes the codafs mount at dir away, whichever process serves it, and lazily where files
// are open in it. One that does not answer any more is ended first, so that whoever waits for it gets an
// error; its process may be killed for it. The error is [ErrNotMounted] where something else or nothing is mounted,
// [ErrCovered] where something else was mounted over it.
func Unmount(dir string) error {
	path, err := realPath(dir)
	if err != nil {
		return err
	}
	m, ok := mountAt(path)
	if ok && !m.ours && len(m.over) > 0 {
		return fmt.Errorf("%s: %w", dir, ErrCovered)
	}
	if !ok || !m.ours {
		return fmt.Errorf("%s: %w", dir, ErrNotMounted)
	}
	if errors.Is(askServer(path), os.ErrDeadlineExceeded) {
		abort(path, m)
	}
	if _, err := detach(path); err != nil {
		return fmt.Errorf("unmounting %s: %w", dir, err)
	}
	return nil
}

// answersWithin is how long a server may take for a question that it asks nobody else.
const answersWithin = 5 * time.Second

// askServer asks whatever serves the mount at path for what is never kept: attributes of a dead mount may be in the kernel's
// cache. One that is stopped, or was killed while the kernel waited for it to be told something, does not answer.
func askServer(path string) error {
	answer := make(chan error, 1)
	go func() { // it ends with the process at the latest: nothing interrupts the question
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

// maxLinks is how many links may lead to a mountpoint.
const maxLinks = 40

// realPath is dir as the mount table has it: absolute and without links. What is mounted there is not looked at, nor
// its root: that would wait where its server does not answer.
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
		if _, ok := mountAt(path); ok {
			return path, nil
		}
		target, err := os.Readlink(path)
		switch {
		case err != nil:
			return path, nil // it is no link
		case filepath.IsAbs(target):
			path = filepath.Clean(target)
		default:
			path = filepath.Join(parent, target)
		}
	}
	return "", &iofs.PathError{Op: "readlink", Path: dir, Err: syscall.ELOOP}
}
