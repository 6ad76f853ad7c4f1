package dirs

import (
	"errors"
	iofs "io/fs"
	"os"
	"path"
	"slices"
	"sync"
)

// Dirs holds folders below a root open, those used last. Names are slash-separated and relative to the root. All methods are safe
// for concurrent use.
type Dirs struct {
	root *os.Root
	open func(name string) (*os.File, error) // opens a folder

	mu   sync.Mutex // guards all below; not held while a folder is opened
	held []*dir     // the one used last comes last
}

// most is how many folders are held open: files come folder by folder, from as many places as there are workers.
const most = 32

// dir is a folder that is held open. Its users are counted by Dirs.mu; the last one closes it, once it is not held any more.
type dir struct {
	name  string
	file  *os.File
	users int
}

// New makes an empty one for a root, which the caller closes after it.
func New(root *os.Root) *Dirs {
	d := &Dirs{root: root}
	d.open = d.openDir
	return d
}

// Forget closes all folders: their names may lead elsewhere from now on.
func (d *Dirs) Forget() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, old := range d.held {
		d.leave(old)
	}
	d.held = nil
}

// Close closes all folders. They are opened again if need be.
func (d *Dirs) Close() { d.Forget() }

// errNoFile is the error for what is there and is no regular file.
var errNoFile = errors.New("not a regular file")

// enter gives the folder that a name is in, for which the caller calls leave with d.mu held.
func (d *Dirs) enter(name string) (*dir, error) {
	above, last := path.Split(path.Clean(name))
	if above = path.Clean(above); last == "" || last == "." || last == ".." {
		return nil, &iofs.PathError{Op: "open", Path: name, Err: iofs.ErrInvalid}
	}
	d.mu.Lock()
	if in := d.find(above); in != nil {
		defer d.mu.Unlock()
		in.users++
		return in, nil
	}
	d.mu.Unlock()
	file, err := d.open(above)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if in := d.find(above); in != nil { // another one was faster
		file.Close()
		in.users++
		return in, nil
	}
	in := &dir{name: above, file: file, users: 2} // the caller, and held
	if d.held = append(d.held, in); len(d.held) > most {
		d.leave(d.held[0])
		d.held = slices.Delete(d.held, 0, 1)
	}
	return in, nil
}

// find gives a folder that is held, which is then the last to go. d.mu is held.
func (d *Dirs) find(name string) *dir {
	for i, in := range slices.Backward(d.held) {
		if in.name == name {
			copy(d.held[i:], d.held[i+1:])
			d.held[len(d.held)-1] = in
			return in
		}
	}
	return nil
}

// leave takes one user from a folder. d.mu is held.
func (d *Dirs) leave(in *dir) {
	if in.users--; in.users == 0 {
		in.file.Close()
	}
}

// exit is leave for who does not hold d.mu.
func (d *Dirs) exit(in *dir) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.leave(in)
}
