package snapshot

import (
	"bytes"
	"io"
	iofs "io/fs"
)

// CheckDisk has check run before each change that a run makes to the disk.
func (o *Options) CheckDisk(check func(op, name string) error) { o.check = check }

// MountOf is Mounted for a tree that need not be a folder.
func MountOf(tree iofs.FS) (*Mount, error) { return openMount(tree) }

// CountRows counts the rows of CSV text as a snapshot does, in chunks of n bytes.
func CountRows(text []byte, n int) int64 {
	c := new(rowCounter)
	in := bytes.NewReader(text)
	for {
		if _, err := io.CopyN(c, in, int64(n)); err != nil {
			return c.rows()
		}
	}
}

// ParseID tells whether name names a sealed snapshot.
func ParseID(name string) bool {
	_, _, ok := parseID(name)
	return ok
}
