package folder

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/codafs/codafs/snapshot/dirs"
)

// disk makes all changes to the output folder. Names are slash-separated and relative to
// it; [os.Root] lets none of them leave it, not even through a symbolic link. Every error
// is a [DestinationError], so that it is never taken for an error of the origin.
type disk struct {
	root  *os.Root
	dirs  *dirs.Dirs // below root
	hooks Hooks
	times keptTimes
	made  madeFolders
}

func newDisk(root *os.Root) *disk { return &disk{root: root, dirs: dirs.New(root)} }

// madeFolders are folders that were made and surely are still there: to make one takes as long as to link a file. Files come
// folder by folder, so a few names are enough.
type madeFolders struct {
	mu    sync.Mutex // guards names
	names []string
}

const madeMost = 16

func (m *madeFolders) has(name string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Contains(m.names, name)
}

func (m *madeFolders) add(name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.names) == madeMost {
		m.names = m.names[:copy(m.names, m.names[1:])]
	}
	m.names = append(m.names, name)
}

// forget is disk.forget.
func (m *madeFolders) forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.names = nil
}

// Hooks let tests stand between a run and its disk. Outside of tests both are nil.
type Hooks struct {
	// Change is called for each change to the disk, and calls do to have it made.
	Change func(op, name string, do func() error) error
	// Hash stands in for reading and hashing where a file that an earlier run left is looked at.
	Hash func(name string) (size int64, sum string, err error)
}

// do runs one operation. Tests count operations here and make the Nth fail.
func (d *disk) do(op, name string, f func() error) error {
	var err error
	if d.hooks.Change != nil {
		err = d.hooks.Change(op, name, f)
	} else {
		err = f()
	}
	if err != nil {
		return &DestinationError{err}
	}
	return nil
}

// hash gives the size and SHA-256 of a file that an earlier run left.
func (d *disk) hash(ctx context.Context, name string) (int64, string, error) {
	if d.hooks.Hash != nil {
		return d.hooks.Hash(name)
	}
	hash := sha256.New()
	size, err := d.dirs.Read(ctx, name, hash)
	return size, hex.EncodeToString(hash.Sum(nil)), err
}

// Modes of files: those in a sealed snapshot cannot be changed by accident. Folders stay writable, so that whoever owns a
// snapshot can remove it.
const (
	sealedMode = 0o400
	openMode   = 0o600
)

// outFile is a file being written.
type outFile struct {
	*os.File
	disk *disk
	name string
}

// create makes a new file, and the folders above it.
func (d *disk) create(name string) (*outFile, error) {
	if err := d.mkdir(path.Dir(name)); err != nil {
		return nil, err
	}
	out := &outFile{disk: d, name: name}
	return out, d.do("create", name, func() (err error) {
		out.File, err = d.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, openMode)
		return err
	})
}

// Write implements io.Writer.
func (f *outFile) Write(p []byte) (n int, err error) {
	err = f.disk.do("write", f.name, func() (err error) {
		n, err = f.File.Write(p)
		return err
	})
	return n, err
}

// finish makes f durable, with the given time and mode, and closes it, whatever fails. A
// file system that has no times or modes (FAT, some network shares) keeps its own. A zero time leaves that of the
// writing.
func (f *outFile) finish(mtime time.Time, mode os.FileMode) error {
	var err error
	if !mtime.IsZero() {
		// Both times: many file systems in user space take no single one, and say nothing.
		err = f.disk.do("chtimes", f.name, func() error { return f.disk.root.Chtimes(f.name, mtime, mtime) })
	}
	if err == nil || isUnsupported(err) {
		err = f.disk.do("chmod", f.name, func() error { return f.Chmod(mode) })
	}
	if err == nil || isUnsupported(err) {
		err = f.disk.do("sync", f.name, f.Sync)
	}
	if closed := f.disk.do("close", f.name, f.Close); err == nil {
		err = closed
	}
	if err == nil && !mtime.IsZero() {
		f.disk.checkTime(f.name, mtime)
	}
	return err
}

// replace has write write a whole file under a temporary name and renames it, so that it is
// there in full or not at all.
func (d *disk) replace(name string, mode os.FileMode, write func(io.Writer) error) error {
	temp, err := d.prepare(name, mode, write)
	if err != nil {
		return err
	}
	return d.rename(temp, name)
}

// prepare is the first half of replace: it gives the temporary name.
func (d *disk) prepare(name string, mode os.FileMode, write func(io.Writer) error) (temp string, err error) {
	temp = path.Join(path.Dir(name), "."+path.Base(name)+".tmp")
	if err := d.remove(temp); err != nil {
		return "", err
	}
	out, err := d.create(temp)
	if err != nil {
		return "", err
	}
	w := bufio.NewWriterSize(out, 1<<16)
	err = write(w)
	if err == nil {
		err = w.Flush()
	}
	if err != nil {
		out.Close()
		return "", err
	}
	return temp, out.finish(time.Time{}, mode)
}

// text is for replace, where all of a file is in memory.
func text(data []byte) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	}
}

// TempFile is a file without a name, in which a run keeps what it has no memory for.
type TempFile struct{ outFile }

// newTemp makes a file and takes its name away again, so that nothing of it is left, whatever ends the run. [os.Root] opens files so
// that this works on all systems.
func (d *disk) newTemp(name string) (*TempFile, error) {
	if err := d.remove(name); err != nil { // a run may have been stopped between the two
		return nil, err
	}
	t := &TempFile{outFile{disk: d, name: name}}
	err := d.do("create", name, func() (err error) {
		t.File, err = d.root.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, openMode)
		return err
	})
	if err != nil {
		return nil, err
	}
	return t, d.remove(name)
}

// ReadAt implements io.ReaderAt.
func (t *TempFile) ReadAt(p []byte, off int64) (int, error) {
	n, err := t.File.ReadAt(p, off)
	if err != nil && !errors.Is(err, io.EOF) {
		err = &DestinationError{err}
	}
	return n, err
}

func (d *disk) mkdir(name string) error {
	if d.made.has(name) {
		return nil
	}
	err := d.do("mkdir", name, func() error { return d.dirs.Mkdir(name, 0o700) })
	if err == nil {
		d.made.add(name)
	}
	return err
}

// forget is for when something may be taken away.
func (d *disk) forget() {
	d.made.forget()
	d.dirs.Forget()
}

// rename gives a file or folder another name, in place of what may have that name: all of it or nothing, if the file system is
// what POSIX asks. The folder that has the name is not synced.
func (d *disk) rename(from, to string) error {
	d.forget()
	return d.do("rename", to, func() error { return d.root.Rename(from, to) })
}

// remove removes a file or an empty folder; one that is not there is fine.
func (d *disk) remove(name string) error {
	d.forget()
	return d.do("remove", name, func() error {
		if err := d.root.Remove(name); !errors.Is(err, os.ErrNotExist) {
			return err
		}
		return nil
	})
}

// removeTree removes a file, or a folder with all that is in it.
func (d *disk) removeTree(name string) error {
	d.forget()
	return d.do("remove all", name, func() error { return d.root.RemoveAll(name) })
}

func (d *disk) symlink(target, name string) error {
	return d.do("symlink", name, func() error { return d.root.Symlink(target, name) })
}

// syncFolder makes the names in a folder durable, where the file system knows how.
func (d *disk) syncFolder(name string) error {
	err := d.do("sync", name, func() error {
		f, err := d.root.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		return syncDir(f)
	})
	if isUnsupported(err) {
		return nil
	}
	return err
}

// link makes a second name for a file: the two share their bytes, mode and times for good.
func (d *disk) link(from, to string) error {
	return d.do("link", to, func() error { return d.dirs.Link(from, to) })
}

// exists reports whether there is a file or folder of that name.
func (d *disk) exists(name string) bool {
	_, err := d.root.Lstat(name)
	return err == nil
}

// isNameError reports that a destination took offence at one name: that costs one file,
// where a full disk ends the run.
func isNameError(err error) bool { return isAny(err, nameErrors) }

// isUnsupported reports that a file system has no such thing as was asked of it.
func isUnsupported(err error) bool { return isAny(err, unsupportedErrors) }

// isLinkError reports that a file system makes no hard link here, but may hold a copy.
func isLinkError(err error) bool {
	return isAny(err, linkErrors) || isUnsupported(err) || isNameError(err)
}

// isAny reports whether err is one of a system's errors.
func isAny(err error, list []error) bool {
	return slices.ContainsFunc(list, func(e error) bool { return errors.Is(err, e) })
}

// timesApart is how coarse the times of a file system may be: FAT has even seconds.
const timesApart = 2 * time.Second

// keptTimes reports whether the output folder keeps the times that files are given. The first file of a run shows it.
type keptTimes struct {
	once sync.Once
	lost atomic.Bool
}

// checkTime looks, once, whether a finished file has the time that it was given.
func (d *disk) checkTime(name string, want time.Time) {
	d.times.once.Do(func() {
		info, err := d.root.Lstat(name)
		d.times.lost.Store(err == nil && info.ModTime().Sub(want).Abs() > timesApart)
	})
}
