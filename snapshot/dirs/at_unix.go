//go:build !windows

package dirs

import (
	"context"
	"errors"
	"io"
	iofs "io/fs"
	"os"
	"path"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// openDir opens a folder: from the one above it, which is held too, in one call. What cannot be opened so, such as a folder behind a
// symbolic link, is left to the root.
func (d *Dirs) openDir(name string) (*os.File, error) {
	if name != "." {
		if file, err := d.openBelow(name); err == nil {
			return file, nil
		}
	}
	return d.root.OpenFile(name, os.O_RDONLY|syscall.O_DIRECTORY, 0)
}

func (d *Dirs) openBelow(name string) (*os.File, error) {
	in, err := d.enter(name)
	if err != nil {
		return nil, err
	}
	defer d.exit(in)
	fd, err := again(func() (int, error) {
		return unix.Openat(int(in.file.Fd()), path.Base(name), unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	})
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), name), nil
}

// buffers are for reading: most files are smaller, and a new one for each would be most of what a run allocates.
var buffers = sync.Pool{New: func() any { return new([1 << 16]byte) }}

// Read gives the bytes of a regular file to w, and their number. Anything else is an error: a pipe would be waited for, and a link
// leads elsewhere.
func (d *Dirs) Read(ctx context.Context, name string, w io.Writer) (int64, error) {
	in, err := d.enter(name)
	if err != nil {
		return 0, err
	}
	defer d.exit(in)
	// O_NONBLOCK has a pipe opened without waiting for its writer. It changes nothing for files.
	fd, err := again(func() (int, error) {
		return unix.Openat(int(in.file.Fd()), path.Base(name), unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	})
	if err != nil {
		return 0, &iofs.PathError{Op: "open", Path: name, Err: err}
	}
	defer unix.Close(fd)
	n, err := read(ctx, fd, w)
	if err != nil && ctx.Err() == nil {
		err = &iofs.PathError{Op: "read", Path: name, Err: err}
	}
	return n, err
}

func read(ctx context.Context, fd int, w io.Writer) (size int64, err error) {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return 0, err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG {
		return 0, errNoFile
	}
	buffer := buffers.Get().(*[1 << 16]byte)
	defer buffers.Put(buffer)
	for {
		if err := context.Cause(ctx); err != nil {
			return size, err
		}
		n, err := again(func() (int, error) { return unix.Read(fd, buffer[:]) })
		if err != nil || n == 0 {
			return size, err
		}
		if _, err := w.Write(buffer[:n]); err != nil {
			return size, err
		}
		size += int64(n)
	}
}

// Link makes a second name for a file. A symbolic link is not followed.
func (d *Dirs) Link(from, to string) error {
	err := d.link(from, to)
	if err != nil {
		return &os.LinkError{Op: "link", Old: from, New: to, Err: err}
	}
	return nil
}

func (d *Dirs) link(from, to string) error {
	old, err := d.enter(from)
	if err != nil {
		return err
	}
	defer d.exit(old)
	in, err := d.enter(to)
	if err != nil {
		return err
	}
	defer d.exit(in)
	_, err = again(func() (int, error) {
		return 0, unix.Linkat(int(old.file.Fd()), path.Base(from), int(in.file.Fd()), path.Base(to), 0)
	})
	return err
}

// Mkdir makes a folder, and the folders above it. One that is there is fine.
func (d *Dirs) Mkdir(name string, mode os.FileMode) error {
	in, err := d.enter(name)
	if err == nil {
		defer d.exit(in)
		_, err = again(func() (int, error) { return 0, unix.Mkdirat(int(in.file.Fd()), path.Base(name), uint32(mode)) })
	}
	if err != nil { // none above it, or it is there, or is a file
		return d.root.MkdirAll(name, mode)
	}
	return nil
}

// again makes a system call until no signal interrupts it.
func again(call func() (int, error)) (int, error) {
	for {
		n, err := call()
		if !errors.Is(err, unix.EINTR) {
			return n, err
		}
	}
}
