//go:build linux

package mount

import (
	"errors"
	"fmt"
	"io"
	iofs "io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// copiers are ways in which Go programs, and others by the same system calls, read a file.
var copiers = map[string]func(from, to string) error{
	"readfile": func(from, to string) error {
		b, err := os.ReadFile(from)
		return errors.Join(err, os.WriteFile(to, b, 0o600))
	},
	"io.Copy":         between(func(in, out *os.File) error { return ignoreCount(io.Copy(out, in)) }),
	"io.Copy to pipe": between(throughPipe),
	"sendfile": between(func(in, out *os.File) error {
		return repeat(func() (int, error) { return unix.Sendfile(fd(out), fd(in), nil, 1<<20) })
	}),
	"copy_file_range": between(copyRange),
	"mmap":            between(copyMapped),
	"stat, then read": statRead,
	"http.FileServer": overHTTP,
}

// copyHelper copies the tree args[1] to args[2] in the way of args[0].
func copyHelper(args []string) int {
	err := filepath.WalkDir(args[1], func(path string, e iofs.DirEntry, err error) error {
		to := filepath.Join(args[2], strings.TrimPrefix(path, args[1]))
		if err != nil {
			return err
		}
		if e.IsDir() {
			return os.MkdirAll(to, 0o700)
		}
		return copiers[args[0]](path, to)
	})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	return 0
}

func fd(f *os.File) int { return int(f.Fd()) }

func ignoreCount(_ int64, err error) error { return err }

// between opens both ends, and asks for no size.
func between(run func(in, out *os.File) error) func(from, to string) error {
	return func(from, to string) error {
		in, err := os.Open(from)
		if err != nil {
			return err
		}
		defer in.Close()
		out, err := os.Create(to)
		if err != nil {
			return err
		}
		return errors.Join(run(in, out), out.Close())
	}
}

// repeat calls step until it has moved nothing more.
func repeat(step func() (int, error)) error {
	for {
		if n, err := step(); n <= 0 || err != nil {
			return err
		}
	}
}

// throughPipe has the kernel move the pages, by splice(2).
func throughPipe(in, out *os.File) error {
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() { done <- ignoreCount(io.Copy(out, r)) }()
	err = repeat(func() (int, error) {
		n, err := unix.Splice(fd(in), nil, fd(w), nil, 60_000, 0)
		return int(n), err
	})
	w.Close()
	return errors.Join(err, <-done)
}

func copyRange(in, out *os.File) error {
	err := repeat(func() (int, error) { return unix.CopyFileRange(fd(in), nil, fd(out), nil, 1<<20, 0) })
	if err == unix.EXDEV {
		return ignoreCount(io.Copy(struct{ io.Writer }{out}, in))
	}
	return err
}

func copyMapped(in, out *os.File) error {
	st, err := in.Stat()
	if err != nil || st.Size() == 0 {
		return err
	}
	b, err := unix.Mmap(fd(in), 0, int(st.Size()), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return err
	}
	defer unix.Munmap(b)
	_, err = out.Write(b)
	return err
}

// statRead reads as much as the size by path says, and no less.
func statRead(from, to string) error {
	st, err := os.Stat(from)
	if err != nil {
		return err
	}
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	b := make([]byte, st.Size())
	if _, err := io.ReadFull(in, b); err != nil {
		return err
	}
	return os.WriteFile(to, b, 0o600)
}

func overHTTP(from, to string) error {
	s := httptest.NewServer(http.FileServer(http.Dir(filepath.Dir(from))))
	defer s.Close()
	r, err := http.Get(s.URL + "/" + filepath.Base(from))
	if err != nil {
		return err
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	return errors.Join(err, os.WriteFile(to, b, 0o600))
}
