package sights

import (
	"bytes"
	"io"

	"github.com/codafs/codafs/coda/blob"
	"github.com/codafs/codafs/fs"
	"github.com/codafs/codafs/fs/source/codadocs/codatext"
)

// Files are the blobs that a doc shows, as users see them. They do not change.
type Files struct {
	All   []blob.File // by id
	Names []string    // of All, in files/; "" for what has no file
	byID  map[string]int
}

// NewFiles names the files of a list.
func NewFiles(l List, mode fs.NameMode) Files {
	all, _ := l.Files()
	f := Files{All: all, Names: codatext.FileNames(mode, all), byID: make(map[string]int, len(all))}
	for i, one := range all {
		f.byID[one.ID] = i
	}
	return f
}

// JSON is files.json. It has no address.
func (f Files) JSON() ([]byte, error) {
	var b bytes.Buffer
	err := codatext.FilesJSON(&b, f.All, f.Names)
	return b.Bytes(), err
}

// Wanted is the file with an id, if it has bytes that are to be fetched.
func (f Files) Wanted(id string) (blob.File, bool) {
	i, ok := f.byID[id]
	if !ok || !f.All[i].Wanted() {
		return blob.File{}, false
	}
	return f.All[i], true
}

// Size is about how many bytes f takes in memory.
func (f Files) Size() (n int) {
	for i, one := range f.All {
		n += 400 + len(one.Name) + len(f.Names[i]) + len(one.Address.Reveal()) + 80*len(one.UsedBy)
	}
	return n
}

// After passes on to W what comes after the first Skip bytes. An id names its bytes for good, so what another address has sent is known.
type After struct {
	W    io.Writer
	Skip int64
}

// Write implements [io.Writer].
func (a *After) Write(b []byte) (int, error) {
	n := int(min(a.Skip, int64(len(b))))
	a.Skip -= int64(n)
	if n == len(b) {
		return n, nil
	}
	more, err := a.W.Write(b[n:])
	return n + more, err
}
