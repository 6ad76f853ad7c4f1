package dirs

import (
	"context"
	"io"
	"os"
)

func (d *Dirs) openDir(name string) (*os.File, error) { return d.root.Open(name) }

// Read gives the bytes of a regular file to w, and their number. Anything else is an error.
func (d *Dirs) Read(ctx context.Context, name string, w io.Writer) (int64, error) {
	info, err := d.root.Lstat(name)
	if err == nil && !info.Mode().IsRegular() {
		err = &os.PathError{Op: "open", Path: name, Err: errNoFile}
	}
	if err != nil {
		return 0, err
	}
	f, err := d.root.Open(name)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	var size int64
	buffer := make([]byte, 1<<16)
	for ctx.Err() == nil {
		n, err := f.Read(buffer)
		if n > 0 {
			size += int64(n)
			if _, err := w.Write(buffer[:n]); err != nil {
				return size, err
			}
		}
		if err == io.EOF {
			return size, nil
		}
		if err != nil {
			return size, err
		}
	}
	return size, context.Cause(ctx)
}

// Link makes a second name for a file.
func (d *Dirs) Link(from, to string) error { return d.root.Link(from, to) }

// Mkdir makes a folder, and the folders above it. One that is there is fine.
func (d *Dirs) Mkdir(name string, mode os.FileMode) error { return d.root.MkdirAll(name, mode) }
