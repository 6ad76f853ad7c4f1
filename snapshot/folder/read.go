package folder

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	iofs "io/fs"
	"path"
)

// OpenFile opens a regular file; anything else is an error. A pipe would be waited for, and a link leads elsewhere.
func OpenFile(in iofs.FS, name string) (iofs.File, error) {
	if err := wantFile(in, name); err != nil {
		return nil, err
	}
	return in.Open(name)
}

// ReadFile reads a whole file of that sort.
func ReadFile(in iofs.FS, name string) ([]byte, error) {
	if err := wantFile(in, name); err != nil {
		return nil, err
	}
	return iofs.ReadFile(in, name)
}

// wantFile gives an error unless a regular file has that name.
func wantFile(in iofs.FS, name string) error {
	info, err := iofs.Lstat(in, name)
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a regular file", path.Base(name))
	}
	return err
}

// hashOf is the SHA-256 of bytes as hexadecimal digits.
func hashOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// contextReader stops a long copy when its context ends: a read of the disk itself cannot be interrupted.
type contextReader struct {
	ctx context.Context
	in  io.Reader
}

func (r contextReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.in.Read(p)
}
