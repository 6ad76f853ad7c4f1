package format

import "github.com/codafs/codafs/fs"

// Key names a file across snapshots, whatever its path is.
type Key struct {
	Kind        fs.Kind
	Doc, Object string
}

// Key gives the key of the file.
func (f File) Key() Key { return Key{f.Kind, f.DocID, f.ObjectID} }

// KeyOf gives the key of the file that an entry of an index is about.
func KeyOf(e fs.Entry) Key { return Key{e.Kind, e.DocID, e.ObjectID} }

// KeyOfFailure gives the key of the file that is missing.
func KeyOfFailure(f fs.Failure) Key { return Key{f.Kind, f.DocID, f.ObjectID} }

// Files finds the files of a snapshot by their keys. It has no copies of them: a workspace may have a million.
type Files map[Key]*File

// NewFiles gives the files of a manifest. They must not be moved afterwards.
func NewFiles(files []File) Files {
	m := make(Files, len(files))
	for i := range files {
		m[files[i].Key()] = &files[i]
	}
	return m
}

// Get gives a copy of the file with a key, if there is one.
func (m Files) Get(k Key) (File, bool) {
	if f := m[k]; f != nil {
		return *f, true
	}
	return File{}, false
}
