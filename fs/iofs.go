package fs

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	iofs "io/fs"
	"path"
	"slices"
	"strings"
	"time"
)

// FS shows a tree as an [iofs.FS], with sorted folders and exact sizes: asking for a file's info fetches its content if
// its size is not known. All requests are made with ctx.
func FS(ctx context.Context, dir Dir) iofs.FS { return &view{ctx, dir} }

// view is a tree as [iofs.FS].
type view struct {
	ctx context.Context
	dir Dir
}

// Walk finds the node at a path below dir, in the form of [iofs.ValidPath].
func Walk(ctx context.Context, dir Dir, name string) (Node, error) {
	const op = "open"
	if !iofs.ValidPath(name) {
		return nil, &iofs.PathError{Op: op, Path: name, Err: iofs.ErrInvalid}
	}
	var n Node = dir
	if name == "." {
		return n, nil
	}
	for part := range strings.SplitSeq(name, "/") {
		dir, ok := n.(Dir)
		if !ok {
			return nil, &iofs.PathError{Op: op, Path: name, Err: iofs.ErrNotExist}
		}
		var err error
		if n, err = dir.Lookup(ctx, part); err != nil {
			return nil, &iofs.PathError{Op: op, Path: name, Err: err}
		}
	}
	return n, nil
}

// Open implements [iofs.FS].
func (v *view) Open(name string) (iofs.File, error) {
	n, err := Walk(v.ctx, v.dir, name)
	if err != nil {
		return nil, err
	}
	if dir, ok := n.(Dir); ok {
		return &openDir{view: v, dir: dir, name: path.Base(name)}, nil
	}
	f := n.(File)
	c, version, err := OpenCurrent(v.ctx, f)
	if err != nil {
		return nil, &iofs.PathError{Op: "open", Path: name, Err: err}
	}
	return Opened(f, c, version), nil
}

// staleTries is how often a file may change between Version and Open before that is an error.
const staleTries = 5

// OpenCurrent opens the current version of a file.
func OpenCurrent(ctx context.Context, f File) (Content, Version, error) {
	var err error
	if r, ok := f.(Renewable); ok {
		if err := r.RenewIfOld(ctx); err != nil {
			return nil, Version{}, err
		}
	}
	for range staleTries {
		var v Version
		if v, err = f.Version(ctx); err != nil {
			return nil, v, err
		}
		var c Content
		if c, err = f.Open(ctx, v); !errors.Is(err, ErrStale) {
			return c, v, err
		}
	}
	return nil, Version{}, err
}

// info describes a node as [iofs.FileInfo]; Sys returns its Object.
type info struct {
	name    string
	size    int64
	mode    iofs.FileMode
	modTime time.Time
	object  Object
}

func (i info) Name() string        { return i.name }
func (i info) Size() int64         { return i.size }
func (i info) Mode() iofs.FileMode { return i.mode }
func (i info) ModTime() time.Time  { return i.modTime }
func (i info) IsDir() bool         { return i.mode.IsDir() }
func (i info) Sys() any            { return i.object }
func dirInfo(d Dir, name string) info {
	return info{name, 0, iofs.ModeDir | 0o555, d.ModTime(), d.Object()}
}

// Opened is an open file, as package io/fs sees it: c has the bytes of version v of f. Its Close closes c.
func Opened(f File, c Content, v Version) iofs.File {
	return &openFile{SectionReader: io.NewSectionReader(c, 0, c.Size()), content: c,
		info: info{f.Name(), c.Size(), 0o444, v.ModTime, f.Object()}}
}

// ReadAll reads a content to its end, and closes it.
func ReadAll(c Content) ([]byte, error) {
	defer c.Close()
	b := make([]byte, c.Size()) // io.ReadAll would leave unused capacity, and lists are held for long
	_, err := io.ReadFull(io.NewSectionReader(c, 0, c.Size()), b)
	return b, err
}

// CopyTo writes a content to w.
func CopyTo(w io.Writer, c Content) error {
	_, err := io.Copy(w, io.NewSectionReader(c, 0, c.Size()))
	return err
}

// SumOf is the SHA-256 of a content, in hexadecimal digits.
func SumOf(c Content) (string, error) {
	h := sha256.New()
	err := CopyTo(h, c)
	return hex.EncodeToString(h.Sum(nil)), err
}

// openFile is an open file of a view. It holds a Content until Close.
type openFile struct {
	*io.SectionReader
	content Content
	info    info
}

func (f *openFile) Stat() (iofs.FileInfo, error) { return f.info, nil }
func (f *openFile) Close() error                 { return f.content.Close() }

// openDir is an open folder of a view. It is listed at the first ReadDir.
type openDir struct {
	view *view
	dir  Dir
	name string
	rest []iofs.DirEntry
	read bool
}

func (d *openDir) Stat() (iofs.FileInfo, error) { return dirInfo(d.dir, d.name), nil }
func (d *openDir) Close() error                 { return nil }
func (d *openDir) Read([]byte) (int, error) {
	return 0, &iofs.PathError{Op: "read", Path: d.name, Err: iofs.ErrInvalid}
}

// ReadDir implements [iofs.ReadDirFile].
func (d *openDir) ReadDir(n int) ([]iofs.DirEntry, error) {
	if !d.read {
		nodes, err := d.dir.Entries(d.view.ctx)
		if err != nil {
			return nil, &iofs.PathError{Op: "readdir", Path: d.name, Err: err}
		}
		for _, node := range nodes {
			d.rest = append(d.rest, dirEntry{d.view, node})
		}
		slices.SortFunc(d.rest, func(a, b iofs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
		d.read = true
	}
	if n <= 0 {
		n = len(d.rest)
	} else if len(d.rest) == 0 {
		return nil, io.EOF
	}
	n = min(n, len(d.rest))
	out := d.rest[:n:n]
	d.rest = d.rest[n:]
	return out, nil
}

// dirEntry is an entry of a folder of a view.
type dirEntry struct {
	view *view
	node Node
}

func (e dirEntry) Name() string { return e.node.Name() }
func (e dirEntry) IsDir() bool  { _, ok := e.node.(Dir); return ok }

func (e dirEntry) Type() iofs.FileMode {
	if e.IsDir() {
		return iofs.ModeDir
	}
	return 0
}

// Info returns the exact size, and fetches the content if the size is not known.
func (e dirEntry) Info() (iofs.FileInfo, error) {
	if dir, ok := e.node.(Dir); ok {
		return dirInfo(dir, e.Name()), nil
	}
	f := e.node.(File)
	v, err := f.Version(e.view.ctx)
	if err != nil {
		return nil, err
	}
	size, known := f.Size(v)
	if !known {
		c, now, err := OpenCurrent(e.view.ctx, f)
		if err != nil {
			return nil, err
		}
		defer c.Close()
		size, v = c.Size(), now
	}
	return info{f.Name(), size, 0o444, v.ModTime, f.Object()}, nil
}
